"""What recognizes long recordings with the models of a directory.

Tests: tests/job/transcribe/test_long_recordings.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.decoding.hypotheses import HypothesisOptions
from ov_asr_score.errors import UsageError
from ov_asr_score.job.transcribe.long_recordings import LongRecordings, Recognize
from ov_asr_score.job.words.word_files import wants_times
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.decoding import LATTICE_BEAM

if TYPE_CHECKING:  # loaded for the first recording that needs it
    from ov_asr_score.recognition.recognizer import Recognizer
    from ov_asr_score.recognition.whole_recordings import RecordingWords

_FRAME_SECONDS = 0.01


@contextmanager
def open_long_recordings(job: TranscribeJob, scoring: ScoreJob, directory: ModelDirectory) -> Iterator[LongRecordings]:
    """Recognizes the recordings of ``job`` that are long; models are loaded for the first of them."""
    factor = max(1, scoring.kaldi.frame_subsampling_factor or directory.looped.frame_subsampling_factor)
    row_seconds = scoring.decoding.row_shift_seconds or _FRAME_SECONDS * factor
    with ExitStack() as stack:
        opened: list[Recognize] = []

        def recognize(recording: Recording) -> RecordingWords | None:
            if not opened:
                opened.append(load())
            return opened[0](recording)

        def load() -> Recognize:
            if directory.program == "nnet3-latgen-faster":
                return _in_windows(job, scoring, directory, row_seconds, factor)
            return _online(job, scoring, directory, stack.enter_context)

        yield LongRecordings(recognize, 0.0 if job.segment else job.long_after, _FRAME_SECONDS, row_seconds)


def _online(
    job: TranscribeJob, scoring: ScoreJob, directory: ModelDirectory, enter: Callable[[Recognizer], Recognizer]
) -> Recognize:
    """Recognizes through the looped network, as Kaldi's online programs do."""
    from ov_asr_score.decoding.phrases.phrase_files import read_phrase_options
    from ov_asr_score.recognition.recognizer import Recognizer

    files = scoring.decoding.files
    words = replace(scoring.decoding, search=job.search.over(directory.words.search))
    phrases = read_phrase_options(job.phrases, job.allow_commands) if job.phrases.are_given else None
    recognizer = enter(Recognizer(replace(directory, frontend=scoring.frontend, words=words), job.device))

    def recognize(recording: Recording) -> RecordingWords:
        return recognizer.recognize(
            recording,
            words=wants_times(files),
            alternatives=files.nbest,
            confidence=files.confidence,
            segment=job.segment,
            phrases=phrases,
        )

    return recognize


def _in_windows(
    job: TranscribeJob,
    scoring: ScoreJob,
    directory: ModelDirectory,
    row_seconds: float,
    factor: int,
) -> Recognize:
    """Recognizes in windows of chunks, as nnet3-latgen-faster computes them."""
    from ov_asr_score.job.transcribe.window_words import open_window_recognizer

    files, search = scoring.decoding.files, job.search.over(directory.words.search)
    wanted = HypothesisOptions(
        acoustic_scale=1.0,
        times=wants_times(files),
        nbest=files.nbest,
        confidence=files.confidence,
        lattice_beam=LATTICE_BEAM if search.lattice_beam is None else search.lattice_beam,
        word_insertion_penalty=search.word_insertion_penalty,
    )
    endpoints = directory.endpoints if job.segment else None
    recognizer = open_window_recognizer(scoring, search, wanted, endpoints, row_seconds, factor)
    if recognizer is not None:
        return recognizer.recognize
    if job.segment:
        raise UsageError(
            f"segment: recordings cannot be cut, as {scoring.model} is not computed in chunks", fields=("segment",)
        )
    return lambda _: None

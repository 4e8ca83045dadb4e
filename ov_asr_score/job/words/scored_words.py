"""Words of a scoring run: utterances are decoded as they come from the model.

Tests: tests/job/test_words_of_scores.py
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.lists.data_directory import WAV_SCP
from ov_asr_score.decoding.graph_checks import check_width
from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.job.words.graph_words import GraphWords
from ov_asr_score.job.words.outcome import FoundUtterance
from ov_asr_score.job.words.word_files import wants_times
from ov_asr_score.job.words.word_run import WordRun, open_word_run
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.text import shown_key


class WordKeeper(Protocol):
    """Keeps what is found, for a run that goes on where this one ends; ``utterances`` are those of an earlier run."""

    utterances: tuple[FoundUtterance, ...]

    def add(self, found: FoundUtterance) -> None:
        """Keep an utterance."""
        ...


class FoundAside(Protocol):
    """What is recognized apart from the scoring of all others, in the order of all."""

    def before(self, key: str | None) -> Iterator[FoundUtterance]:
        """What stands before an utterance and was not given yet; None: before the end."""
        ...


@contextmanager
def open_scored_words(job: ScoreJob, subsampling: int | None, width: int | None = None) -> Iterator[WordRun]:
    """The words of the run; ``subsampling`` is the number of frames per row of scores, ``width`` that of their columns.

    Both are None where they are not known. Raises what ``open_word_run`` raises, UsageError where nothing is done with
    words, and ShapeMismatchError for a graph of a model with other pdfs.
    """
    files = job.decoding.files
    if not files.are_named and not files.reference_text and not files.hypothesis:
        raise UsageError("graph: expected a file for the words (text FILE), found none", fields=("graph", "text"))
    row_seconds = job.decoding.row_shift_seconds
    if row_seconds is None:
        row_seconds = job.frame_shift_seconds * (subsampling or job.kaldi.frame_subsampling_factor or 1)
    settings, note = _without_second_scale(_with_data_dir(job), job.kaldi.acoustic_scale)
    with open_word_run(settings, job.model, row_seconds, allow_commands=job.allow_commands) as run:
        if width is not None and isinstance(run.decoder, GraphWords):
            check_width(run.decoder.model.transitions, width, "the model's output")
        run.notes += [note] if note else []
        yield run


def _with_data_dir(job: ScoreJob) -> WordSettings:
    """The settings of words, with the data directory that the utterances come from if they name no other."""
    specifiers = [specifier for _, specifier in apparent_pairs(job.inputs)]
    if job.decoding.files.data_dir or not specifiers or not (Path(specifiers[0]) / WAV_SCP).is_file():
        return job.decoding
    return replace(job.decoding, files=replace(job.decoding.files, data_dir=specifiers[0]))


def _without_second_scale(settings: WordSettings, acoustic_scale: float) -> tuple[WordSettings, str]:
    """The settings for scores that have a scale already, as those of nnet3-latgen-faster, and a note about it."""
    if acoustic_scale == 1.0 or settings.search.decoding_scale is not None or settings.ctc.tokens:
        return settings, ""
    note = f"scores have the acoustic scale {acoustic_scale:g} already: they are decoded as they are"
    return replace(settings, search=replace(settings.search, decoding_scale=1.0)), note


def decoded_beside(
    words: WordRun,
    job: ScoreJob,
    results: Iterator[UtteranceScores],
    output: str,
    frame_seconds: float,
    known: WordKeeper | None = None,
    aside: FoundAside | None = None,
) -> Iterator[UtteranceScores]:
    """``results`` in their order, each after the words of its ``output`` were found and written.

    Before them comes what is ``known``, and among them what is found ``aside``, both without scores. ``frame_seconds``
    is the duration of a frame of the input, which may be a sample.
    """

    def taken(found: FoundUtterance) -> UtteranceScores:
        for outcome in found.outcomes:
            words.take(outcome)
        return UtteranceScores(found.key, {}, found.num_frames, 0, 0, 0.0)

    def kept(found: FoundUtterance) -> UtteranceScores:
        scores = taken(found)
        if known is not None:
            known.add(found)
        return scores

    yield from map(taken, known.utterances if known is not None else ())
    waiting: deque[UtteranceScores] = deque()
    needs_times = wants_times(job.decoding.files)

    def scores() -> Iterator[tuple[str, NDArray[np.float32]]]:
        for scored in results:
            waiting.append(scored)
            matrix = scored.scores[output]
            if needs_times:
                _check_rows(scored, len(matrix), words.row_seconds, frame_seconds)
            yield scored.key, np.ascontiguousarray(matrix, np.float32)

    for outcome in words.found(scores()):
        scored = waiting.popleft()
        yield from map(kept, aside.before(scored.key) if aside is not None else ())
        kept(FoundUtterance(scored.key, (outcome,), scored.num_frames))
        yield scored
    yield from map(kept, aside.before(None) if aside is not None else ())


def _check_rows(scored: UtteranceScores, rows: int, row_seconds: float, frame_seconds: float) -> None:
    """Raise ShapeMismatchError where rows of scores last longer, or shorter, than times of words would say."""
    expected = round(scored.num_frames * frame_seconds / row_seconds)
    # Convolutions without padding lose some rows at the edges.
    if abs(rows - expected) > max(2, 0.1 * expected):
        raise ShapeMismatchError(
            f"utterance {shown_key(scored.key)}: expected {expected} rows of scores for {scored.num_frames} frames, "
            f"found {rows}; times of words need row_shift_seconds, the duration of a row",
            fields=("row_shift_seconds",),
        )

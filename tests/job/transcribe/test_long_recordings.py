"""Recordings that are recognized piece by piece: the same words, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import UsageError
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.job.score import run_job
from ov_asr_score.job.transcribe.long_recordings import LongRecordings
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.job.transcribe.window_scores import WindowScores, WindowSizes, window_sizes
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.recognition.whole_recordings import RecordingWords
from ov_asr_score.scoring.session import open_model_with_tables, start_session
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.json_form import read_transcript
from ov_asr_score.transcript.transcript import Alternative, Segment, Word
from tests.command_line import DATA
from tests.job.transcribe.directories import EXPERIMENT, FOLDER, ONLINE

SPEECH = DATA / "speech"
NAMES = sorted(path.stem for path in SPEECH.glob("*.flac"))
WORDS = (SPEECH / "kaldi_text").read_text()


def samples_of(*names: str) -> NDArray[np.int16]:
    return np.concatenate([soundfile.read(SPEECH / f"{name}.flac", dtype="int16")[0] for name in names])


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All utterances in one file, twice: 28 seconds."""
    path = tmp_path_factory.mktemp("sound") / "joined.wav"
    soundfile.write(path, samples_of(*NAMES, *NAMES), 16000)
    return path


def job_of(files: WordFiles, *sources: str, **more: object) -> TranscribeJob:
    job = TranscribeJob(str(FOLDER), sources or (f"wav:{SPEECH}/*.flac",), files=files, decode_workers=1)
    return replace(job, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("directory", [ONLINE, EXPERIMENT], ids=["online", "experiment"])
def test_words_of_pieces_are_those_of_kaldi_in_their_order(directory: ModelDirectory, tmp_path: Path) -> None:
    text = tmp_path / "text"
    keys = []
    job = job_of(WordFiles(text=str(text)), long_after=1.5)  # four of nine are shorter
    report = run_transcription(job, lambda utterance: keys.append(utterance.key), directory=directory)
    assert text.read_text() == WORDS
    assert keys == NAMES
    assert (report.totals.utterances, report.verdict) == (9, "ok")
    assert abs(report.totals.frames - 1375) < 20


def test_scores_of_windows_are_those_of_the_whole(joined: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.ark"
    scoring = scoring_job(job_of(WordFiles(text=str(tmp_path / "text")), str(joined)), EXPERIMENT)
    run_job(replace(scoring, outputs=(f"ark:{scores}",)))
    ((_, whole),) = read_table(str(scores))

    def pieces() -> Iterator[NDArray[np.float32]]:
        yield samples_of(*NAMES, *NAMES).astype(np.float32)

    opened = open_model_with_tables(scoring)
    windows = WindowScores(
        opened, start_session(opened, iter(())).scorer, Recording("joined", "", 16000, None, 0, pieces)
    )
    found = list(windows.rows(at_least=400))
    assert [len(rows) for rows in found] == [170] * 4 + [len(whole) - 680]  # 510 frames: 10 chunks, 51 i-vectors
    np.testing.assert_allclose(np.concatenate(found), whole, atol=2e-5)
    assert windows.seconds == pytest.approx(27.85, abs=0.01)


def test_windows_are_whole_chunks_and_periods() -> None:
    assert window_sizes(51, 10, 3, 12, at_least=10_000) == WindowSizes(10_200, 510, 3)
    assert window_sizes(150, 10, 3, 200, at_least=100) == WindowSizes(150, 300, 3)
    assert window_sizes(50, 0, 1, 0, at_least=120) == WindowSizes(150, 50, 1)


@pytest.mark.parametrize("directory", [ONLINE, EXPERIMENT], ids=["online", "experiment"])
def test_a_joined_file_has_the_words_of_the_whole(directory: ModelDirectory, joined: Path, tmp_path: Path) -> None:
    texts = []
    for name, seconds in (("whole", 1e9), ("pieces", 1.0)):
        job = job_of(WordFiles(ctm=str(tmp_path / name)), str(joined), long_after=seconds)
        run_transcription(job, directory=directory)
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1] and texts[0].count("\n") > 15


@pytest.mark.parametrize("directory", [ONLINE, EXPERIMENT], ids=["online", "experiment"])
def test_segments_of_a_recording(directory: ModelDirectory, tmp_path: Path) -> None:
    pause = np.random.default_rng(3).integers(-3, 4, 16000).astype(np.int16)
    parts = [part for name in NAMES[3:6] for part in (samples_of(name), pause)]
    soundfile.write(tmp_path / "talk.wav", np.concatenate(parts), 16000)
    files = WordFiles(transcript=str(tmp_path / "t.json"), text=str(tmp_path / "text"))
    run_transcription(job_of(files, str(tmp_path / "talk.wav"), segment=True), directory=directory)
    found = read_transcript(tmp_path / "t.json").segments
    assert [each.utterance for each in found] == [f"talk-{number}" for number in range(len(found))]
    assert len(found) >= 3 and {each.recording for each in found} == {"talk"}
    assert all(one.end == two.start for one, two in pairwise(found))
    assert [line.split()[0] for line in (tmp_path / "text").read_text().splitlines()] == [
        each.utterance for each in found
    ]


def test_a_run_with_segments_goes_on_after_an_interruption(tmp_path: Path) -> None:
    def job(resume: bool) -> TranscribeJob:
        folder = tmp_path / str(resume)
        folder.mkdir(exist_ok=True)
        return job_of(WordFiles(text=str(folder / "text")), segment=True, resume=resume)

    def stop(utterance: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_transcription(job(True), stop, directory=ONLINE)
    report = run_transcription(job(True), directory=ONLINE)
    run_transcription(job(False), directory=ONLINE)
    assert report.totals.resumed_utterances >= 1
    assert (tmp_path / "True" / "text").read_bytes() == (tmp_path / "False" / "text").read_bytes()


def test_what_must_be_scored_as_a_whole_cannot_be_cut(tmp_path: Path) -> None:
    lattices = WordFiles(lattice=f"ark:{tmp_path}/lat.ark")
    with pytest.raises(
        UsageError, match=r"segment: recordings cannot be cut, as files of whole utterances are asked for \(lattice\)"
    ):
        run_transcription(job_of(lattices, segment=True), directory=ONLINE)
    speakers = job_of(WordFiles(), segment=True, spk2utt=f"ark:{SPEECH}/spk2utt")
    with pytest.raises(UsageError, match="as the state of speakers is carried on"):
        run_transcription(speakers, directory=ONLINE)


def segment(key: str) -> Segment:
    return Segment(key, 0.0, 0.3, (Alternative((Word("yes"),)),))


def recording(key: str, length: int | None, base: str = "") -> Recording:
    read = lambda: iter([np.ones(600, np.float32), np.ones(600, np.float32)])  # noqa: E731
    return Recording(key, "", 1000, length, 1, read, base)


def recognized(recording: Recording) -> RecordingWords:
    seconds = sum(map(len, recording.pieces())) / recording.rate
    return RecordingWords((segment(recording.key),), FrontendState(), seconds, {"search": 1.0})


def test_those_of_unknown_length_are_long_when_they_are() -> None:
    for least, is_taken in ((1.0, True), (1.2, True), (1.3, False)):
        long = LongRecordings(recognized, least, 0.01, 0.03)
        left = long.take(recording("a", None))
        assert (left is None) is is_taken
        if left is not None:
            assert (left.length, sum(map(len, left.pieces()))) == (1200, 1200)
        else:
            ((found),) = long.before(None)
            assert found.num_frames == 120


def test_they_come_in_their_order_whatever_is_lost_between() -> None:
    long = LongRecordings(recognized, 1.0, 0.01, 0.03)
    for key, length in (("a", 1200), ("b", 100), ("lost", 100), ("c", 1200), ("d", 100), ("e", 1200)):
        long.take(recording(key, length))
    assert [each.key for each in long.before("b")] == ["a"]
    assert [each.key for each in long.before("d")] == ["c"]
    assert [each.key for each in long.before(None)] == ["e"]
    assert (long.count, long.stage_seconds) == (3, {"search": 3.0})


def test_a_channel_is_part_of_its_recording() -> None:
    long = LongRecordings(recognized, 1.0, 0.01, 0.03)
    long.take(recording("call-1", 1200, "call"))
    (found,) = long.before(None)
    (outcome,) = found.outcomes
    assert (outcome.best.recording, outcome.best.channel, outcome.num_frames) == ("call", 2, 10)


@pytest.mark.parametrize("long_after", [1e9, 0.0], ids=["whole", "pieces"])
@pytest.mark.parametrize("directory", [ONLINE, EXPERIMENT], ids=["online", "experiment"])
def test_phrases_restrict_all_recordings(directory: ModelDirectory, long_after: float, tmp_path: Path) -> None:
    text = tmp_path / "text"
    names = [str(SPEECH / f"{name}.flac") for name in ("es_f4-t0000", "es_john-t0021")]
    phrases = PhraseSettings(phrases="play;yes")
    job = job_of(WordFiles(text=str(text)), *names, phrases=phrases, long_after=long_after)
    run_transcription(job, directory=directory)
    words = [line.split()[1:] for line in text.read_text().splitlines()]
    assert len(words) == 2 and all(found in (["play"], ["yes"], []) for found in words)


def test_networks_that_are_not_computed_in_such_chunks_score_whole_recordings(tmp_path: Path) -> None:
    text = tmp_path / "text"
    moved = replace(EXPERIMENT, kaldi=replace(EXPERIMENT.kaldi, batch_compute=True))
    job = job_of(WordFiles(text=str(text)), str(SPEECH / "es_john-t0021.flac"), long_after=0.0)
    run_transcription(job, directory=moved)
    assert text.read_text() == "es_john-t0021 no\n"
    with pytest.raises(UsageError, match=r"as .*final\.mdl is not computed in chunks"):
        run_transcription(replace(job, segment=True), directory=moved)

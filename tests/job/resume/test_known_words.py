"""Runs that write words alone, interrupted and continued."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import ResumeError, UsageError
from ov_asr_score.frontend import reading
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.sound_features import FoundFeatures, compute_recording
from ov_asr_score.job.score import run_job
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from tests.command_line import DATA
from tests.job.transcribe.directories import FOLDER, ONLINE

SPEECH = DATA / "speech"
LOG = ".text.words.jsonl"


def job_in(folder: Path, spk2utt: str = "", **files: str) -> ScoreJob:
    written = WordFiles(text=str(folder / "text"), transcript=str(folder / "t.json"), alignment=f"ark,t:{folder}/ali")
    job = TranscribeJob(
        str(FOLDER),
        (f"wav:{SPEECH}/*.flac",),
        spk2utt=spk2utt,
        resume=True,
        files=replace(written, **files),  # type: ignore[arg-type]
        decode_workers=1,
    )
    return scoring_job(job, ONLINE)


def interrupt(job: ScoreJob, after: int) -> None:
    """Run a job that is interrupted when so many utterances were written."""
    left = after

    def stop(utterance: UtteranceReport) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job, stop)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOG}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the recordings whose features are computed."""
    keys: list[str] = []

    def counting(recording: Recording, frontend: Frontend) -> FoundFeatures:
        keys.append(recording.key)
        return compute_recording(recording, frontend)

    monkeypatch.setattr(reading, "compute_recording", counting)
    return keys


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    """What a run without a break writes."""
    folder = tmp_path / "whole"
    folder.mkdir()
    run_job(replace(job_in(folder), resume=False))
    return content(folder)


@pytest.mark.parametrize("after", [1, 4])
def test_what_is_known_is_not_computed_again(
    after: int, tmp_path: Path, whole: dict[str, bytes], computed: list[str]
) -> None:
    folder = tmp_path / "resumed"
    folder.mkdir()
    job = job_in(folder)
    interrupt(job, after)
    assert list(content(folder)) == []
    computed.clear()
    report = run_job(job)
    known = report.totals.resumed_utterances
    assert known >= after and len(computed) == 9 - known
    assert (report.totals.utterances, report.totals.frames) == (9, 1375)
    assert content(folder) == whole


def test_a_complete_run_is_known_as_a_whole(tmp_path: Path, computed: list[str]) -> None:
    first = run_job(job_in(tmp_path))
    written = content(tmp_path)
    computed.clear()
    again = run_job(job_in(tmp_path))
    assert (computed, content(tmp_path)) == ([], written)
    assert facts(again) == facts(first)


def facts(report: RunReport) -> tuple[object, ...]:
    words = report.words
    assert words is not None
    return (words.utterances, words.words, words.graph_cost, words.acoustic_cost, report.verdict)


def test_what_is_not_whole_is_found_anew(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    interrupt(job_in(folder), 5)
    log = folder / LOG
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:3]) + lines[3].replace(b'"rows": ', b'"rows": 1') + b"".join(lines[4:]))
    report = run_job(job_in(folder))
    assert report.totals.resumed_utterances == 2
    assert content(folder) == whole


def test_the_state_of_speakers_is_carried_on_past_what_is_known(tmp_path: Path) -> None:
    costs, whole = tmp_path / "costs", tmp_path / "whole"
    whole.mkdir()
    speakers = f"ark:{SPEECH}/spk2utt"
    run_job(replace(job_in(whole, speakers, nbest_costs=str(whole / "costs")), resume=False))
    job = job_in(tmp_path, speakers, nbest_costs=str(costs))
    interrupt(job, 2)
    run_job(job)
    assert costs.read_bytes() == (whole / "costs").read_bytes()


def test_another_run_does_not_go_on(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    interrupt(job, 2)
    other = replace(job, decoding=replace(job.decoding, search=replace(job.decoding.search, beam=3.0)))
    with pytest.raises(ResumeError, match=r"^resume: what is there is of a run with another --beam; give the same"):
        run_job(other)
    (tmp_path / LOG).unlink()
    assert run_job(other).totals.resumed_utterances == 0


def test_words_that_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="resume: lattices are not kept"):
        run_job(job_in(tmp_path, lattice=f"ark:{tmp_path}/lat.ark"))
    with pytest.raises(UsageError, match="resume: expected a file for the words"):
        run_job(job_in(tmp_path, text="-", transcript="", alignment=""))


def test_the_transcripts_of_a_folder(tmp_path: Path) -> None:
    job = job_in(tmp_path, text="", transcript=f"{tmp_path}/out/", transcript_format="text", alignment="")
    interrupt(job, 3)
    report = run_job(job)
    assert report.totals.resumed_utterances >= 3
    texts = [path.read_text() for path in sorted((tmp_path / "out").glob("*.txt"))]
    assert "".join(texts) == (SPEECH / "kaldi_text").read_text()

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.comparison import Limits
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, ResumeError, UsageError
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.job.resume.resuming import open_earlier
from ov_asr_score.job.resume.run_identity import run_identity
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.report.data.run import UtteranceReport
from ov_asr_score.scoring.job_tables import JobTables
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.utterances.joining import InputTable
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.shard import Shard
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from tests.command_line import DATA, MODELS, names_in
from tests.tiny_model import tiny_features, tiny_scores, write_table

FEATURES = tiny_features(3, 0, 5, 8, 1, 4)
RECORD, PARTIAL = ".s.ark.resume.json", ".s.ark.partial"


@pytest.fixture
def job(folder: Path, tiny_model: str) -> ScoreJob:
    write_table("feats.ark", FEATURES)
    return ScoreJob(model=tiny_model, inputs=["feats.ark"], outputs={"scores": "s.ark"}, resume=True)


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


def bytes_of(job: ScoreJob) -> bytes:
    """What a run that nothing disturbs writes."""
    run_job(replace(job, outputs={"scores": "whole.ark"}, resume=False))
    return Path("whole.ark").read_bytes()


@pytest.mark.parametrize("after", range(1, len(FEATURES) + 1))
def test_it_goes_on_behind_the_last_whole_utterance(job: ScoreJob, folder: Path, after: int) -> None:
    interrupt(job, after)
    assert names_in(folder) == [PARTIAL, RECORD, "feats.ark"]
    seen: list[str] = []
    report = run_job(job, lambda utterance: seen.append(utterance.key))
    assert report.totals.resumed_utterances == after
    assert report.totals.resumed_frames == sum(len(matrix) for matrix in list(FEATURES.values())[:after])
    assert (seen, report.totals.utterances, report.totals.frames) == (list(FEATURES), 6, 21)
    assert Path("s.ark").read_bytes() == bytes_of(job)
    assert names_in(folder) == [RECORD, "feats.ark", "s.ark", "whole.ark"]


def test_all_is_compared_and_reported(job: ScoreJob) -> None:
    references = {key: tiny_scores(matrix) for key, matrix in FEATURES.items() if len(matrix)}
    references["utt1"] = references["utt1"] + np.float32(1)
    write_table("r.ark", references)
    job = replace(job, references={"scores": "r.ark"}, limits=Limits(max_error=0.5), report="r.json")
    whole = run_job(replace(job, resume=False))
    interrupt(job, 4)
    resumed = run_job(job)
    assert resumed.comparison == whole.comparison
    assert resumed.comparison["scores"].max_abs == 1
    assert (resumed.worst, resumed.missing_keys) == (whole.worst, whole.missing_keys)
    assert (resumed.verdict, resumed.limit_messages) == ("failed", whole.limit_messages)
    listed = json.loads(Path("r.json").read_text())["utterances"]
    assert [(each["key"], each["scores"]) for each in listed] == [(key, {"scores": 3}) for key in FEATURES]
    assert sum(each["requests"] for each in listed) == resumed.totals.requests == 1  # which all share


def test_a_complete_run_scores_nothing_again(job: ScoreJob, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_job(job)
    before = Path("s.ark").stat()
    again = run_job(job)
    assert (again.totals.utterances, again.totals.resumed_utterances, again.totals.requests) == (6, 6, 0)
    assert again.totals.frames == first.totals.frames
    after = Path("s.ark").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert names_in(folder) == [RECORD, "feats.ark", "s.ark"]


@pytest.mark.parametrize("change", ["touched", "removed", "another job", "plain run"])
def test_a_complete_run_that_is_not_this_one_is_no_obstacle(job: ScoreJob, change: str) -> None:
    run_job(job)
    if change == "touched":
        Path("s.ark").write_bytes(bytes(Path("s.ark").stat().st_size))
    elif change == "removed":
        Path("s.ark").unlink()
    elif change == "another job":
        write_table("feats.ark", tiny_features(3, 0, 5, 8, 1, 4, seed=2))
    else:
        run_job(replace(job, resume=False, outputs={"scores": "s.ark"}))
    report = run_job(job)
    assert (report.totals.utterances, report.totals.resumed_utterances) == (6, 0)
    assert Path("s.ark").read_bytes() == bytes_of(job)


def test_two_outputs_go_on_where_both_are_whole(job: ScoreJob, folder: Path) -> None:
    job = replace(job, outputs={"scores": "ark,scp:s.ark,s.scp", "hidden": "ark,t:h.txt"})
    interrupt(job, 4)
    hidden = Path(".h.txt.partial")
    hidden.write_bytes(hidden.read_bytes()[:-3])  # into the fourth
    script = Path(".s.scp.partial")
    script.write_bytes(script.read_bytes()[:-20])  # into the third
    assert run_job(job).totals.resumed_utterances == 2
    written = [Path(name).read_bytes() for name in ("s.ark", "s.scp", "h.txt")]
    run_job(replace(job, resume=False))
    assert written == [Path(name).read_bytes() for name in ("s.ark", "s.scp", "h.txt")]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"context": 1}, "--left-context"),
        ({"model": True}, "-m/--model"),
        ({"feats": True}, "-i/--input feats"),
        ({"precision": True}, "--precision"),
        ({"shard": True}, "--shard"),
        ({"output": True}, "-o/--output scores"),
    ],
)
def test_another_run_is_refused(job: ScoreJob, folder: Path, change: dict[str, Any], named: str) -> None:
    interrupt(job, 2)
    before = Path(PARTIAL).read_bytes()
    if "context" in change:
        job = replace(job, left_context=1)
    if "model" in change:
        copy = Path("other.xml")
        copy.write_bytes(Path(job.model).read_bytes() + b"\n")
        copy.with_suffix(".bin").write_bytes(Path(job.model).with_suffix(".bin").read_bytes())
        job = replace(job, model=str(copy))
    if "feats" in change:
        write_table("feats.ark", tiny_features(3, 0, 5, 8, 1, 4, seed=2))
    if "precision" in change:
        job = replace(job, device=DeviceSettings(precision="bf16"))
    if "shard" in change:
        job = replace(job, shard=Shard(1, 1))
    if "output" in change:
        job = replace(job, outputs={"scores": "ark,scp:s.ark,s.scp"})
    with pytest.raises(ResumeError) as raised:
        run_job(job)
    record = folder.resolve() / RECORD
    assert str(raised.value) == (
        f"resume: what is there is of a run with another {named}; give the same again, or remove {record} to score "
        "everything anew"
    )
    assert Path(PARTIAL).read_bytes() == before
    record.unlink()
    assert run_job(job).totals.resumed_utterances == 0


def test_options_of_kaldi_models_count(job: ScoreJob) -> None:
    tables = JobTables((InputTable("feats", "feats.ark"),), {"scores": "s.ark"}, {})
    with open_earlier(job, tables, {}):
        pass
    other = replace(job, kaldi=KaldiOptions(prior_scale=0.5))
    with pytest.raises(ResumeError, match="another --prior-scale;"), open_earlier(other, tables, {}):
        pass


def test_what_does_not_change_the_bytes_may_change(job: ScoreJob, folder: Path) -> None:
    interrupt(job, 2)
    write_table("r.ark", {key: tiny_scores(matrix) for key, matrix in FEATURES.items()})
    (folder / "elsewhere").mkdir()
    Path("feats.ark").rename("elsewhere/feats.ark")
    other = replace(
        job, inputs=["ark:elsewhere/feats.ark"], references={"scores": "r.ark"}, threshold=1.0, profile=True
    )
    assert run_job(other).totals.resumed_utterances == 2


def test_input_that_changed_unseen_is_found_out(job: ScoreJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ov_asr_score.job.resume.resuming.run_identity", lambda job, tables: {})
    interrupt(job, 3)
    matrices = dict(FEATURES)
    write_table("feats.ark", {"utt0": matrices["utt1"], **matrices})
    with pytest.raises(ResumeError, match="no scores of utterance 'utt0' are there, but those of later ones"):
        run_job(job)
    write_table("feats.ark", {"utt1": matrices["utt1"]})
    with pytest.raises(ResumeError, match="utterance 'utt2' is there, but not in the input"):
        run_job(job)
    write_table("feats.ark", matrices)
    run_job(job)
    write_table("feats.ark", {**matrices, "utt9": matrices["utt1"]})
    before = Path("s.ark").read_bytes()
    with pytest.raises(ResumeError, match="the run was complete, but the input now holds 'utt9' besides"):
        run_job(job)
    assert Path("s.ark").read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}', "\xff"])
def test_a_damaged_record_is_said(job: ScoreJob, folder: Path, text: str) -> None:
    Path(RECORD).write_bytes(text.encode("latin-1"))
    with pytest.raises(OvAsrScoreError, match=r"\.s\.ark\.resume\.json"):
        run_job(job)


def test_garbage_without_a_record_is_no_run(job: ScoreJob) -> None:
    Path(PARTIAL).write_bytes(b"utt1 garbage")
    assert run_job(job).totals.resumed_utterances == 0
    assert Path("s.ark").read_bytes() == bytes_of(job)


def test_a_run_that_is_still_under_way_is_left_alone(job: ScoreJob) -> None:
    def again(utterance: UtteranceReport) -> None:
        with pytest.raises(FileAccessError, match=r"^s\.ark: another run is writing it"):
            run_job(job)

    assert run_job(job, again).totals.utterances == 6
    assert Path("s.ark").read_bytes() == bytes_of(job)


def test_another_machine_is_noted(job: ScoreJob, folder: Path) -> None:
    interrupt(job, 2)
    record = json.loads(Path(RECORD).read_text())
    record["machine"]["device"] = "another processor"
    Path(RECORD).write_text(json.dumps(record))
    note = "resumed with another device: scores may differ in their last bits from those before"
    assert note in run_job(job).notes


def test_utterances_that_failed_fail_again(folder: Path) -> None:
    model = str(MODELS / "nnet3_chain_tdnnf" / "final.mdl")
    hires = dict(read_table(str(DATA / "kaldi" / "hires.ark")))
    wrong = np.zeros((5, 13), np.float32)
    write_table(
        "feats.ark", {f"{key}-{name}": m for key, matrix in hires.items() for name, m in (("a", matrix), ("b", wrong))}
    )
    job = ScoreJob(model=model, inputs=["feats.ark"], outputs=["s.ark"], on_error="skip", resume=True)
    whole = run_job(replace(job, outputs=["whole.ark"], resume=False))
    interrupt(job, 4)
    report = run_job(job)
    assert report.totals.resumed_utterances == 4
    assert report.failures == whole.failures
    assert len(report.failures) == len(hires)
    assert Path("s.ark").read_bytes() == Path("whole.ark").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outputs": ()}, "resume: expected outputs that scores are written to, found none"),
        ({"export_model": "m.blob"}, "resume cannot be combined with export_model"),
        (
            {"references": {"hidden": "feats.ark"}, "outputs": {"scores": "s.ark"}},
            "resume: references hidden: is compared with what was written before; add outputs hidden=…",
        ),
        (
            {"references": {"scores": "feats.ark"}, "compression_method": 1},
            "resume: what is written with compression_method is not what is compared (references); leave one out",
        ),
        (
            {"outputs": {"scores": "s.npz"}},
            "resume: 's.npz': NPZ files have their directory at the end; write an archive to a plain file",
        ),
    ],
)
def test_what_cannot_be_resumed_is_wrong_use(
    job: ScoreJob, folder: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        run_job(replace(job, **changes))
    assert str(raised.value) == message
    assert names_in(folder) == ["feats.ark"]


@pytest.mark.parametrize(
    ("model", "features", "options"),
    [
        ("dnn_digits.xml", "dnn_digits/features.ark", {}),
        ("dnn_digits.xml", "dnn_digits/features.ark", {"batch_size": 100}),
        ("dnn_digits.xml", "dnn_digits/features.ark", {"left_context": 2, "right_context": 3}),
        ("tdnn_al.xml", "tdnn_al/features.ark", {}),
        ("lstm_mem.xml", "lstm_mem/features.ark", {}),
        ("nnet3_chain_tdnnf/final.mdl", "kaldi/hires.ark", {}),
        ("nnet3_tdnn/final.mdl", "kaldi/hires.ark", {"kaldi": KaldiOptions(frames_per_chunk=50)}),
        ("nnet3_tdnn/final.mdl", "kaldi/hires.ark", {"kaldi": KaldiOptions(time="frame")}),
    ],
)
def test_models_that_are_shipped_give_the_same_bytes(
    folder: Path, model: str, features: str, options: dict[str, Any]
) -> None:
    job = ScoreJob(model=str(MODELS / model), inputs=[str(DATA / features)], outputs=["s.ark"], resume=True, **options)
    run_job(replace(job, outputs=["whole.ark"], resume=False))
    interrupt(job, 1)
    interrupt(job, 2)
    assert run_job(job).totals.resumed_utterances == 2
    assert Path("s.ark").read_bytes() == Path("whole.ark").read_bytes()
    again = run_job(job).totals
    assert (again.requests, again.resumed_utterances, again.infer_seconds) == (0, again.utterances, 0)


def requests_of(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[int, ...]]]:
    """A list that gets the shapes of the inputs of every request that is run."""
    run_with: list[list[tuple[int, ...]]] = []
    bound: dict[int, list[tuple[int, ...]]] = {}
    bind, start = OpenVinoRunner.bind, OpenVinoRunner.start

    def noted_bind(self: OpenVinoRunner, slot: int, arrays: Any) -> None:
        bound[slot] = [array.shape for array in arrays]
        bind(self, slot, arrays)

    def noted_start(self: OpenVinoRunner, slot: int) -> None:
        run_with.append(bound[slot])
        start(self, slot)

    monkeypatch.setattr(OpenVinoRunner, "bind", noted_bind)
    monkeypatch.setattr(OpenVinoRunner, "start", noted_start)
    return run_with


@pytest.mark.parametrize(
    ("model", "features", "options"),
    [
        ("dnn_digits.xml", "dnn_digits/features.ark", {"batch_size": 100}),
        ("nnet3_chain_tdnnf/final.mdl", "kaldi/hires.ark", {}),
        ("nnet3_tdnn/final.mdl", "kaldi/hires.ark", {"kaldi": KaldiOptions(frames_per_chunk=50)}),
    ],
)
def test_requests_are_those_of_a_run_without_a_break(
    folder: Path, monkeypatch: pytest.MonkeyPatch, model: str, features: str, options: dict[str, Any]
) -> None:
    matrices = dict(read_table(str(DATA / features)))
    lengths = [41, 75, 13, 57, 75, 20, 44, 33, 61, 75] * 40
    names = list(matrices)
    table = {f"u{number:03}": matrices[names[number % len(names)]][:length] for number, length in enumerate(lengths)}
    write_table("feats.ark", table)
    job = ScoreJob(model=str(MODELS / model), inputs=["feats.ark"], outputs=["s.ark"], resume=True, **options)
    run_with = requests_of(monkeypatch)
    whole_report = run_job(replace(job, outputs=["whole.ark"], resume=False))
    whole = list(run_with)
    interrupt(job, 300)
    run_with.clear()
    report = run_job(job)
    assert report.totals.resumed_utterances == 300
    assert 0 < len(run_with) < 0.6 * len(whole)
    in_order = iter(whole)
    assert all(request in in_order for request in run_with)
    assert report.totals.context_frames == whole_report.totals.context_frames
    assert Path("s.ark").read_bytes() == Path("whole.ark").read_bytes()


def test_files_that_match_a_pattern_are_the_input(job: ScoreJob) -> None:
    names = list(FEATURES)
    write_table("part.1.ark", {name: FEATURES[name] for name in names[:3]})
    write_table("part.2.ark", {name: FEATURES[name] for name in names[3:]})
    several = replace(job, inputs=["ark:part.*.ark"])
    interrupt(several, 4)
    assert run_job(several).totals.resumed_utterances == 4
    assert Path("s.ark").read_bytes() == bytes_of(job)
    tables = JobTables((InputTable("feats", "ark:part.*.ark"),), {"scores": "s.ark"}, {})
    before = run_identity(several, tables)
    assert run_identity(several, tables) == before
    write_table("part.2.ark", {name: FEATURES[name] + 1 for name in names[3:]})
    changed = run_identity(several, tables)
    write_table("part.3.ark", {"more": FEATURES[names[0]]})
    assert len({str(each) for each in (before, changed, run_identity(several, tables))}) == 3


def test_every_line_of_a_list_of_sound_counts(job: ScoreJob, folder: Path) -> None:
    """Also in the middle of a long one, of which tables would be sampled."""
    lines = [f"utt{number} {number:08}.wav\n" for number in range(20_000)]
    tables = JobTables(inputs=(InputTable("feats", "wav,scp:wav.scp"),), outputs={}, references={})
    found = set()
    for changed in (lines, [*lines[:10_000], lines[10_000].replace("0.wav", "1.wav"), *lines[10_001:]]):
        (folder / "wav.scp").write_text("".join(changed))
        found.add(tuple(run_identity(job, tables).values()))
    assert len(found) == 2


def test_options_and_files_of_an_extractor_that_no_setting_names_count(job: ScoreJob, folder: Path) -> None:
    shutil.copytree(MODELS / "chain_ivector" / "ivector_extractor", folder / "extractor")
    names = ("ivector_extractor", "diag_ubm", "lda_matrix", "global_cmvn_stats")
    files = ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats")
    paths: dict[str, Any] = dict(zip(names, (f"extractor/{file}" for file in files), strict=True))
    tables = JobTables(inputs=(InputTable("feats", "ark:feats.ark"),), outputs={}, references={})

    def identity(max_count: float) -> str:
        options = IvectorOptions(max_count=max_count, **paths)
        return str(run_identity(replace(job, frontend=FrontendSettings("mfcc", ivector_options=options)), tables))

    before = identity(100)
    assert identity(100) == before
    found = {before, identity(50)}
    (folder / "extractor/final.dubm").write_bytes((folder / "extractor/final.dubm").read_bytes() + b" ")
    found.add(identity(100))
    assert len(found) == 3

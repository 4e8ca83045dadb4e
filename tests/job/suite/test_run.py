from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import SuiteFormatError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.report.files.suite import suite_json, suite_junit, suite_markdown
from tests.command_line import names_in
from tests.job.suites import FEATURES, SCORES, case, checked, only_result, write_suite
from tests.tiny_model import Table, write_table


def changed(change: Callable[[str, np.ndarray], np.ndarray]) -> Table:
    return {key: change(key, scores.copy()) for key, scores in SCORES.items()}


def set_in_utt2(value: float, frame: int = 1, column: int = 2) -> Table:
    def change(key: str, scores: np.ndarray) -> np.ndarray:
        if key == "utt2":
            scores[frame, column] = value
        return scores

    return changed(change)


ALL_LIMITS = "max_error = 0, max_rms_error = 0, max_relative_error = 0, min_class_agreement = 1"


def test_a_case_that_keeps_its_limits_passes(folder: Path, tiny_model: str) -> None:
    result = only_result(write_suite(folder, case(limits=ALL_LIMITS), model=tiny_model))
    assert (result.status, result.reasons) == ("passed", ())
    assert (result.utterances, result.frames, result.compared_frames) == (3, 16, 16)
    assert (result.max_error, result.rms_error, result.max_relative_error, result.class_agreement) == (0, 0, 0, 1)
    assert result.frames_per_second is not None and result.frames_per_second > 0


# Limits, what the references are, and the beginning of the reason.
FAILED = {
    "max error": ("max_error = 0.4", changed(lambda _, s: s + 0.5), "max error 0.5, expected at most 0.4 at utterance"),
    "rms error": ("max_rms_error = 0.4", changed(lambda _, s: s + 0.5), "rms error 0.5, expected at most 0.4"),
    "relative error": ("max_relative_error = 0.4", changed(lambda _, s: s * 2), "max relative error 0.5, expected at"),
    "no relative error": ("max_relative_error = 0.4", changed(lambda _, s: s * 0), "no reference is above the thresh"),
    "agreement": (
        "min_class_agreement = 0.95",
        set_in_utt2(1e6, column=0),
        "best class the same in 93.7500% of frames, expected at least 95.0000%",
    ),
    "NaN": (
        "max_error = 9",
        set_in_utt2(np.nan),
        "scores and reference disagree in NaN or infinity: 1 of 48, first at",
    ),
    "infinity": ("max_rms_error = 1e9", set_in_utt2(np.inf), "scores and reference disagree in NaN or infinity: 1"),
    "all NaN": ("max_error = 9", changed(lambda _, s: s * np.nan), "scores and reference disagree in NaN or infinity"),
    "width": ("max_error = 9", changed(lambda _, s: s[:, :2]), "3 utterances failed, first 'utt1': ark:r.ark: expect"),
    "length": ("max_error = 9", changed(lambda k, s: s[1:] if k == "utt2" else s), "1 utterance failed, first 'utt2'"),
    "missing": ("max_error = 9", {"utt1": SCORES["utt1"]}, "2 utterances missing in ark:r.ark, first 'utt2'"),
    "more": ("max_error = 9", {**SCORES, "utt9": SCORES["utt1"]}, "1 utterance only in ark:r.ark, first 'utt9'"),
    "others": ("max_error = 9", {"x": SCORES["utt1"]}, "no utterance could be compared with ark:r.ark"),
    "empty": ("max_error = 9", {}, "no utterance could be compared with ark:r.ark"),
}


@pytest.mark.parametrize("name", FAILED)
def test_what_fails(name: str, folder: Path, tiny_model: str) -> None:
    limits, scores, reason = FAILED[name]
    result = only_result(write_suite(folder, case(limits=limits), model=tiny_model, scores=scores))
    assert result.status == "failed"
    assert any(each.startswith(reason) for each in result.reasons), result.reasons


NAN_FEATURES = {"utt1": np.full((2, 4), np.nan, np.float32)}
LARGE_FEATURES = {"utt1": np.array([[0, 0, 0, 3e38]] * 2, np.float32)}  # of which all scores are infinite


@pytest.mark.parametrize("features", [NAN_FEATURES, LARGE_FEATURES])
def test_what_is_not_finite_is_no_pass_where_nothing_is_compared(
    features: Table, folder: Path, tiny_model: str
) -> None:
    path = write_suite(folder, case(limits="", references="", runs_only="true"), model=tiny_model)
    write_table("f.ark", features)
    result = only_result(path)
    assert result.status == "failed"
    assert result.reason.startswith("not finite: ")
    assert "utterance 'utt1' holds NaN or infinity" in result.reason


def test_infinities_that_agree_are_no_comparison(folder: Path, tiny_model: str) -> None:
    infinite = {"utt1": np.full((2, 3), np.inf, np.float32)}
    path = write_suite(folder, case(limits="max_error = 9"), model=tiny_model, scores=infinite)
    write_table("f.ark", LARGE_FEATURES)
    result = only_result(path)
    assert (result.status, result.reasons) == ("failed", ("no finite scores were compared",))


def test_a_case_without_utterances_fails(folder: Path, tiny_model: str) -> None:
    text = case() + case("runs", limits="", references="", runs_only="true")
    path = write_suite(folder, text, model=tiny_model)
    write_table("f.ark", {})
    assert [(each.status, each.reasons[0]) for each in checked(path).results] == [
        ("failed", "there were no utterances"),
        ("failed", "there were no utterances"),
    ]


def test_utterances_without_frames_fail(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case("runs", limits="", references="", runs_only="true"), model=tiny_model)
    write_table("f.ark", {"utt1": np.zeros((0, 4), np.float32)})
    result = only_result(path)
    assert (result.status, result.reasons[0]) == ("failed", "the utterances have no frames")


def test_a_case_that_only_runs_passes_when_it_runs(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(limits="", references="", runs_only="true"), model=tiny_model)
    result = only_result(path)
    assert (result.status, result.frames, result.max_error, result.class_agreement) == ("passed", 16, None, None)


def test_agreement_of_one_column_is_none(folder: Path, tiny_model: str) -> None:
    """An output of one column has the same best class whatever it holds."""
    from ov_asr_score.comparison import compare_scores
    from ov_asr_score.job import read_suite
    from ov_asr_score.job.suite.verdict import judge_run
    from ov_asr_score.report.data.run import RunReport

    run = read_suite(write_suite(folder, case(limits="min_class_agreement = 0.5"), model=tiny_model)).runs[0]
    report = RunReport(tool_version="")
    report.totals.utterances = report.totals.frames = 1
    report.comparison["y"] = compare_scores(np.array([[1.0]]), np.array([[5.0]]))
    result = judge_run(run, report, {"y": 1}, None, [1.0])
    assert result.reasons == ("scores of 1 columns have no classes to agree on",)


def test_what_cannot_be_run_is_an_error_and_the_others_still_run(folder: Path, tiny_model: str) -> None:
    (folder / "damaged.ark").write_bytes(b"utt1 \0BFM \4\5")
    text = "".join(
        [
            case("no model", model='"none.xml"'),
            case("no features", inputs='"ark:none.ark"'),
            case("no references", references='"ark:none.ark"'),
            case("damaged features", inputs='"damaged.ark"'),
            case("damaged references", references='"damaged.ark"'),
            case("no layer", references='{ nothing = "ark:r.ark" }'),
            case("no such device", devices='"CPUX"'),
            case("no property", options='{ config = { NUM_STREAM = "1" } }'),
            case("a command in a script", inputs='"scp:f.scp"'),
            case("fine"),
        ]
    )
    path = write_suite(folder, text, model=tiny_model)
    (folder / "f.scp").write_text("utt1 touch ran |\n")
    report = checked(path)
    found = {result.case: result for result in report.results}
    assert {name: result.status for name, result in found.items()} == dict.fromkeys(found, "error") | {"fine": "passed"}
    assert found["no model"].reason.startswith("none.xml")
    assert found["no references"].reason.startswith("none.ark")
    assert "no device 'CPUX' here" in found["no such device"].reason
    assert all(("\n" not in result.reason and result.reason) or result.case == "fine" for result in report.results)
    assert report.verdict == "failed"
    assert not (folder / "ran").exists()


def test_a_fault_of_the_program_is_an_error_of_its_case(
    folder: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ov_asr_score.job.suite import run as suite_run

    def fault(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(suite_run, "run_job", fault)
    result = only_result(write_suite(folder, case(), model=tiny_model))
    assert (result.status, result.reason) == (
        "error",
        "internal error in ov-asr-score: ZeroDivisionError: division by zero",
    )


def test_a_device_that_is_not_here_is_skipped(folder: Path, tiny_model: str) -> None:
    path = write_suite(
        folder,
        case(devices='["GPU.7", "CPU", "GNA_HW", "HETERO:NPU,CPU"]', precisions='["f32", "i16"]'),
        model=tiny_model,
    )
    report = checked(path)
    assert [result.status for result in report.results] == ["skipped", "passed", "skipped", "skipped"]
    assert report.results[0].reason.startswith("no GPU.7 here: OpenVINO ")
    assert report.verdict == "ok"
    required = checked(path, require_all=True)
    assert [result.status for result in required.results] == ["failed", "passed", "failed", "failed"]
    assert required.results[0].reason.startswith("all runs are required: no GPU.7 here")
    assert required.verdict == "failed"


def test_a_suite_of_which_nothing_can_be_run_is_not_fine(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(devices='"GPU.7"'), model=tiny_model)
    assert checked(path).verdict == "nothing"
    assert checked(path, require_all=True).verdict == "failed"


def test_a_precision_that_the_device_lacks_is_skipped(
    folder: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ov_asr_score.device import availability

    class Core:
        available_devices = ("CPU",)

        def get_property(self, device: str, name: str) -> list[str]:
            assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
            return ["FP32", "INT8"]

    reason = availability.lacking_precision(Core(), "CPU", "bf16")
    assert reason == "CPU has no bf16 of its own here (it has FP32, INT8)"
    assert availability.lacking_precision(Core(), "CPU", "f32") == ""
    assert availability.lacking_precision(Core(), "CPU", "i8") == ""
    monkeypatch.setattr("ov_asr_score.job.suite.run.lacking_precision", lambda *_: reason)
    result = only_result(write_suite(folder, case(precisions='"bf16"'), model=tiny_model))
    assert (result.status, result.reason) == ("skipped", reason)


def test_devices_that_are_there() -> None:
    from ov_asr_score.device.availability import lacking_device

    class Core:
        available_devices = ("CPU", "GPU", "NPU.0", "NPU.1")

    here = (
        "CPU",
        "GPU",
        "GPU.0",
        "NPU",
        "NPU.1",
        "AUTO",
        "AUTO:GPU,CPU",
        "AUTO:-GNA",
        "HETERO:GNA_SW_EXACT,CPU",
        "GNA",
    )
    assert [lacking_device(Core(), device) for device in here] == [""] * len(here)
    for device in ("GPU.1", "NPU.2", "GNA_HW", "MULTI:GPU.1(2),CPU"):
        assert lacking_device(Core(), device).startswith("no "), device


def test_paths_begin_at_the_suite(folder: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = folder / "suite, of a=b"
    inner.mkdir()
    path = write_suite(inner, case(inputs='"scp:f.scp"'), model=os.path.relpath(tiny_model, inner))
    monkeypatch.chdir(inner)
    write_table("ark,scp:f.ark,f.scp", FEATURES)  # whose lines are relative, too
    monkeypatch.chdir(folder)
    assert only_result(path.relative_to(folder)).status == "passed"
    assert Path.cwd() == folder


def test_caches_are_where_the_user_is(folder: Path, tiny_model: str) -> None:
    inner = folder / "inner"
    inner.mkdir()
    path = write_suite(inner, case(), model=tiny_model)
    assert only_result(path, conversion_cache="kept", compiled_cache="kept").status == "passed"
    assert names_in(folder) == ["inner", "kept"]
    assert names_in(inner) == ["f.ark", "r.ark", "suite.toml"]


SPEED = 'max_error = 1, min_speed_ratio = {}, speed_reference = "base"'


def test_speed_is_held_against_another_case(folder: Path, tiny_model: str) -> None:
    text = case("slow", limits=SPEED.format("1e9")) + case("fast", limits=SPEED.format("1e-9")) + case("base")
    slow, fast, base = checked(write_suite(folder, text, model=tiny_model)).results
    assert (slow.status, fast.status, base.status) == ("failed", "passed", "passed")
    assert slow.reason.endswith("times as fast as base [CPU f32], expected at least 1e+09")
    assert slow.speed_ratio == pytest.approx((slow.frames_per_second or 0) / (base.frames_per_second or 1))


def test_speed_without_anything_to_hold_it_against_is_no_pass(folder: Path, tiny_model: str) -> None:
    text = case("tiny", limits=SPEED.format("0.001")) + case("base", model='"none.xml"')
    assert [each.status for each in checked(write_suite(folder, text, model=tiny_model)).results] == ["failed", "error"]
    text = case("tiny", limits=SPEED.format("0.001")) + case("base", devices='"GPU.7"')
    tiny, base = checked(write_suite(folder, text, model=tiny_model)).results
    assert (tiny.status, base.status) == ("skipped", "skipped")
    assert tiny.reason.startswith("no speed of base [GPU.7 f32] to compare with (skipped: no GPU.7")


def test_speed_is_the_median_of_the_repeats(folder: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ov_asr_score.job import run_job as run_once
    from ov_asr_score.job.suite import run as suite_run

    seconds = iter((4.0, 1.0, 2.0))

    def run_job(*arguments: object) -> object:
        report = run_once(*arguments)  # type: ignore[arg-type]
        report.totals.infer_seconds = next(seconds)
        return report

    monkeypatch.setattr(suite_run, "run_job", run_job)
    assert only_result(write_suite(folder, case(repeats="3"), model=tiny_model)).frames_per_second == 8.0


def test_nothing_is_recorded_unless_it_is_asked_for(folder: Path, tiny_model: str) -> None:
    text = case("wrong") + case("none", references='"ark:new.ark"')
    path = write_suite(folder, text, model=tiny_model, scores=changed(lambda _, s: s + 1))
    before = {name: (folder / name).read_bytes() for name in names_in(folder)}
    report = checked(path)
    assert [result.status for result in report.results] == ["failed", "error"]
    assert {name: (folder / name).read_bytes() for name in names_in(folder)} == before
    assert report.recorded == ()


def test_update_records_references_that_are_missing_or_wrong_and_no_others(folder: Path, tiny_model: str) -> None:
    text = (
        case("wrong", references='{ scores = "ark,t:wrong.ark" }')
        + case("none", references='"ark:new/ref.ark"')
        + case("fine", limits="max_error = 0.1")
    )
    path = write_suite(folder, text, model=tiny_model, scores=changed(lambda _, s: s + 0.0625))
    write_table("wrong.ark", {"utt1": SCORES["utt1"]})
    kept = (folder / "r.ark").read_bytes()
    report = checked(path, update=True)
    assert [result.status for result in report.results] == ["passed", "passed", "passed"]
    assert report.recorded == ("wrong.ark", "new/ref.ark", "suite.baseline.json")
    assert (folder / "r.ark").read_bytes() == kept
    assert (folder / "wrong.ark").read_text().startswith("utt1  [")
    for name in ("wrong.ark", "new/ref.ark"):
        found = dict(read_table(f"ark:{name}"))
        assert {key: scores.tolist() for key, scores in found.items()} == {
            key: scores.tolist() for key, scores in SCORES.items()
        }
    assert names_in(folder) == ["f.ark", "new", "r.ark", "suite.baseline.json", "suite.toml", "wrong.ark"]
    assert [result.status for result in checked(path).results] == ["passed", "passed", "passed"]


@pytest.mark.parametrize("features", [NAN_FEATURES, LARGE_FEATURES])
def test_update_records_no_scores_that_are_not_finite(features: Table, folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(), model=tiny_model)
    write_table("f.ark", features)
    kept = (folder / "r.ark").read_bytes()
    result = only_result(path, update=True)
    assert result.status == "error"
    assert "holds NaN or infinity; such scores become no reference" in result.reason
    assert (folder / "r.ark").read_bytes() == kept
    assert not (folder / "suite.baseline.json").exists()


@pytest.mark.parametrize(
    ("references", "reason"),
    [
        ('"scp:r.scp"', "case 'second': references scp:r.scp are no whole archive; expected ark:reference.ark"),
        ('"new.ark:15"', "case 'second': references new.ark:15 are no whole archive; expected ark:reference.ark"),
        ('"ark:f.ark"', "case 'second': f.ark is read by the suite, or is named twice; name another file"),
        ('"r.ark"', "r.ark: holds the scores of case 'first' since just now; name another file"),
        ('"ark,cs:new.ark"', "'ark,cs:new.ark': unknown option 'cs' before the colon"),
    ],
)
def test_update_needs_an_archive_that_is_free(references: str, reason: str, folder: Path, tiny_model: str) -> None:
    wrong = case(
        "second", references=references, options="{ context_left = 1, allow_missing = true }", inputs='"g.ark"'
    )
    path = write_suite(folder, case("first") + wrong, model=tiny_model, scores=None)
    (folder / "r.scp").write_text("utt1 none.ark:5\n")
    write_table("g.ark", {"other": FEATURES["utt1"]})
    features = (folder / "f.ark").read_bytes()
    first, second = checked(path, update=True).results
    assert (first.status, second.status) == ("passed", "error")
    assert reason in second.reason
    assert (folder / "f.ark").read_bytes() == features
    assert not (folder / "new.ark").exists()
    assert dict(read_table("r.ark")).keys() == FEATURES.keys()


def test_update_writes_all_references_of_a_case_or_none(folder: Path, tiny_model: str) -> None:
    (folder / "no").write_text("a file where a folder would have to be")
    path = write_suite(folder, case(references='{ scores = "ark:s.ark", hidden = "ark:no/h.ark" }'), model=tiny_model)
    assert only_result(path, update=True).status == "error"
    assert not (folder / "s.ark").exists()
    path = write_suite(folder, case(references='{ scores = "ark:s.ark", hidden = "ark:h.ark" }'), model=tiny_model)
    assert only_result(path, update=True).status == "passed"
    assert dict(read_table("h.ark"))["utt1"].tolist() != dict(read_table("s.ark"))["utt1"].tolist()


def test_only_the_first_run_of_a_case_gives_its_references(folder: Path, tiny_model: str) -> None:
    text = case(devices='["GPU.7", "CPU"]', references='"ark:new.ark"')
    path = write_suite(folder, text, model=tiny_model)
    assert [result.status for result in checked(path, update=True).results] == ["skipped", "error"]
    assert not (folder / "new.ark").exists()


BASELINE = "max_error_to_baseline = 2, max_rms_error_to_baseline = 2, min_speed_to_baseline = 1e-6"


def test_a_baseline_is_recorded_and_held_against(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(limits=BASELINE), model=tiny_model, scores=changed(lambda _, s: s + 0.25))
    result = only_result(path)
    assert (result.status, result.reasons) == (
        "failed",
        ("no baseline of this run; update the baseline to record one",),
    )
    assert only_result(path, update=True).status == "passed"
    assert only_result(path).status == "passed"
    write_table("r.ark", changed(lambda _, s: s + 0.75))
    result = only_result(path)
    assert result.reasons == (
        "max error 0.75, expected at most 2 times 0.25, the baseline",
        "rms error 0.75, expected at most 2 times 0.25, the baseline",
    )
    data = json.loads((folder / "suite.baseline.json").read_text())
    assert (data["format"], data["format_version"]) == ("ov-asr-score-baseline", 1)
    data["runs"]["tiny [CPU f32]"] |= {"frames_per_second": 1e15, "max_error": None}
    (folder / "suite.baseline.json").write_text(json.dumps(data))
    reasons = only_result(path).reasons
    assert reasons[0] == "the baseline has no max error; update the baseline to record it"
    assert reasons[-1].endswith("expected at least 1e-06 times 1,000,000,000,000,000, the baseline")


def test_update_keeps_the_baseline_of_runs_that_were_not_made(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case("a") + case("b"), model=tiny_model)
    checked(path, update=True)
    data = json.loads((folder / "suite.baseline.json").read_text())
    checked(path, update=True, only=["a"])
    again = json.loads((folder / "suite.baseline.json").read_text())
    assert again["runs"]["b [CPU f32]"] == data["runs"]["b [CPU f32]"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format": "x"}', '{"format": "ov-asr-score-baseline", "format_version": 9, "runs": {}}']
    + [
        '{"format": "ov-asr-score-baseline", "format_version": 1, "runs": ' + runs + "}"
        for runs in ("1", '{"a": 1}', '{"a": {"max_error": "1"}}', '{"a": {"max_error": -1}}', '{"a": {"x": 1}}')
    ],
)
def test_a_baseline_that_is_none_stops_the_suite(text: str, folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(), model=tiny_model)
    (folder / "suite.baseline.json").write_text(text)
    with pytest.raises(SuiteFormatError, match=r"suite\.baseline\.json: "):
        checked(path)


def test_reports_hold_no_scores(folder: Path, tiny_model: str) -> None:
    """A score that can be told from every other number is in no file."""
    text = case("far", limits="max_error = 0") + case("nan", limits="max_error = 0", references='"ark:nan.ark"')
    path = write_suite(folder, text, model=tiny_model, scores=set_in_utt2(123456.0))
    write_table("nan.ark", set_in_utt2(np.nan))
    report = checked(path)
    score = f"{float(SCORES['utt2'][1, 2]):g}"
    assert "frame 1, column 2" in report.results[0].reason
    for written in (suite_json(report), suite_junit(report), suite_markdown(report)):
        assert "123456" not in written
        assert f": {score}," not in written

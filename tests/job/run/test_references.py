from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.job.run.references import ReferenceTables
from ov_asr_score.report.data.run import RunReport
from tests.tiny_model import Table, write_table

TABLE: Table = {
    "utt1": np.array([[1.0, 2.0]], np.float32),
    "utt2": np.zeros((0, 0), np.float32),
    "utt3": np.array([3.0, 4.0], np.float32),
}


@pytest.fixture
def reference(folder: Path) -> str:
    return write_table("ark,scp:reference.ark,reference.scp", TABLE).replace("ark,scp:reference.ark,", "scp:")


def compared(
    specifier: str,
    scores: Table,
    *,
    by_position: bool = False,
    skip_damaged: bool = False,
    allow_commands: bool = False,
) -> RunReport:
    report = RunReport(tool_version="")
    with ReferenceTables(
        {"output": specifier}, by_position=by_position, allow_commands=allow_commands, skip_damaged=skip_damaged
    ) as tables:
        for key, matrix in scores.items():
            tables.compare(key, {"output": matrix}, report, 1e-4)
        tables.note_unused(report)
    return report


def test_differences_add_up(reference: str) -> None:
    scores = {"utt1": TABLE["utt1"] + 1, "utt2": np.zeros((0, 2), np.float32), "utt3": TABLE["utt3"][np.newaxis] - 2}
    report = compared(reference, scores)
    total = report.comparison["output"]
    assert (total.frames, total.count, total.max_abs, total.mean_abs) == (2, 4, 2.0, 1.5)
    assert (report.num_failures, report.missing_keys, report.extra_keys) == (0, {}, {})


def test_what_cannot_be_compared_is_noted(reference: str) -> None:
    report = compared(reference, {"utt1": np.ones((2, 2), np.float32), "other": TABLE["utt1"]})
    assert [failure.key for failure in report.failures] == ["utt1"]
    assert "found [2, 2] and [1, 2]" in report.failures[0].message
    assert report.missing_keys == {reference: ["other"]}
    assert report.extra_keys == {reference: ["utt2", "utt3"]}
    assert report.comparison == {}


def test_no_frames_are_not_as_good_as_some(reference: str) -> None:
    assert compared(reference, {"utt1": np.zeros((0, 2), np.float32)}).num_failures == 1
    assert compared(reference, {"utt2": np.zeros((1, 2), np.float32)}).num_failures == 1


def test_references_of_utterances_that_failed_before_are_not_extra(reference: str) -> None:
    report = RunReport(tool_version="")
    report.add_failure("utt2", "damaged")
    with ReferenceTables({"output": reference}, by_position=False, allow_commands=False) as tables:
        tables.note_unused(report)
    assert report.extra_keys == {reference: ["utt1", "utt3"]}


def test_by_position(reference: str) -> None:
    report = compared(reference, {"a": TABLE["utt1"]}, by_position=True)
    assert report.comparison["output"].max_abs == 0
    assert report.extra_keys == {reference: ["utt2", "utt3"]}
    more = {name: np.atleast_2d(matrix) for name, matrix in zip("abc", TABLE.values(), strict=True)}
    report = compared(reference, {**more, "d": TABLE["utt1"]}, by_position=True)
    assert report.missing_keys == {reference: ["d"]}


def test_damaged_references_stop_unless_they_are_skipped(reference: str) -> None:
    Path("reference.ark").unlink()
    with pytest.raises(FileAccessError, match=r"reference.ark: no such file"):
        compared(reference, {"utt1": TABLE["utt1"]})
    report = compared(reference, {"utt1": TABLE["utt1"]}, skip_damaged=True)
    assert [failure.key for failure in report.failures] == ["utt1"]


def test_a_threshold_that_is_no_number_is_wrong_use(reference: str) -> None:
    with (
        ReferenceTables({"output": reference}, by_position=False, allow_commands=False) as tables,
        pytest.raises(UsageError),
    ):
        tables.compare("utt1", {"output": TABLE["utt1"]}, RunReport(tool_version=""), float("nan"))


def test_a_missing_table_leaves_none_open(reference: str) -> None:
    tables = ReferenceTables({"a": reference, "b": "missing.ark"}, by_position=False, allow_commands=False)
    with pytest.raises(FileAccessError), tables:
        pytest.fail("it was entered")

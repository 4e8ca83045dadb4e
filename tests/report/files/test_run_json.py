"""The JSON report of a run."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from ov_asr_score.comparison import ScoreDifference
from ov_asr_score.report.data.run import FORMAT_VERSION, RunReport, UtteranceReport, as_dict
from ov_asr_score.report.files.run_json import JsonReportWriter


def utterance(key: str) -> UtteranceReport:
    return UtteranceReport(key, 10, 2, 1, 0.25, {"logits": 5}, {"logits": ScoreDifference(max_abs=0.5)})


def written(*keys: str, report: RunReport | None = None) -> str:
    file = io.StringIO()
    with JsonReportWriter(file) as writer:
        for key in keys:
            writer.utterance(utterance(key))
        writer.finish(report or RunReport("1.0"))
    return file.getvalue()


def refuse_constant(name: str) -> Any:
    raise AssertionError(f"not JSON: {name}")


@pytest.mark.parametrize("keys", [(), ("a",), ("a", "b", "c")])
def test_report_is_one_object_with_all_utterances(keys: tuple[str, ...]) -> None:
    report = RunReport("1.0", notes=["graph mended"])
    found = json.loads(written(*keys, report=report), parse_constant=refuse_constant)
    assert list(found)[:3] == ["format", "format_version", "utterances"]
    assert found.pop("format") == "ov-asr-score-report"
    assert found.pop("utterances") == [as_dict(utterance(key)) for key in keys]
    assert found["format_version"] == FORMAT_VERSION == 1
    assert found == as_dict(report)


def test_no_duplicate_names() -> None:
    names: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names[:] = [name for name, _ in pairs]
        return dict(pairs)

    json.loads(written("a"), object_pairs_hook=collect)
    assert len(names) == len(set(names)) > 10


def test_utterances_are_flushed_line_by_line() -> None:
    file = io.StringIO()
    with JsonReportWriter(file) as writer:
        writer.utterance(utterance("first"))
        assert json.loads(file.getvalue().splitlines()[-1])["key"] == "first"
        writer.utterance(utterance("second"))
        assert json.loads(file.getvalue().splitlines()[-1])["key"] == "second"
        writer.finish(RunReport("1.0"))


@pytest.mark.parametrize("key", ["a[0:9]", 'quote"back\\slash', "汉字", "\udc80byte", "\x1b[31m\n", "\u2028"])
def test_any_key_round_trips_through_ascii(key: str) -> None:
    text = written(key)
    assert text.isascii()
    assert json.loads(text)["utterances"][0]["key"] == key


def test_nonfinite_numbers_are_strings() -> None:
    report = RunReport("1.0", comparison={"logits": ScoreDifference(max_abs=float("inf"), sum_abs=float("nan"))})
    found = json.loads(written(report=report), parse_constant=refuse_constant)["comparison"]["logits"]
    assert (found["max_abs"], found["sum_abs"], found["mean_abs"]) == ("inf", "nan", 0.0)


@pytest.mark.parametrize("keys", [(), ("a", "b")])
def test_interrupted_run_leaves_valid_json(keys: tuple[str, ...]) -> None:
    file = io.StringIO()
    with pytest.raises(KeyboardInterrupt), JsonReportWriter(file) as writer:
        for key in keys:
            writer.utterance(utterance(key))
        raise KeyboardInterrupt
    found = json.loads(file.getvalue())
    assert [each["key"] for each in found["utterances"]] == list(keys)
    assert found["verdict"] == "incomplete"


def test_writer_does_not_close_file() -> None:
    file = io.StringIO()
    with JsonReportWriter(file) as writer:
        writer.finish(RunReport("1.0"))
    assert not file.closed

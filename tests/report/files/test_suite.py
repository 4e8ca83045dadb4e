"""Suite reports as JSON, JUnit XML and Markdown."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.report.data.suite import (
    ErrorPlace,
    RankedRun,
    Ranking,
    RunResult,
    Status,
    SuiteReport,
    WordResult,
    share_text,
)
from ov_asr_score.report.data.words import WordChanges
from ov_asr_score.report.files.suite import suite_json, suite_junit, suite_markdown

PASSED = RunResult(
    "a",
    "CPU",
    "f32",
    "passed",
    tags=("x",),
    frames=16,
    max_error=0.25,
    rms_error=0.125,
    class_agreement=1.0,
    place=ErrorPlace("utt1", 1, 2),
    frames_per_second=1234.5,
    seconds=0.5,
)
FAILED = RunResult("a", "CPU", "bf16", "failed", ("too far", "too\nslow"), max_error=math.inf, rms_error=math.nan)
BROKEN = RunResult("b", "GPU", "f32", "error", ("no file",))
SKIPPED = RunResult("b", "NPU", "f32", "skipped", ("no NPU here",))
REPORT = SuiteReport("s.toml", (PASSED, FAILED, BROKEN, SKIPPED), ("r.ark",), 2.0, "1.2", {"openvino": "2026.4"})


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((), "nothing"),
        ((SKIPPED,), "nothing"),
        ((PASSED, SKIPPED), "ok"),
        ((PASSED, FAILED), "failed"),
        ((PASSED, BROKEN), "failed"),
        ((SKIPPED, BROKEN), "failed"),
    ],
)
def test_verdict(results: tuple[RunResult, ...], verdict: str) -> None:
    assert SuiteReport("s", results).verdict == verdict


def test_agreement_is_100_percent_only_if_exact() -> None:
    assert [share_text(share) for share in (1.0, 1 - 1e-9, 0.5, None)] == ["100.000%", "99.999%", "50.000%", ""]


def test_json() -> None:
    data = json.loads(suite_json(REPORT))
    assert (data["format"], data["format_version"], data["verdict"]) == ("ov-asr-score-check", 1, "failed")
    assert data["counts"] == {"passed": 1, "failed": 1, "error": 1, "skipped": 1}
    assert [run["name"] for run in data["runs"]] == ["a [CPU f32]", "a [CPU bf16]", "b [GPU f32]", "b [NPU f32]"]
    assert data["runs"][0]["place"] == {"key": "utt1", "frame": 1, "column": 2}
    assert (data["runs"][1]["max_error"], data["runs"][1]["rms_error"]) == ("inf", "nan")
    assert json.loads(suite_json(SuiteReport("s", ())))["runs"] == []


def test_junit() -> None:
    root = ElementTree.fromstring(suite_junit(REPORT))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in root] == [
        ("a", "1", "0"),
        ("b", "0", "1"),
    ]
    passed, failed, broken, skipped = root.iter("testcase")
    assert (passed.get("classname"), passed.get("name"), passed.get("time")) == ("a", "CPU f32", "0.500")
    assert [each.tag for each in passed] == ["properties"]
    assert {each.get("name"): each.get("value") for each in passed.iter("property")} == {
        "max_error": "0.25",
        "rms_error": "0.125",
        "class_agreement": "1",
        "frames_per_second": "1234.5",
    }
    failure = failed.find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("too far; too slow", "too far\ntoo\nslow")
    assert broken.find("error") is not None
    assert skipped.find("skipped") is not None


def test_markdown() -> None:
    lines = suite_markdown(REPORT).splitlines()
    assert lines[0] == "## ❌ s.toml: failed"
    assert lines[2] == "1 passed, 1 failed, 1 error, 1 skipped in 2.0 s; ov-asr-score 1.2, OpenVINO 2026.4"
    assert lines[6] == "| a | CPU | f32 | ✅ passed | 0.25 | 0.125 | 100.000% | 1,234 |  |"
    assert lines[7] == "| a | CPU | bf16 | ❌ failed | inf | nan |  |  | too far; too slow |"
    assert lines[-1] == "Recorded: r.ark"


CHANGES = WordChanges("a [CPU f32]", 9, 2, 159, 3, 1300 / 159, 1300 / 159)
WORDS = replace(PASSED, precision="bf16", words=WordResult(9, 1300 / 159, 13, 159, CHANGES))
RANKING = Ranking(
    "text",
    9,
    159,
    (
        RankedRun("a [CPU f32]", 1300 / 159, 13, 0.0125, 1_351_000, None, None),
        RankedRun("b [CPU f32]", 1400 / 159, 14, None, None, 0.974, 0.25),
    ),
)
WITH_WORDS = replace(REPORT, results=(PASSED, WORDS), rankings=(RANKING,))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (WordResult(9, None, None, None, None), ""),
        (WordResult(9, 1300 / 159, 13, 159, None), "WER 8.18"),
        (WordResult(9, 1300 / 159, 13, 159, CHANGES), "WER 8.18 -> 8.18, 3 of 159 words changed"),
        (WordResult(9, None, None, None, WordChanges("h", 9, 2, 159, 3, None, None)), "3 of 159 words changed"),
        # nothing in common with the other hypothesis
        (WordResult(9, 5.0, 1, 20, WordChanges("h", 0, 0, 0, 0, None, None)), "WER 5.00, 0 of 0 words changed"),
    ],
)
def test_texts_of_words(words: WordResult, text: str) -> None:
    assert words.text == text


def test_words_in_all_formats() -> None:
    data = json.loads(suite_json(WITH_WORDS))
    assert data["runs"][0]["words"] is None
    assert data["runs"][1]["words"]["changes"]["hypothesis"] == "a [CPU f32]"
    assert [run["p_value"] for run in data["rankings"][0]["runs"]] == [None, 0.25]
    first, second = ElementTree.fromstring(suite_junit(WITH_WORDS)).iter("testcase")
    assert not [each for each in first.iter("property") if "w" in str(each.get("name"))]
    properties = {each.get("name"): each.get("value") for each in second.iter("property")}
    assert properties["wer_percent"] == properties["wer_percent_before"] == "8.1761"
    assert properties["changed_words"] == "3"
    lines = suite_markdown(WITH_WORDS).splitlines()
    assert lines[4].endswith("| frames/s | words | reason |")
    assert lines[7].endswith("| 1,234 | WER 8.18 -&gt; 8.18, 3 of 159 words changed |  |")
    assert lines[9:15] == [
        "### text: 9 utterances, 159 words",
        "",
        "| WER | errors | real-time factor | model MB | worse than the first | p | case [device precision] |",
        "|---:|---:|---:|---:|---:|---:|---|",
        "| 8.18 | 13 | 0.0125 | 1.35 |  |  | a &#91;CPU f32&#93; |",
        "| 8.81 | 14 |  |  | 97.4% | 0.25 | b &#91;CPU f32&#93; |",
    ]


HOSTILE = "<b a='1'>&amp; ]]> \x1b[2J \x00 \ud800 | ` * # [x](http://e) ![i](www.e) @me <!-- \r\n \u202e _x_ a_b"


def test_hostile_names_are_escaped() -> None:
    result = RunResult(HOSTILE, HOSTILE, "f32", "failed", (HOSTILE,), (HOSTILE,))
    report = SuiteReport(HOSTILE, (result,), (HOSTILE,))
    root = ElementTree.fromstring(suite_junit(report).encode())
    (test,) = root.iter("testcase")
    assert "<b a='1'>&amp; ]]> \\x1b[2J \\x00 \\ud800" in str(test.get("classname"))
    assert json.loads(suite_json(report))["runs"][0]["reasons"] == [HOSTILE]
    markdown = suite_markdown(report)
    markdown.encode()
    row = markdown.splitlines()[6]
    assert row.count("|") == 10
    for mark in ("<", "`", "[", "](", "![", "http://", "www.e", "@me", "\x1b", "\x00", "\u202e", " _x_"):
        assert mark not in row.replace("\\x1b", ""), mark
    assert "a_b" in row


@given(st.text(max_size=30), st.sampled_from(["passed", "failed", "error", "skipped"]))
def test_any_text_gives_valid_junit_and_markdown(text: str, status: Status) -> None:
    report = SuiteReport(text, (RunResult(text, text, text, status, (text,)),), (text,))
    ElementTree.fromstring(suite_junit(report).encode())
    json.loads(suite_json(report))
    rows = [line for line in suite_markdown(report).split("\n") if line.startswith("| ")]
    assert [row.count("|") for row in rows] == [10, 10]

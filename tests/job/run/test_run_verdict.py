from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.comparison import Limits, compare_scores
from ov_asr_score.job.run.run_verdict import judge
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.settings.words.word_limits import WordLimits


def scored(error: float | None = None) -> RunReport:
    report = RunReport(tool_version="")
    report.totals.utterances = 1
    if error is not None:
        report.add_difference("utt1", "output", compare_scores(np.array([[error]]), np.zeros((1, 1))))
    return report


@pytest.mark.parametrize(
    ("report", "references", "verdict", "messages"),
    [
        (scored(), {}, "ok", []),
        (scored(0.5), {"output": "r"}, "ok", []),
        (scored(1.5), {"output": "r"}, "failed", ["max error 1.5 exceeds --max-error 1"]),
        (scored(1.5), {"output": "r", "b": "s"}, "failed", ["output: max error 1.5 exceeds --max-error 1"]),
        (scored(), {"output": "r"}, "failed", ["no utterance could be compared with r"]),
        (RunReport(tool_version=""), {"output": "r"}, "failed", ["there were no utterances"]),
        (scored(float("nan")), {"output": "r"}, "failed", ["scores and reference disagree in NaN or infinity: 1"]),
    ],
)
def test_verdicts(report: RunReport, references: dict[str, str], verdict: str, messages: list[str]) -> None:
    judge(report, references, Limits(max_error=1.0), allow_missing=False)
    assert report.verdict == verdict
    for message, expected in zip(report.limit_messages, messages, strict=False):
        assert message.startswith(expected)
    assert bool(report.limit_messages) == bool(messages)


def test_failed_utterances_fail_the_run() -> None:
    report = scored()
    report.add_failure("utt2", "damaged")
    judge(report, {}, Limits(), allow_missing=True)
    assert (report.verdict, report.limit_messages) == ("failed", [])


@pytest.mark.parametrize("gaps", ["missing_keys", "extra_keys"])
def test_gaps_fail_the_run_unless_they_are_allowed(gaps: str) -> None:
    for allowed, verdict in ((False, "failed"), (True, "ok")):
        report = scored()
        getattr(report, gaps)["table"] = ["utt2"]
        judge(report, {}, Limits(), allow_missing=allowed)
        assert report.verdict == verdict


def test_words_fail_the_run() -> None:
    report = scored()
    report.words = WordTotals()
    judge(report, {}, Limits(), allow_missing=False, words=WordLimits(max_changed_words=0))
    assert report.verdict == "failed"
    assert report.limit_messages == ["no words were compared with those of the other hypothesis"]

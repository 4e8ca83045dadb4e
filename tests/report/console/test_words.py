"""What was decoded, on the console."""

from __future__ import annotations

import io

from rich.console import Console

from ov_asr_score.report.console.words import render_decode_report
from ov_asr_score.report.data.failed_utterances import MAX_LISTED_FAILURES
from ov_asr_score.report.data.words import DecodeReport, WordChanges, WordErrorCounts, WordTotals


def report_of(totals: WordTotals, *limits: str) -> DecodeReport:
    return DecodeReport("ark:scores.ark", "final.mdl", totals, 1.5, limits, ["a note"], None, "0.1.0", {"numpy": "2"})


def lines_of(report: DecodeReport) -> list[str]:
    file = io.StringIO()
    render_decode_report(report, Console(file=file, width=40))
    return file.getvalue().splitlines()


def test_lines() -> None:
    errors = WordErrorCounts(3, 1, 20, 0, 0, 1, 5.0, 100 / 3, ("%WER 5.00", "%SER 33.33", "Scored 3 sentences"))
    totals = WordTotals("HCLG.fst", 0.1, 3, 1, 1000, 20, 100.0, -300.0, 0.5, errors=errors)
    for number in range(12):
        totals.add_failure(f"utt{number}", "no frames")
    totals.changes = WordChanges("other.txt", 3, 2, 159, 3, 8.176, 8.176)
    report = report_of(totals, "too many words changed")
    assert lines_of(report) == [
        "note: a note",
        "decoded 3 utterances, 1,000 frames: 20 words, 1 of them not to a final state, 12 without words; "
        "log-likelihood per frame 0.2; 2,000 frames per second of processor time",
        "%WER 5.00",
        "%SER 33.33",
        "Scored 3 sentences",
        "WER 8.18 -> 8.18, 3 of 159 words changed, compared with other.txt",
        *(f"no words: utt{number}: no frames" for number in range(10)),
        "no words: 2 more utterances",
        "failed: too many words changed",
    ]
    assert totals.log_likelihood_per_frame == 0.2
    assert report.verdict == "failed"


def test_nothing_was_decoded() -> None:
    report = report_of(WordTotals())
    assert lines_of(report) == ["note: a note", "decoded 0 utterances, 0 frames: 0 words"]
    assert (report.verdict, report.totals.log_likelihood_per_frame) == ("ok", 0.0)
    assert report_of(WordTotals(utterances=1)).verdict == "ok"
    assert report_of(WordTotals(utterances=1), "too many words changed").verdict == "failed"


def test_warnings_that_differ_by_numbers_only_are_told_once() -> None:
    totals = WordTotals()
    for key, text in (("a", "1 word left out"), ("b", "12 words left out"), ("c", "3 words left out"), ("d", "cut")):
        totals.add_warning(key, text)
    assert [str(each) for each in totals.warnings] == [
        "1 word left out (utterance a)",
        "12 words left out (2 utterances, first b)",
        "cut (utterance d)",
    ]


def test_failures_are_counted_beyond_the_list() -> None:
    totals = WordTotals()
    for number in range(MAX_LISTED_FAILURES + 5):
        totals.add_failure(str(number), "no frames")
    assert (len(totals.failures), totals.num_failures) == (MAX_LISTED_FAILURES, MAX_LISTED_FAILURES + 5)

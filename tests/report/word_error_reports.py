"""A report of word errors with something in every field."""

from __future__ import annotations

from dataclasses import replace
from math import nan

from ov_asr_score.report.data.word_errors import (
    HypothesisComparison,
    HypothesisReport,
    MissedWord,
    PartErrors,
    SubstitutedWord,
    SweepCell,
    SweepReport,
    WordErrorsReport,
)
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.bootstrap import ErrorInterval, SignTest
from ov_asr_score.word_errors.totals import UtteranceErrors

HOSTILE = '<script>alert("x")</script>'
WORST = UtteranceErrors(
    "utt1",
    "ann",
    EditCounts(3, 1, 1, 1),
    EditCounts(9, 1, 2, 3),
    (("grüße", "grüße"), ("日本", HOSTILE), (None, "a"), ("weg", None)),
)
LONG = UtteranceErrors("utt2", "", EditCounts(30000, 0, 1, 0), None, None)
FIRST = HypothesisReport(
    path="hyp.txt",
    kaldi_lines=("%WER 10.00 [ 4 / 40, 1 ins, 2 del, 1 sub ]", "%SER 50.00 [ 1 / 2 ]", "Scored 2 sentences, …"),
    words=EditCounts(40, 1, 2, 1),
    characters=EditCounts(100, 1, 2, 3),
    sentences=2,
    wrong_sentences=1,
    ser_percent=50.0,
    absent=1,
    extra=2,
    interval=ErrorInterval(10.5, 5.25, 15.75),
    speakers=(PartErrors("ann", 1, 1, EditCounts(10, 1, 1, 1), EditCounts(50, 1, 2, 3)),),
    groups=(PartErrors("clean", 1, 0, EditCounts(0, 1), None),),
    substitutions=(SubstitutedWord("日本", "x", 1234),),
    deletions=(MissedWord("weg", 2),),
    insertions=(MissedWord("a", 1),),
    worst=(WORST, LONG),
)
SECOND = HypothesisReport(
    "new.txt", ("%WER -nan", "b", "c"), EditCounts(), None, 0, 0, nan, 0, 0, None, (), (), (), (), (), ()
)
CELLS = [
    SweepCell(weight, penalty, EditCounts(40, 0, round(weight))) for weight in (4.0, 8.5) for penalty in (0.0, 0.5)
]
SWEPT = replace(FIRST, path="ark:lat.ark", sweep=SweepReport(4.0, 0.5, CELLS), groups=(), worst=(LONG,))


def word_errors_report(*hypotheses: HypothesisReport, failures: tuple[str, ...] = ()) -> WordErrorsReport:
    """A report of these hypotheses, which are compared if they are two."""
    comparison = HypothesisComparison(2, 10.0, 9.5, 0.975, SignTest(5, 1, 3, 0.21875))
    return WordErrorsReport(
        reference="text",
        mode="present",
        rules="rules.txt",
        character_errors="with-spaces",
        replications=1000,
        seed=7,
        hypotheses=hypotheses,
        comparison=comparison if len(hypotheses) == 2 else None,
        failures=failures,
        notes=("a note",),
        total_seconds=1.5,
        command=("ov-asr-score", "wer"),
        tool_version="0.1.0",
        versions={"kaldialign": "1"},
    )

"""Settings of tables and reports that several jobs have.

Tests: tests/settings/test_setting.py
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from ov_asr_score.settings.setting import IVECTORS, MODEL, REPORTS, TABLES, Setting

Tables = str | Sequence[str] | Mapping[str, str]
"""Specifiers by layer name, or texts as the command line takes them: ``SPEC``, ``layer=SPEC``, with commas between."""

PAIR = Setting(
    "Match utterances of several tables by key, or by position as speech_sample did.",
    names=("--pair",),
    panel=TABLES,
    choices=("key", "position"),
    in_suite=True,
    changes_bytes=True,
)
AllowMissing = Annotated[
    bool,
    Setting(
        "Skip utterances that are missing from some tables instead of failing.",
        panel=TABLES,
        in_suite=True,
        changes_bytes=True,
    ),
]
AllowCommands = Annotated[
    bool,
    Setting(
        "Run commands in place of files (`cmd |`); without it they are refused, so that data never runs as code.",
        panel=TABLES,
    ),
]
PathMaps = Annotated[
    Sequence[str],
    Setting(
        "Where the files are that a script of another machine names: paths that begin with OLD (whole folders; . for "
        "relative paths) begin with NEW instead; may be repeated, and the longest OLD counts.",
        names=("--path-map",),
        metavar="OLD=NEW",
        panel=TABLES,
        repeated=True,
        in_suite=True,
    ),
]
OnError = Annotated[
    Literal["stop", "skip"],
    Setting(
        "What to do about an utterance that cannot be read or scored.", panel=TABLES, in_suite=True, changes_bytes=True
    ),
]
Ivectors = Annotated[
    str,
    Setting(
        "One i-vector per utterance, or per speaker with --utt2spk, for the input ivector.",
        metavar="RSPECIFIER",
        panel=IVECTORS,
        in_suite=True,
    ),
]
OnlineIvectors = Annotated[
    str,
    Setting(
        "Matrices of online i-vectors, for the input ivector.", metavar="RSPECIFIER", panel=IVECTORS, in_suite=True
    ),
]
OnlineIvectorPeriod = Annotated[
    int,
    Setting(
        "Number of frames per row of --online-ivectors.",
        metavar="N",
        panel=IVECTORS,
        least=0,
        checked_later=True,
        in_suite=True,
    ),
]
States = Annotated[
    Sequence[str],
    Setting(
        "A state: the input IN gets what the output OUT gave in the previous request, and zeros at the start of an "
        "utterance; IN=OUT[1,0,4] gives their shape; may be repeated.",
        names=("--state",),
        metavar="IN=OUT",
        panel=MODEL,
        repeated=True,
        in_suite=True,
        changes_bytes=True,
    ),
]
CompressionMethod = Annotated[
    int | None,
    Setting(
        "Write compressed matrices, with this compression method of Kaldi.",
        metavar="1-7",
        panel=TABLES,
        least=1,
        most=7,
        changes_bytes=True,
    ),
]
VectorsAs = Annotated[
    Literal["vector", "matrix"],
    Setting(
        "How to write an output that has one vector per utterance: as a vector, or as a matrix with one row.",
        panel=TABLES,
        changes_bytes=True,
    ),
]
Report = Annotated[
    str,
    Setting(
        "Write a report: everything as JSON, a page as HTML (docs/html-report.md), or a table as CSV, of layers "
        "with -pc and of utterances without (docs/report-format.md).",
        metavar="FILE.json|FILE.html|FILE.csv",
        panel=REPORTS,
    ),
]
ReportScores = Annotated[
    bool,
    Setting("Add pictures of the scores of the worst utterances to the HTML report.", panel=REPORTS),
]

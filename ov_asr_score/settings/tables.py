"""Settings of tables and reports that several jobs have."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from ov_asr_score.settings.setting import REPORTS, TABLES, Setting

Tables = str | Sequence[str] | Mapping[str, str]
"""Specifiers by layer name, or texts as the command line takes them: ``SPEC``, ``layer=SPEC``, with commas between."""

PAIR = Setting(
    "Join several tables by utterance key, or by position as the old sample did.",
    names=("--pair",),
    panel=TABLES,
    choices=("key", "position"),
    in_suite=True,
    changes_bytes=True,
)
AllowMissing = Annotated[
    bool,
    Setting("Utterances that not all tables have are no error.", panel=TABLES, in_suite=True, changes_bytes=True),
]
AllowCommands = Annotated[
    bool,
    Setting("Run commands in specifiers (`cmd |`); off, so that data never runs as code.", panel=TABLES),
]
OnError = Annotated[
    Literal["stop", "skip"],
    Setting("After an utterance that cannot be read or scored.", panel=TABLES, in_suite=True, changes_bytes=True),
]
CompressionMethod = Annotated[
    int | None,
    Setting(
        "Write compressed matrices, by Kaldi's method.",
        metavar="1-7",
        panel=TABLES,
        least=1,
        most=7,
        changes_bytes=True,
    ),
]
Report = Annotated[
    str,
    Setting(
        "Write everything as JSON, as a page for people (docs/html-report.md), or as CSV the layers with -pc, "
        "else the utterances (docs/report-format.md).",
        metavar="FILE.json|FILE.html|FILE.csv",
        panel=REPORTS,
    ),
]
ReportScores = Annotated[
    bool,
    Setting("Pictures of the scores of the worst utterances in the page, which shows none otherwise.", panel=REPORTS),
]

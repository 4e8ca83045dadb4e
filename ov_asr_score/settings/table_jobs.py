"""What the jobs on tables, reports and suites are asked to do.

Tests: tests/settings/test_setting.py, tests/cli/commands
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from ov_asr_score.settings.limits import DEFAULT_THRESHOLD, Limits, Measures, Threshold
from ov_asr_score.settings.setting import SELECTION, Setting
from ov_asr_score.settings.tables import (
    PAIR,
    AllowCommands,
    AllowMissing,
    CompressionMethod,
    OnError,
    PathMaps,
    Report,
    ReportScores,
)


@dataclass(frozen=True, slots=True)
class CompareJob:
    """A comparison of the table ``scores`` with the table ``reference``, joined by utterance key."""

    scores: Annotated[
        str, Setting("Table of scores; the forms are those of score -i.", metavar="SCORES", positional=True)
    ]
    reference: Annotated[str, Setting("Table of reference scores.", metavar="REFERENCE", positional=True)]
    threshold: Threshold = DEFAULT_THRESHOLD
    limits: Limits = field(default_factory=Limits)
    measures: Measures = True
    by_position: Annotated[bool, replace(PAIR, parse=lambda text: text == "position", shown="key")] = False
    allow_missing: AllowMissing = False
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    report: Report = ""
    report_scores: ReportScores = False
    command: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CopySettings:
    """A copy of the table ``source`` to the table ``target``; ``precision`` None keeps element types as they are."""

    source: Annotated[
        str, Setting("Table to read: ark:…, scp:…, npz, file name, -.", metavar="RSPECIFIER", positional=True)
    ]
    target: Annotated[
        str, Setting("Table to write: ark,t:-, ark,scp:a,b, x.npz …", metavar="WSPECIFIER", positional=True)
    ]
    precision: Annotated[
        Literal["f32", "f64"] | None,
        Setting("Floating-point type to write; without it, the type stays as it is.", names=("--output-precision",)),
    ] = None
    compression_method: CompressionMethod = None
    columns: Annotated[
        str,
        Setting(
            "Copy these columns, as select-feats takes them: 0-12,39, in any order.", metavar="LIST", panel=SELECTION
        ),
    ] = ""
    rows: Annotated[
        str,
        Setting(
            "Copy these rows of every utterance, both included, from 0; negative ones count from the end: 0:99, 100:, "
            "-50:.",
            metavar="FIRST:LAST",
            panel=SELECTION,
        ),
    ] = ""
    include: Annotated[
        str,
        Setting("Copy the utterances whose keys begin the lines of FILE.", metavar="FILE", panel=SELECTION),
    ] = ""
    exclude: Annotated[
        str,
        Setting("Copy all utterances but those whose keys begin the lines of FILE.", metavar="FILE", panel=SELECTION),
    ] = ""
    max_utterances: Annotated[
        int | None,
        Setting(
            "Copy the first N utterances.", names=("--max-utterances", "--n"), metavar="N", panel=SELECTION, least=0
        ),
    ] = None
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"


@dataclass(frozen=True, slots=True)
class TableInfoSettings:
    """What is told of ``tables``, and the lists that are written; an empty name writes none."""

    tables: Annotated[
        Sequence[str],
        Setting(
            "Tables: ark:…, scp:…, npz, npy, file names, -.", metavar="RSPECIFIER...", positional=True, repeated=True
        ),
    ]
    utt2num_frames: Annotated[
        str, Setting("Write the number of frames of every utterance, as feat-to-len does.", metavar="FILE")
    ] = ""
    utt2dur: Annotated[
        str, Setting("Write the seconds of every utterance, as utils/data/get_utt2dur.sh does.", metavar="FILE")
    ] = ""
    frame_shift_seconds: Annotated[
        float,
        Setting("Speech per frame, for durations.", names=("--frame-shift",), metavar="SECONDS", least=0.0001),
    ] = 0.01
    check_values: Annotated[bool, Setting("Read all values: their range and mean, NaN and infinity.")] = False
    report: Annotated[str, Setting("Write everything as JSON; - for standard output.", metavar="FILE.json")] = ""
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """The tables ``shards`` as one table ``output``, in their order or in that of the file ``order``."""

    shards: Annotated[
        Sequence[str],
        Setting(
            "Tables to join, in this order: ark:…, scp:…, or file names.",
            metavar="SHARD...",
            positional=True,
            repeated=True,
        ),
    ]
    output: Annotated[
        str,
        Setting(
            "Table to write: ark:FILE, ark,scp:A,B, or scp:FILE to join scripts only.",
            names=("--output", "-o"),
            metavar="WSPECIFIER",
        ),
    ]
    order: Annotated[
        str,
        Setting("Script or list of keys: write exactly these utterances, in this order.", metavar="FILE"),
    ] = ""
    allow_missing: Annotated[bool, Setting("Skip utterances of --order that are in no shard instead of failing.")] = (
        False
    )
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()


@dataclass(frozen=True, slots=True)
class CompareProfilesSettings:
    """Profiles of two runs, and how much slower the second may be."""

    before: Annotated[str, Setting("Report of a run with -pc, as JSON or CSV.", metavar="A", positional=True)]
    after: Annotated[str, Setting("Report of the run to judge.", metavar="B", positional=True)]
    max_slowdown: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if all layers together, or one with --min-share, take more than RATIO times as long.",
            metavar="RATIO",
            least=0.0,
        ),
    ] = None
    min_share: Annotated[
        float,
        Setting(
            "Layers with a smaller share of A's time need not keep --max-slowdown on their own.",
            metavar="PERCENT",
            least=0.0,
            most=100.0,
        ),
    ] = 5.0


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """A suite, which of its cases are run, and where the outcome is written."""

    suite: Annotated[str, Setting("Cases, devices and limits (docs/ci.md).", metavar="SUITE.toml", positional=True)]
    only: Annotated[
        Sequence[str],
        Setting(
            "Run only these cases; may be repeated, and * and ? match anything.", metavar="NAME|TAG", repeated=True
        ),
    ] = ()
    junit: Annotated[str, Setting("Write JUnit XML.", metavar="FILE.xml")] = ""
    json: Annotated[str, Setting("Write JSON.", metavar="FILE.json")] = ""
    markdown: Annotated[str, Setting("Write Markdown, for example for the summary of a CI job.", metavar="FILE.md")] = (
        ""
    )
    report: Annotated[str, Setting("Write an HTML report (docs/html-report.md).", metavar="FILE.html")] = ""
    require_all: Annotated[bool, Setting("Count cases that cannot run on this machine as failed, not as skipped.")] = (
        False
    )
    update: Annotated[
        bool,
        Setting("Write new references for cases that have none or exceed their limits, and the baseline."),
    ] = False

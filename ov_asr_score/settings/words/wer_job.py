"""What is asked when the words of a hypothesis are compared with those of a reference.

Tests: tests/settings/test_setting.py, tests/cli/commands/test_wer.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from ov_asr_score.settings.setting import COMPARISON, REPORTS, TABLES, Setting
from ov_asr_score.settings.tables import AllowCommands
from ov_asr_score.settings.words.wer_sweep import SweepSettings

GivenFormat: TypeAlias = Literal["auto", "text", "trn", "stm", "ctm", "json"]
CharacterErrors: TypeAlias = Literal["none", "without-spaces", "with-spaces"]

_FORMATS = (
    "text (Kaldi's: key, then words), trn, stm, ctm (words with times), json (a transcript of this program), or auto: "
    "by the suffix of the name, text for any other."
)


@dataclass(frozen=True, slots=True)
class CountingSettings:
    """What counts as an error, and in which utterances."""

    mode: Annotated[
        Literal["strict", "present", "all"],
        Setting(
            "Utterances that the hypothesis lacks: strict ends with an error, present leaves them out, all counts them "
            "as empty.",
            panel=COMPARISON,
        ),
    ] = "strict"
    rules: Annotated[
        str,
        Setting(
            "Change both texts by the rules in FILE before: case, punctuation, words that do not count … "
            "(docs/word-errors.md).",
            metavar="FILE",
            panel=COMPARISON,
        ),
    ] = ""
    characters: Annotated[
        CharacterErrors,
        Setting(
            "Count errors in characters (CER), too: without-spaces joins the words, with-spaces counts the space "
            "between two words as a character.",
            names=("--cer",),
            panel=COMPARISON,
        ),
    ] = "none"
    replications: Annotated[
        int,
        Setting(
            "Resamples of the utterances for confidence intervals; 0 for none.", metavar="N", panel=COMPARISON, least=0
        ),
    ] = 10000
    seed: Annotated[
        int,
        Setting(
            "Where the random numbers of resampling begin.", metavar="N", panel=COMPARISON, least=0, most=2**32 - 1
        ),
    ] = 0


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """What is told besides the totals."""

    utt2spk: Annotated[
        str,
        Setting("Errors by speaker, as this table names them; stm files tell theirs.", metavar="FILE", panel=TABLES),
    ] = ""
    groups: Annotated[
        str,
        Setting(
            "Errors by group: a table with a line `utterance group` for each utterance, as utt2spk has.",
            metavar="FILE",
            panel=TABLES,
        ),
    ] = ""
    worst: Annotated[
        int, Setting("Show the N utterances with the most errors, aligned.", metavar="N", panel=REPORTS, least=0)
    ] = 5
    confusions: Annotated[
        int,
        Setting(
            "Show the N most frequent substitutions, deletions and insertions.", metavar="N", panel=REPORTS, least=0
        ),
    ] = 10


@dataclass(frozen=True, slots=True)
class WerJob:
    """Word errors of the texts ``hypothesis`` and perhaps ``hypothesis_2``, against ``reference``.

    A word error rate above ``max_wer`` fails, and so on. ``report`` is the path of a report: JSON, a page, or a table
    of utterances.
    """

    reference: Annotated[str, Setting("What was said: a text file, or ark:….", metavar="REF", positional=True)]
    hypothesis: Annotated[
        str, Setting("What was recognized; with --sweep a table of lattices.", metavar="HYP", positional=True)
    ]
    hypothesis_2: Annotated[
        str, Setting("Another hypothesis, to be compared with the first one.", metavar="HYP2", positional=True)
    ] = ""
    counting: CountingSettings = field(default_factory=CountingSettings)
    details: ErrorDetails = field(default_factory=ErrorDetails)
    sweep: SweepSettings = field(default_factory=SweepSettings)
    reference_format: Annotated[GivenFormat, Setting(f"Format of REF: {_FORMATS}", panel=TABLES)] = "auto"
    hypothesis_format: Annotated[GivenFormat, Setting("Format of HYP and HYP2.", panel=TABLES)] = "auto"
    max_wer: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the word error rate of a hypothesis is above PERCENT.",
            metavar="PERCENT",
            panel=COMPARISON,
            least=0.0,
        ),
    ] = None
    max_cer: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the character error rate of a hypothesis is above PERCENT; counts characters "
            "without-spaces if nothing else is said.",
            metavar="PERCENT",
            panel=COMPARISON,
            least=0.0,
        ),
    ] = None
    max_wer_increase: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the word error rate of HYP2 is higher than that of HYP by more than PERCENT "
            "(from 8 to 9 is 1).",
            metavar="PERCENT",
            panel=COMPARISON,
            least=0.0,
        ),
    ] = None
    allow_commands: AllowCommands = False
    report: Annotated[
        str,
        Setting(
            "Write a report: everything as JSON, a page as HTML, or a table of utterances as CSV "
            "(docs/word-errors.md).",
            metavar="FILE.json|FILE.html|FILE.csv",
            panel=REPORTS,
        ),
    ] = ""
    command: Sequence[str] = ()

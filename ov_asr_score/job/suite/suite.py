"""A suite of cases in plain data: what is scored on which device, and what must hold.

Tests: tests/job/suite/test_file.py, tests/job/suite/test_run.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ov_asr_score.audio.lists.sound_specifier import is_sound_source, parse_sound_specifier
from ov_asr_score.comparison import ScoreDifference
from ov_asr_score.errors import FileAccessError, UnknownNameError
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.tables import Tables
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.text import suggestion


@dataclass(frozen=True, slots=True)
class SuiteLimits:
    """What must hold of a run; None sets no limit.

    ``min_class_agreement`` is the least share of frames with the same best class. ``min_speed_ratio`` is the least
    number of frames per second in proportion to those of the run ``speed_reference``. What ends in ``to_baseline`` is
    in proportion to what a baseline holds of the same run. Word error rates are in percent, and increases their
    differences.
    """

    max_error: float | None = None
    max_rms_error: float | None = None
    max_relative_error: float | None = None
    min_class_agreement: float | None = None
    min_speed_ratio: float | None = None
    speed_reference: str = ""
    max_error_to_baseline: float | None = None
    max_rms_error_to_baseline: float | None = None
    min_speed_to_baseline: float | None = None
    max_wer: float | None = None
    max_wer_increase: float | None = None
    max_changed_words: int | None = None
    max_wer_increase_to_baseline: float | None = None

    @property
    def of_words(self) -> WordLimits:
        """Those of words; what is relative to a baseline is judged apart."""
        return WordLimits(self.max_wer, self.max_wer_increase, self.max_changed_words)

    @property
    def holds_words(self) -> bool:
        """Whether anything is asked of words."""
        return any(getattr(self, name) is not None for name in WORD_LIMITS)

    @property
    def holds_errors(self) -> bool:
        """Whether anything is asked of the distance from references."""
        return any(getattr(self, name) is not None for name in ERROR_LIMITS)

    @property
    def holds_speed(self) -> bool:
        """Whether anything is asked of the speed."""
        return self.min_speed_ratio is not None or self.min_speed_to_baseline is not None

    @property
    def needs_baseline(self) -> bool:
        """Whether anything is held against a baseline."""
        return any(getattr(self, name) is not None for name in BASELINE_LIMITS)


ERROR_LIMITS = (
    "max_error",
    "max_rms_error",
    "max_relative_error",
    "min_class_agreement",
    "max_error_to_baseline",
    "max_rms_error_to_baseline",
)
BASELINE_LIMITS = (
    "max_error_to_baseline",
    "max_rms_error_to_baseline",
    "min_speed_to_baseline",
    "max_wer_increase_to_baseline",
)
WORD_LIMITS = ("max_wer", "max_wer_increase", "max_changed_words", "max_wer_increase_to_baseline")


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """A case on one device in one precision. The first run of a case is the one that records its references."""

    case: str
    device: str
    precision: str
    job: ScoreJob  # paths as the suite has them, from its folder
    limits: SuiteLimits = field(default_factory=SuiteLimits)
    tags: tuple[str, ...] = ()
    runs_only: bool = False  # there are no references: the case must run and give finite scores
    repeats: int = 1  # the speed is the median of so many
    is_first: bool = True
    against: str = ""  # the run whose words its own are compared with

    @property
    def name(self) -> str:
        """``case [CPU f32]``."""
        return run_name(self.case, self.device, self.precision)


@dataclass(frozen=True, slots=True)
class Suite:
    """All runs of a suite in the order of its file."""

    path: Path
    runs: tuple[SuiteRun, ...]

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return self.path.resolve().parent

    @property
    def baseline_path(self) -> Path:
        """The file beside the suite that keeps what runs gave."""
        return self.path.with_name(f"{self.path.stem}.baseline.json")

    def sources(self) -> set[Path]:
        """Models, tables of features, and what words need, absolute."""
        words = {name for run in self.runs for name in _word_files(run.job.decoding) if name}
        models = {run.job.model or run.job.import_model for run in self.runs}
        tables = {name for run in self.runs for name in file_names(run.job.inputs, self.folder)}
        return {(self.folder / name).resolve() for name in models | tables | words}

    def files(self) -> set[Path]:
        """Everything that the suite reads, and the baseline, absolute."""
        references = {name for run in self.runs for name in file_names(run.job.references, self.folder)}
        own = {self.path.resolve(), self.baseline_path.resolve()}
        return own | self.sources() | {(self.folder / name).resolve() for name in references}


def file_names(tables: Tables, folder: Path) -> list[str]:
    """The files of table specifiers, relative to ``folder``; those of patterns that are there."""
    found = []
    for _, specifier in apparent_pairs(tables):
        if is_sound_source(specifier):
            found.append(parse_sound_specifier(specifier).filename)
            continue
        parsed = parse_read_specifier(specifier)
        try:
            found += [part.filename for part in parts_of(parsed, folder)]
        except FileAccessError:  # said where it is read
            found.append(parsed.filename)
    return found


def _word_files(words: WordSettings) -> tuple[str, ...]:
    graph, files, ctc = words.graph, words.files, words.ctc
    return (
        graph.graph,
        graph.words,
        graph.transition_model,
        files.reference_text,
        files.hypothesis,
        ctc.tokens,
        ctc.lm,
    )


def run_name(case: str, device: str, precision: str) -> str:
    """``case [CPU f32]``."""
    return f"{case} [{device} {precision}]"


def select_runs(suite: Suite, only: Sequence[str]) -> list[SuiteRun]:
    """The runs whose case, tag or whole name one of ``only`` names or matches, all without any; in the suite's order.

    Runs that these are measured against come with them. Raises UnknownNameError where a pattern matches nothing.
    """
    chosen = set() if only else {run.name for run in suite.runs}
    for pattern in only:
        matching = {run.name for run in suite.runs if any(_matches(word, pattern) for word in (*run.tags, run.case))}
        matching |= {run.name for run in suite.runs if run.name == pattern}
        if not matching:
            known = [word for run in suite.runs for word in (run.case, *run.tags)]
            raise UnknownNameError(
                f"only '{pattern}': {suite.path} has no such case or tag{suggestion(pattern, known)}", fields=("only",)
            )
        chosen |= matching
    by_name = {run.name: run for run in suite.runs}
    pending = list(chosen)
    while pending:
        run = by_name[pending.pop()]
        for reference in (run.limits.speed_reference, run.against):
            if reference and reference not in chosen:
                chosen.add(reference)
                pending.append(reference)
    return [run for run in suite.runs if run.name in chosen]


def class_agreement(difference: ScoreDifference) -> float:
    """Share of frames whose best class is that of the reference; 0 without frames."""
    return 1 - difference.class_changes / difference.frames if difference.frames else 0.0


def _matches(word: str, pattern: str) -> bool:
    return word == pattern or fnmatchcase(word, pattern)

"""The report of word errors as plain data.

Tests: tests/report/console/test_word_errors.py, tests/report/files/test_word_errors.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ov_asr_score.word_errors.alignment import EditCounts, percent_of
from ov_asr_score.word_errors.bootstrap import ErrorInterval, SignTest
from ov_asr_score.word_errors.totals import UtteranceErrors

FORMAT = "ov-asr-score-word-errors"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class PartErrors:
    """The errors in the utterances of a speaker, or of a group."""

    name: str
    sentences: int
    wrong_sentences: int
    words: EditCounts
    characters: EditCounts | None  # null if they are not counted

    @property
    def ser_percent(self) -> float:
        """Wrong sentences per 100."""
        return percent_of(self.wrong_sentences, self.sentences)


@dataclass(frozen=True, slots=True)
class SubstitutedWord:
    """A word of the reference in whose place another one was recognized."""

    reference: str
    hypothesis: str
    count: int


@dataclass(frozen=True, slots=True)
class MissedWord:
    """A word that was deleted, or inserted."""

    word: str
    count: int


@dataclass(frozen=True, slots=True)
class SweepCell:
    """The errors of the best paths of lattices for a weight and a penalty."""

    lm_weight: float  # inverse of the acoustic scale
    word_penalty: float  # cost of every word
    words: EditCounts


@dataclass(frozen=True, slots=True)
class SweepReport:
    """All pairs of weights and penalties that were tried, and the best one."""

    lm_weight: float  # of the best pair, as is the next one; of equally good ones, that which was tried first
    word_penalty: float
    cells: Sequence[SweepCell]  # by weight, then by penalty


@dataclass(frozen=True, slots=True)
class HypothesisReport:
    """The errors of a hypothesis."""

    path: str
    kaldi_lines: Sequence[str]  # as compute-wer prints them
    words: EditCounts
    characters: EditCounts | None  # null if they are not counted
    sentences: int  # utterances that were scored
    wrong_sentences: int  # those with any error
    ser_percent: float  # wrong sentences per 100
    absent: int  # utterances of the reference that the hypothesis lacks
    extra: int  # utterances of the hypothesis that the reference lacks; they are not scored
    interval: ErrorInterval | None  # of the word error rate; null without resampling
    speakers: Sequence[PartErrors]  # by name
    groups: Sequence[PartErrors]  # by name
    substitutions: Sequence[SubstitutedWord]  # the most frequent first, as are the next two
    deletions: Sequence[MissedWord]
    insertions: Sequence[MissedWord]
    worst: Sequence[UtteranceErrors]  # the most errors first
    sweep: SweepReport | None = None  # null if the hypothesis is a text; all other fields are of the best pair


@dataclass(frozen=True, slots=True)
class HypothesisComparison:
    """Two hypotheses for the same utterances: those that both have."""

    utterances: int
    first_percent: float  # word error rate of the first hypothesis in these utterances
    second_percent: float
    improvement_probability: float | None
    """Share of resamples, 0 to 1, in which the second hypothesis has fewer errors; null without resampling."""
    sign_test: SignTest

    @property
    def increase_percent(self) -> float:
        """How much higher the word error rate of the second hypothesis is; negative if it is lower."""
        return self.second_percent - self.first_percent


@dataclass(frozen=True, slots=True)
class WordErrorsReport:
    """The word errors of one hypothesis or two."""

    reference: str
    mode: Literal["strict", "present", "all"]
    rules: str  # file of rules that changed the texts before; empty for none
    character_errors: Literal["none", "without-spaces", "with-spaces"]
    replications: int  # resamples for intervals and the probability of an improvement
    seed: int
    hypotheses: Sequence[HypothesisReport]
    comparison: HypothesisComparison | None  # null for one hypothesis
    failures: Sequence[str]  # what does not keep to the limits
    notes: Sequence[str]
    total_seconds: float
    command: Sequence[str] | None
    tool_version: str
    versions: Mapping[str, str]

    @property
    def verdict(self) -> Literal["ok", "failed"]:
        """``ok`` unless something does not keep to its limit, or nothing was scored."""
        return "failed" if self.failures else "ok"

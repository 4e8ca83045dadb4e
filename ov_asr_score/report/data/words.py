"""What came of decoding: part of the report of a scoring run, and the report of ``decode``.

Tests: tests/report/console/test_words.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ov_asr_score.report.data.failed_utterances import MAX_LISTED_FAILURES, Failure
from ov_asr_score.word_errors.changes import ChangeCounts

FORMAT = "ov-asr-score-decode"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class WordErrorCounts:
    """Errors of the words against what was said; ``lines`` show them as compute-wer prints them."""

    sentences: int  # utterances that have words, and of which it is known what was said
    wrong_sentences: int  # those with any error
    words: int  # of what was said
    insertions: int
    deletions: int
    substitutions: int
    wer_percent: float
    ser_percent: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordChanges:
    """The words beside those of another hypothesis, in the utterances that both have."""

    hypothesis: str  # the other one: a file, or a run
    utterances: int  # that both have
    changed_utterances: int  # those with any other word
    words: int  # of the other hypothesis
    changed_words: int  # insertions, deletions and substitutions that lead from one to the other
    wer_percent_before: float | None  # of the other hypothesis in these utterances; null without reference text
    wer_percent: float | None  # of the words in these utterances; null without reference text

    @property
    def increase_percent(self) -> float | None:
        """How much higher the word error rate is; negative if it is lower, null if it is not known."""
        if self.wer_percent is None or self.wer_percent_before is None:
            return None
        return self.wer_percent - self.wer_percent_before

    def wer_text(self) -> str:
        """Both rates: ``WER 8.18 -> 8.18``; empty without them."""
        if self.wer_percent is None or self.wer_percent_before is None:
            return ""
        return f"WER {self.wer_percent_before:.2f} -> {self.wer_percent:.2f}"

    def words_text(self) -> str:
        """``3 of 159 words changed``."""
        return f"{self.changed_words:,} of {self.words:,} words changed"

    @property
    def text(self) -> str:
        """``WER 8.18 -> 8.18, 3 of 159 words changed``."""
        return ", ".join(filter(None, [self.wer_text(), self.words_text()]))


def word_changes(hypothesis: str, counts: ChangeCounts) -> WordChanges:
    """What changed since ``hypothesis``."""
    has_reference = counts.first.length or counts.first.errors or counts.second.errors
    return WordChanges(
        hypothesis=hypothesis,
        utterances=counts.utterances,
        changed_utterances=counts.changed_utterances,
        words=counts.changes.length,
        changed_words=counts.changes.errors,
        wer_percent_before=counts.first.percent if has_reference else None,
        wer_percent=counts.second.percent if has_reference else None,
    )


@dataclass(slots=True)
class UtteranceWarning:
    """A warning, with the first utterance that it is about, and how many there are."""

    text: str
    key: str
    utterances: int = 1

    def __str__(self) -> str:
        """The warning as a note."""
        where = f"utterance {self.key}" if self.utterances == 1 else f"{self.utterances:,} utterances, first {self.key}"
        return f"{self.text} ({where})"


@dataclass(slots=True)
class WordTotals:
    """Counts, costs and times of everything that was decoded."""

    graph: str = ""
    acoustic_scale: float = 1.0
    utterances: int = 0  # that got words, if only none
    partial: int = 0  # of them, those whose best path ends in no final state
    frames: int = 0  # of those that got words
    words: int = 0
    graph_cost: float = 0.0  # of all best paths
    acoustic_cost: float = 0.0  # of all best paths, times the acoustic scale
    decode_seconds: float = 0.0  # processor time of the search, in all processes
    failures: list[Failure] = field(default_factory=list)  # the first MAX_LISTED_FAILURES
    num_failures: int = 0  # all utterances without words
    warnings: list[UtteranceWarning] = field(default_factory=list)  # those that differ by numbers only are one
    errors: WordErrorCounts | None = None  # only with reference text
    changes: WordChanges | None = None  # only with another hypothesis

    @property
    def log_likelihood_per_frame(self) -> float:
        """Of the best paths, with the scale of the search, as Kaldi's decoders log it; 0 without frames."""
        return -(self.graph_cost + self.acoustic_cost) / self.frames if self.frames else 0.0

    def add_warning(self, key: str, text: str) -> None:
        """Count a warning about an utterance; those that differ by numbers only are one."""
        kind = _without_numbers(text)
        for known in self.warnings:
            if _without_numbers(known.text) == kind:
                known.utterances += 1
                return
        self.warnings.append(UtteranceWarning(text, key))

    def add_failure(self, key: str, message: str) -> None:
        """Count an utterance without words, and list it if the list is not full."""
        self.num_failures += 1
        if len(self.failures) < MAX_LISTED_FAILURES:
            self.failures.append(Failure(key, message))


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """The report of ``decode``."""

    scores: str  # the table
    model: str
    totals: WordTotals
    total_seconds: float
    limit_messages: Sequence[str]  # one message for each limit that was exceeded
    notes: Sequence[str]
    command: Sequence[str] | None
    tool_version: str
    versions: Mapping[str, str]

    @property
    def verdict(self) -> Literal["ok", "failed"]:
        """``ok`` unless an utterance got no words, a limit was exceeded, or there were no utterances at all."""
        return "failed" if self.totals.num_failures or self.limit_messages else "ok"

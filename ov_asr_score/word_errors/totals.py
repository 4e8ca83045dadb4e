"""Errors of a whole text: in all, by speaker and by group, the words that are confused, the worst utterances."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.settings.words.wer_job import CharacterErrors
from ov_asr_score.word_errors.alignment import EditCounts, WordPair, align_words, count_edits, counts_of, percent_of
from ov_asr_score.word_errors.characters import characters_of
from ov_asr_score.word_errors.text_formats import UtteranceText


@dataclass(frozen=True, slots=True)
class UtteranceErrors:
    """The errors in an utterance."""

    key: str
    speaker: str  # empty if it is not known
    words: EditCounts
    characters: EditCounts | None  # null if they are not counted
    alignment: tuple[WordPair, ...] | None
    """Words of the reference beside those of the hypothesis, null where one was inserted or deleted; null as a whole
    for a text that is too long to be aligned."""


@dataclass(slots=True)
class TextTotals:
    """Sums over utterances, which are added one by one."""

    words: EditCounts = field(default_factory=EditCounts)
    characters: EditCounts | None = None
    sentences: int = 0
    wrong_sentences: int = 0

    def add(self, utterance: UtteranceErrors) -> None:
        """Count an utterance in."""
        self.words += utterance.words
        if utterance.characters is not None:
            self.characters = (self.characters or EditCounts()) + utterance.characters
        self.sentences += 1
        self.wrong_sentences += utterance.words.errors > 0

    @property
    def ser_percent(self) -> float:
        """Wrong sentences per 100."""
        return percent_of(self.wrong_sentences, self.sentences)


class ErrorCollector:
    """Takes utterances one by one and keeps what reports need of them; texts only of the ``most_worst`` ones."""

    def __init__(self, most_worst: int, group_of: Callable[[str], str] | None = None) -> None:
        """``group_of`` gives the group of a key, if groups are wanted."""
        self.total = TextTotals()
        self.speakers: dict[str, TextTotals] = {}
        self.groups: dict[str, TextTotals] = {}
        self.substitutions: Counter[tuple[str, str]] = Counter()
        self.deletions: Counter[str] = Counter()
        self.insertions: Counter[str] = Counter()
        self.unaligned: list[str] = []  # keys of texts that are too long
        self._errors: dict[str, tuple[int, int]] = {}
        self._group_of = group_of
        self._most_worst = most_worst
        self._worst: list[tuple[int, float, int, UtteranceErrors]] = []

    def add(self, utterance: UtteranceErrors) -> None:
        """Count an utterance in."""
        self.total.add(utterance)
        if utterance.speaker:
            self.speakers.setdefault(utterance.speaker, TextTotals()).add(utterance)
        if self._group_of is not None:
            self.groups.setdefault(self._group_of(utterance.key), TextTotals()).add(utterance)
        self._confusions(utterance)
        order = len(self._errors)
        self._errors[utterance.key] = (utterance.words.errors, utterance.words.length)
        if utterance.words.errors and self._most_worst:
            # of equal ones the first stay
            entry = (utterance.words.errors, utterance.words.percent, -order, utterance)
            push = heapq.heappush if len(self._worst) < self._most_worst else heapq.heappushpop
            push(self._worst, entry)

    def _confusions(self, utterance: UtteranceErrors) -> None:
        if utterance.alignment is None:
            self.unaligned.append(utterance.key)
            return
        for reference, hypothesis in utterance.alignment:
            if reference == hypothesis:
                continue
            if reference is None:
                self.insertions[str(hypothesis)] += 1
            elif hypothesis is None:
                self.deletions[reference] += 1
            else:
                self.substitutions[reference, hypothesis] += 1

    @property
    def worst(self) -> list[UtteranceErrors]:
        """The utterances with the most errors first; of equally many, those with the higher rate."""
        return [entry[-1] for entry in sorted(self._worst, key=lambda entry: entry[:3], reverse=True)]

    def errors_and_lengths(self, keys: Iterable[str] | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Errors [N] and words of the reference [N] of all utterances, or of those with these ``keys``."""
        found = list(self._errors.values()) if keys is None else [self._errors[key] for key in keys]
        table = np.array(found, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all utterances in order."""
        return list(self._errors)


def utterance_errors(
    text: UtteranceText, hypothesis: Sequence[str], *, speaker: str = "", characters: CharacterErrors = "none"
) -> UtteranceErrors:
    """The errors of the hypothesis for an utterance of ``speaker``.

    Raises MissingExtraError.
    """
    pairs = align_words(text.words, hypothesis)
    counts = count_edits(text.words, hypothesis) if pairs is None else counts_of(pairs)
    in_characters = None
    if characters != "none":
        with_spaces = characters == "with-spaces"
        reference, found = (characters_of(words, with_spaces=with_spaces) for words in (text.words, hypothesis))
        in_characters = count_edits(reference, found)
    return UtteranceErrors(text.key, speaker, counts, in_characters, pairs)

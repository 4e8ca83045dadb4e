"""Language models that are made state by state, and what is looked up in those that there are.

Tests: tests/decoding/phrases/models/test_automaton_model.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.composition import reach_end
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.language_model import LanguageModel

MOST_ARCS = 20_000_000
"""Of a language model that is made of phrases."""


class ModelArcs:
    """The arcs of a language model that have certain labels."""

    def __init__(self, model: LanguageModel, labels: NDArray[np.int64]) -> None:
        """``labels`` are those that are looked up."""
        self._model = model
        self._is_wanted = np.zeros(len(model.words_of_label), bool)
        self._is_wanted[labels] = True
        self._known: dict[int, dict[int, int]] = {}

    def of(self, state: int) -> dict[int, int]:
        """The arcs that leave a state, by their labels, ascending; none where all words are recognized as one."""
        if state not in self._known:
            first, end = self._model.first_arcs[state : state + 2].tolist()
            labels = self._model.labels[first:end]
            is_any = self._model.said is not None and self._model.said[state] > 0
            chosen = np.flatnonzero(self._is_wanted[labels] & (not is_any))
            self._known[state] = dict(zip(labels[chosen].tolist(), (first + chosen).tolist(), strict=True))
        return self._known[state]


class ModelBuilder:
    """States with final costs, arcs of words, and states to back off to."""

    def __init__(self) -> None:
        """Begin without states."""
        self.finals: list[float] = []
        self._arcs: list[tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]] = []
        self._backoffs: list[tuple[int, float]] = []
        self._num_arcs = 0

    def add_state(self, final_cost: float = math.inf) -> int:
        """A state without arcs."""
        self.finals.append(final_cost)
        self._arcs.append((np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32)))
        self._backoffs.append((-1, math.inf))
        return len(self.finals) - 1

    def set_arcs(self, state: int, labels: object, weights: object, nexts: object) -> None:
        """Give a state its arcs; labels ascend. Raises UnsupportedModelError where there are too many."""
        self._arcs[state] = (np.asarray(labels, np.int32), np.asarray(weights, np.float32), np.asarray(nexts, np.int32))
        self._num_arcs += len(self._arcs[state][0])
        if self._num_arcs > MOST_ARCS:
            raise UnsupportedModelError(
                f"phrases: expected a language model of at most {MOST_ARCS} arcs, found more; give fewer or simpler "
                "phrases"
            )

    def back_off(self, state: int, to: int, cost: float) -> None:
        """Let a state leave to another what it has no arc for."""
        self._backoffs[state] = to, cost

    def model(self, words_of_label: NDArray[np.int32]) -> LanguageModel:
        """The model, which starts in state 0, without ways that lead to no end."""
        labels, weights, nexts = (np.concatenate(columns) for columns in zip(*self._arcs, strict=True))
        counts = np.array([len(each[0]) for each in self._arcs])
        finals = np.array(self.finals, np.float32)
        backoff_state = np.array([to for to, _ in self._backoffs], np.int32)
        backoff_cost = np.array([cost for _, cost in self._backoffs], np.float32)
        sources, backs = np.repeat(np.arange(len(counts)), counts), np.flatnonzero(backoff_state >= 0)
        alive = reach_end(
            np.concatenate([sources, backs]), np.concatenate([nexts, backoff_state[backs]]), np.isfinite(finals)
        )
        kept = alive[nexts]
        dead = backs[~alive[backoff_state[backs]]]
        backoff_state[dead], backoff_cost[dead] = -1, math.inf
        first_arcs = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(np.bincount(sources[kept], minlength=len(counts)), out=first_arcs[1:])
        return LanguageModel(
            start=0,
            first_arcs=first_arcs,
            labels=labels[kept],
            weights=weights[kept],
            nexts=nexts[kept],
            finals=finals,
            backoff_state=backoff_state,
            backoff_cost=backoff_cost,
            words_of_label=words_of_label,
        )


def says(model: LanguageModel, labels: Sequence[int]) -> bool:
    """Whether the model has a path with these labels, wherever it ends."""
    states = {model.start}
    for label in labels:
        found = set()
        for state in states:
            level = state
            while level >= 0:
                first, end = model.first_arcs[level : level + 2].tolist()
                place = first + int(np.searchsorted(model.labels[first:end], label))
                if place < end and model.labels[place] == label:
                    found.add(int(model.nexts[place]))
                level = int(model.backoff_state[level])
        states = found
    return bool(states)

"""Language models in which words and phrases cost less.

A word has its cost on its arcs. Behind the first word of a phrase, a state has another one in front that knows how much
of the phrase was said: it has the arcs of the words that the phrase goes on with, and backs off to the state itself,
which takes back what was granted. Phrases follow each other as in `ov_asr_score.decoding.phrases.boosting`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.boosting import KnownBoosts, PhraseFollower, phrase_follower
from ov_asr_score.decoding.phrases.models.model_building import ModelArcs
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.fst.language_model import LanguageModel

_MOST_STATES = 500_000
"""That know how much of a phrase was said."""


def boosted_model(model: LanguageModel, boosts: KnownBoosts, labels: NDArray[np.int64]) -> LanguageModel:
    """The model with lower costs; ``labels`` are those of words by their numbers.

    Costs of whole sequences are exact. Raises UsageError for a phrase of several words whose cost is to be raised,
    which this does not do, and UnsupportedModelError for phrases that make it too large.
    """
    lowered = np.zeros(len(model.words_of_label), np.float32)
    for word, cost in boosts.words.items():
        lowered[labels[word]] += cost
    if lowered.any():
        weights = model.weights - lowered[model.labels]
        weights[_are_any(model)] = model.weights[_are_any(model)]
        model = replace(model, weights=weights)
    phrases = {tuple(int(labels[word]) for word in phrase): cost for phrase, cost in boosts.phrases.items() if cost}
    if min(phrases.values(), default=0.0) < 0:
        raise UsageError(
            "boost: expected numbers above 0 for phrases of several words in a lookahead graph, found "
            f"{min(phrases.values()):g}; raise the costs of single words",
            fields=("boost",),
        )
    return _BoostComposer(model, phrase_follower(phrases)).composed() if phrases else model


class _BoostComposer:
    def __init__(self, model: LanguageModel, follower: PhraseFollower) -> None:
        self._model, self._follower = model, follower
        root = follower.following[0]  # what it says of a word, the state that is backed off to says as well
        self._following = [
            {label: to for label, to in each.items() if root.get(label) != to} for each in follower.following
        ]
        self._arcs = ModelArcs(model, np.array(sorted(set().union(*follower.following)), np.int64))
        self._known: dict[tuple[int, int], tuple[int, float]] = {}
        # of the new states: the old one and what was said, arcs that follow, and what they back off to
        self._pending: deque[tuple[int, int, int]] = deque()
        self._arcs_of: list[tuple[list[int], list[float], list[int]]] = []
        self._backoffs: list[tuple[int, float]] = []

    def composed(self) -> LanguageModel:
        model = self._model
        weights, nexts = model.weights.copy(), model.nexts.copy()
        begins = np.zeros(len(model.words_of_label), bool)
        begins[list(self._follower.following[0])] = True
        for arc in np.flatnonzero(begins[model.labels] & ~_are_any(model)).tolist():
            weights[arc], nexts[arc] = self._step(0, arc)
        while self._pending:
            number, state, said = self._pending.popleft()
            found, following = self._arcs.of(state), self._following[said]
            labels = sorted(label for label in following if label in found)
            steps = [self._step(said, found[label]) for label in labels]
            self._arcs_of[number] = labels, [cost for cost, _ in steps], [to for _, to in steps]
        return self._joined(weights, nexts)

    def _step(self, said: int, arc: int) -> tuple[float, int]:
        """What an arc costs with ``said`` before it, and the state that it leads to then."""
        follower, model = self._follower, self._model
        now = follower.following[said][int(model.labels[arc])]
        to, cost = self._behind(int(model.nexts[arc]), now)
        granted = follower.share[now] + follower.own[now] - follower.share[said]
        return float(model.weights[arc]) - granted + cost, to

    def _behind(self, state: int, said: int) -> tuple[int, float]:
        """The state to be in when ``said`` was said on the way to ``state``, and what it costs to be in it.

        There is one for all that ``state`` backs off to, as far as that has words to go on with.
        """
        if (state, said) in self._known:
            return self._known[state, said]
        following, model = self._following[said], self._model
        levels: list[tuple[int, float]] = []
        level, cost = state, 0.0
        while level >= 0 and following:
            if any(label in self._arcs.of(level) for label in following):
                levels.append((level, cost))
            cost += float(model.backoff_cost[level])
            level = int(model.backoff_state[level])
        first = model.num_states + len(self._backoffs)
        found = (first, levels[0][1]) if levels else (state, self._follower.share[said])
        self._known[state, said] = found
        for place, (level, cost) in enumerate(levels):
            self._pending.append((len(self._backoffs), level, said))
            is_last = place + 1 == len(levels)
            to, total = (state, self._follower.share[said]) if is_last else (first + place + 1, levels[place + 1][1])
            self._backoffs.append((to, total - cost))
            self._arcs_of.append(([], [], []))
        if len(self._backoffs) > _MOST_STATES:
            raise UnsupportedModelError(
                f"boost: expected phrases that follow at most {_MOST_STATES} states of the language model, found more; "
                "give fewer phrases, or words"
            )
        return found

    def _joined(self, weights: NDArray[np.float32], nexts: NDArray[np.int32]) -> LanguageModel:
        """The model with the new states behind its own."""
        model = self._model
        if not self._backoffs:
            return replace(model, weights=weights, nexts=nexts)
        labels, costs, targets = ([x for arcs in self._arcs_of for x in arcs[field]] for field in range(3))
        counts = np.array([len(arcs[0]) for arcs in self._arcs_of])
        states, backoff_costs = zip(*self._backoffs, strict=True)
        return replace(
            model,
            first_arcs=np.concatenate([model.first_arcs, model.first_arcs[-1] + np.cumsum(counts)]),
            labels=np.concatenate([model.labels, np.array(labels, np.int32)]),
            weights=np.concatenate([weights, np.array(costs, np.float32)]),
            nexts=np.concatenate([nexts, np.array(targets, np.int32)]),
            finals=np.concatenate([model.finals, np.full(len(counts), np.inf, np.float32)]),
            backoff_state=np.concatenate([model.backoff_state, np.array(states, np.int32)]),
            backoff_cost=np.concatenate([model.backoff_cost, np.array(backoff_costs, np.float32)]),
            said=None if model.said is None else np.concatenate([model.said, np.zeros(len(counts), np.int32)]),
        )


def _are_any(model: LanguageModel) -> NDArray[np.bool_]:
    """Which arcs have words that are recognized as another one."""
    if model.said is None:
        return np.zeros(len(model.labels), bool)
    return np.repeat(model.said > 0, np.diff(model.first_arcs))

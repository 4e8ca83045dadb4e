"""Small random language models that back off, and the costs of word sequences in them, found by trying all ways."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from ov_asr_score.fst.language_model import LanguageModel

LABELS = (1, 2, 3, 4)


def random_model(rng: np.random.Generator) -> LanguageModel:
    """A model of three levels: 0 knows all words, 1 to 4 those behind a word, the others those behind two."""
    states, backs = 7, [-1, 0, 0, 0, 0, 1, 3]
    rows = []
    for state in range(states):
        known = LABELS if state == 0 else sorted(rng.choice(LABELS, int(rng.integers(0, 3)), replace=False).tolist())
        rows.append([(label, rng.uniform(0.2, 4), int(rng.integers(0, states))) for label in known])
    arcs = [arc for row in rows for arc in row]
    return LanguageModel(
        start=int(rng.integers(0, states)),
        first_arcs=np.cumsum([0, *map(len, rows)]),
        labels=np.array([label for label, _, _ in arcs], np.int32),
        weights=np.array([cost for _, cost, _ in arcs], np.float32),
        nexts=np.array([to for _, _, to in arcs], np.int32),
        finals=np.where(rng.random(states) < 0.6, rng.uniform(0, 2, states), np.inf).astype(np.float32),
        backoff_state=np.array(backs, np.int32),
        backoff_cost=np.array([math.inf, *rng.uniform(0, 2, states - 1)], np.float32),
        words_of_label=np.array([0, 11, 12, 13, 14], np.int32),
    )


def least_cost(model: LanguageModel, labels: tuple[int, ...]) -> float:
    """What the cheapest way of the labels costs, with its end; infinity where there is none."""
    costs = _with_backoffs(model, {model.start: 0.0})
    for label in labels:
        following: dict[int, float] = {}
        for state, cost in costs.items():
            for arc in range(model.first_arcs[state], model.first_arcs[state + 1]):
                if model.labels[arc] == label:
                    to, total = int(model.nexts[arc]), cost + float(model.weights[arc])
                    following[to] = min(total, following.get(to, math.inf))
        costs = _with_backoffs(model, following)
    return min((cost + float(model.finals[state]) for state, cost in costs.items()), default=math.inf)


def _with_backoffs(model: LanguageModel, costs: dict[int, float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for first, cost in costs.items():
        state, total = first, cost
        while state >= 0:
            found[state] = min(total, found.get(state, math.inf))
            total += float(model.backoff_cost[state])
            state = int(model.backoff_state[state])
    return found


def sequences(longest: int) -> list[tuple[int, ...]]:
    """All sequences of labels up to a length."""
    return [each for length in range(longest + 1) for each in product(LABELS, repeat=length)]


def check_form(model: LanguageModel) -> None:
    """Assert what searches rely on."""
    for state in range(model.num_states):
        labels = model.labels[model.first_arcs[state] : model.first_arcs[state + 1]]
        assert (np.diff(labels) > 0).all()
    assert (model.backoff_state != np.arange(model.num_states)).all()
    assert model.order <= model.num_states

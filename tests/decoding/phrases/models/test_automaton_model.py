"""What a language model and an automaton say together costs what it costs in both."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.models import model_building
from ov_asr_score.decoding.phrases.models.automaton_model import automaton_model
from ov_asr_score.decoding.phrases.models.model_building import says
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.language_model import LanguageModel
from tests.decoding.phrases.models.random_models import LABELS, check_form, least_cost, random_model, sequences

UNKNOWN = 99


def random_automaton(rng: np.random.Generator, with_others: bool) -> WordAutomaton:
    states = 4
    arcs = [
        WordArc(int(source), int(word), int(target), float(rng.uniform(-1, 2)))
        for source, word, target in zip(
            rng.integers(0, states, 9), rng.choice(LABELS[:3], 9), rng.integers(0, states, 9), strict=True
        )
    ]
    if with_others:
        arcs += [WordArc(int(rng.integers(0, states)), ANY_WORD, int(rng.integers(0, states)), 5.0, UNKNOWN)]
    finals = np.where(rng.random(states) < 0.5, rng.uniform(0, 2, states), np.inf)
    return make_automaton(arcs, finals.astype(np.float32))


def automaton_cost(automaton: WordAutomaton, labels: tuple[int, ...]) -> float:
    costs = {0: 0.0}
    for label in labels:
        following: dict[int, float] = {}
        for arc in range(len(automaton.words)):
            source, to = int(automaton.sources[arc]), int(automaton.targets[arc])
            if source in costs and automaton.words[arc] == label:
                following[to] = min(costs[source] + float(automaton.costs[arc]), following.get(to, math.inf))
        costs = following
    return min((cost + float(automaton.final_costs[state]) for state, cost in costs.items()), default=math.inf)


def composed(model: LanguageModel, automaton: WordAutomaton) -> LanguageModel:
    return automaton_model(model, automaton, automaton.words, UNKNOWN)


@pytest.mark.parametrize("seed", range(40))
def test_costs_are_those_of_both(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, automaton = random_model(rng), random_automaton(rng, with_others=False)
    made = composed(model, automaton)
    check_form(made)
    finite = 0
    for labels in sequences(4):
        wanted = least_cost(model, labels) + automaton_cost(automaton, labels)
        assert least_cost(made, labels) == pytest.approx(wanted, abs=1e-4)
        finite += math.isfinite(wanted)
        assert not math.isfinite(wanted) or says(made, labels)
    assert finite or not len(made.labels)
    np.testing.assert_array_equal(made.words_of_label, model.words_of_label)


@pytest.mark.parametrize("seed", range(40))
def test_other_words_cost_what_they_cost_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, automaton = random_model(rng), random_automaton(rng, with_others=True)
    made = composed(model, automaton)
    check_form(made)
    np.testing.assert_array_equal(made.words_of_label, [*model.words_of_label, UNKNOWN])
    assert made.said is not None
    assert set(made.said.tolist()) <= {0, 5}
    takes_any = np.repeat(made.said > 0, np.diff(made.first_arcs))
    without = replace(made, weights=np.where(takes_any, np.inf, made.weights))
    for labels in sequences(3):
        wanted = least_cost(model, labels) + automaton_cost(automaton, labels)
        assert least_cost(without, labels) == pytest.approx(wanted, abs=1e-4)
        assert least_cost(made, labels) <= wanted + 1e-4
    # a loop of other words, as [unk] is
    loop = make_automaton([WordArc(0, ANY_WORD, 0, 5.0, UNKNOWN)], np.zeros(1, np.float32))
    made = composed(model, loop)
    for labels in sequences(3):
        assert least_cost(made, labels) >= least_cost(model, labels) + 5 * len(labels) - 1e-4
    costs = [float(model.weights[label - 1]) for label in LABELS]  # of state 0, which knows all words
    to_last = 0.0
    state = model.start
    while model.backoff_state[state] >= 0:
        to_last += float(model.backoff_cost[state])
        state = int(model.backoff_state[state])
    reached = int(model.nexts[0])
    end = 0.0
    while model.backoff_state[reached] >= 0:
        end += float(model.backoff_cost[reached])
        reached = int(model.backoff_state[reached])
    wanted = to_last + costs[0] + 5 + end + float(model.finals[0])
    assert least_cost(made, (LABELS[0],)) == pytest.approx(wanted, abs=1e-4)


def test_too_large_a_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_building, "MOST_ARCS", 3)
    rng = np.random.default_rng(1)
    loop = make_automaton([WordArc(0, label, 0) for label in LABELS], np.zeros(1, np.float32))
    with pytest.raises(UnsupportedModelError, match="at most 3 arcs, found more"):
        composed(random_model(rng), loop)

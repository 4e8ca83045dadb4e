from __future__ import annotations

import math

import pytest

from ov_asr_score.decoding.endpointing import endpoint_rule, silence_transitions
from ov_asr_score.decoding.silence_weighting import SilenceWeighting
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.settings.recognition.endpointing import EndpointOptions, EndpointRule
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_live_searches import (
    SILENCE_PHONES,
    is_silence,
    joined_scores,
    steps,
    transitions,
    whole_graph,
)

ROW = 0.03


@pytest.mark.parametrize(
    ("frames", "silence", "cost", "rule"),
    [
        (0, 0, 0.0, None),
        (166, 166, math.inf, None),
        (167, 167, math.inf, 1),  # nothing but silence
        (17, 17, 0.0, None),  # the second rule wants words
        (18, 17, 2.0, 2),
        (18, 16, 2.0, None),
        (18, 17, 2.1, None),
        (35, 34, 8.0, 3),
        (35, 33, 8.0, None),
        (68, 67, math.inf, 4),
        (667, 0, math.inf, 5),
        (666, 0, 0.0, None),
    ],
)
def test_rules_of_kaldi(frames: int, silence: int, cost: float, rule: int | None) -> None:
    assert endpoint_rule(EndpointOptions(), frames, silence, ROW, cost) == rule
    assert endpoint_rule(EndpointOptions(), frames, silence, ROW, lambda: cost) == rule


def test_the_cost_is_found_only_where_it_decides() -> None:
    asked = []

    def cost() -> float:
        asked.append(True)
        return 9.0

    for frames, silence, rule in ((30, 10, None), (667, 0, 5), (200, 200, 1)):
        assert endpoint_rule(EndpointOptions(), frames, silence, ROW, cost) == rule
    assert not asked
    # of the second rule and of the third, once
    assert endpoint_rule(EndpointOptions(), 100, 40, ROW, cost) is None and len(asked) == 1


@pytest.mark.parametrize(("rows", "limit", "reached"), [(15, 0.45, True), (10, 0.3, False)])
def test_limits_in_float32_as_kaldi(rows: int, limit: float, reached: bool) -> None:
    assert (rows * ROW >= limit) != reached  # in float64
    options = EndpointOptions(rule1=EndpointRule(False, limit))
    assert endpoint_rule(options, rows, rows, ROW, 0.0) == (1 if reached else None)


def test_endpoints_of_kaldi_with_other_rules_and_weights_of_silence() -> None:
    # a new search after each endpoint; scores times 0.3; 5, 9 and 14 rows by turns
    options = EndpointOptions(
        SILENCE_PHONES,
        EndpointRule(False, 1.0),
        EndpointRule(True, 0.3, 2.0),
        EndpointRule(True, 0.6, 8.0),
        EndpointRule(True, 2.0),
        EndpointRule(False, 0.0, math.inf, 3.0),
    )
    decoding = DecodingOptions(beam=15.0, max_active=7000, decoding_scale=0.3)
    weighting = SilenceWeightingOptions(SILENCE_PHONES, 0.5, 3.0)
    values, begin, rules = joined_scores(), 0, set()
    search = UtteranceSearch(whole_graph(), decoding)
    weights = SilenceWeighting(is_silence(), weighting, 3)
    for step in steps("rules"):
        weights.update(search)
        deltas = weights.delta_weights(step.frames_ready, 3 * begin)
        assert [frame for frame, _ in deltas] == [frame for frame, _ in step.weights]
        assert [delta for _, delta in deltas] == pytest.approx([delta for _, delta in step.weights], rel=1e-5)
        search.advance(values[begin + search.num_frames : step.rows])
        path = search.best_path(False)
        assert path is not None and path.words.tolist() == step.words
        silence, cost = search.trailing_silence(is_silence()), search.relative_cost()
        assert silence == step.trailing_silence and cost == pytest.approx(step.relative_cost, rel=1e-4)
        rule = endpoint_rule(options, search.num_frames, silence, ROW, cost)
        assert (rule or 0) == step.rule
        if rule is not None:
            rules.add(rule)
            begin = step.rows
            search = UtteranceSearch(whole_graph(), decoding)
            weights = SilenceWeighting(is_silence(), weighting, 3)
    assert len(rules) > 1


def test_transition_ids_of_silence() -> None:
    found = silence_transitions(transitions(), SILENCE_PHONES)
    phones = transitions().phones
    assert not found[0] and len(found) == len(phones)
    assert all(bool(each) == (1 <= phone <= 10) for each, phone in zip(found[1:], phones[1:], strict=True))
    assert not silence_transitions(transitions(), (-1,)).any()

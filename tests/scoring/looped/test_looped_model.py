"""Requests of many utterances: batches and what they are padded with."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.looped_model import LARGEST_BATCH, LoopedModel
from ov_asr_score.settings.recognition.live import LoopedOptions
from tests.scoring.looped.kaldi_runs import golden_model, score_alone, score_together


@pytest.fixture(scope="module")
def model() -> LoopedModel:
    return compile_looped(golden_model("fast_lstm"), options=LoopedOptions(5), large_step=1)


@pytest.mark.parametrize("count", [1, 3, 5, LARGEST_BATCH + 2])
def test_batches_are_padded_and_split(model: LoopedModel, count: int) -> None:
    random = np.random.default_rng(count)
    features = {
        str(n): random.normal(size=(int(random.integers(1, 40)), model.feature_dim)).astype(np.float32)
        for n in range(count)
    }
    before = model.counters.infer_requests
    scores = score_together(model, features)
    longest = max(-(-len(rows) // 5) for rows in features.values())
    assert model.counters.infer_requests - before <= (longest + 1) * (1 + count // LARGEST_BATCH)
    for key, rows in features.items():
        assert scores[key].shape == (len(rows), model.num_pdfs)
        np.testing.assert_allclose(scores[key], score_alone(model, rows), atol=1e-5)


def test_two_requests_of_one_utterance_are_refused(model: LoopedModel) -> None:
    utterance = model.begin()
    utterance.accept(np.zeros((60, model.feature_dim), np.float32))
    requests = [request for request in (utterance.next_chunk(), utterance.next_chunk()) if request is not None]
    with pytest.raises(OvAsrScoreError, match="found two of one"):
        model.run(requests)
    assert [len(rows) for rows in (*model.run(requests[:1]), *model.run(requests[1:]))] == [5, 5]
    assert model.run([]) == []


def test_an_utterance_alone_has_a_graph_of_fixed_shapes_with_the_digits_of_the_others(model: LoopedModel) -> None:
    features = np.random.default_rng(2).normal(size=(40, model.feature_dim)).astype(np.float32)
    alone = score_alone(model, features)
    together = score_together(model, {"one": features, "other": features})
    assert not model._compiled[(1, True)].inputs[0].get_partial_shape().is_dynamic
    assert model._compiled[(1, False)].inputs[0].get_partial_shape()[0].is_dynamic
    np.testing.assert_allclose(together["one"], alone, atol=1e-6)

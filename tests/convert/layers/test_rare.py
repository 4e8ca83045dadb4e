from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.kaldi_model.network import Component, FieldValue
from tests.convert.frame_layers import assert_equal, converted, random_values, scores


@pytest.mark.parametrize("kind", ["bern", "gauss"])
def test_hidden_units_of_a_boltzmann_machine(kind: str) -> None:
    weights, bias, frames = random_values(4, 6), random_values(4, seed=2), random_values(1, 5, 6, seed=3)
    fields: dict[str, FieldValue] = {"VisHid": weights, "HidBias": bias, "HidType": kind}
    total = frames.astype(np.float64) @ weights.T + bias
    expected = 1 / (1 + np.exp(-total)) if kind == "bern" else total
    assert_equal(scores(converted(Component("layer", "Rbm", fields, 0), 6, 1), frames), expected)


def test_divergence_of_posteriors_from_each_state() -> None:
    counts = np.array([[3, 1, 0], [2, 2, 4]], np.float32)
    posteriors = np.array([[[0.2, 0.8, 0.0], [0.25, 0.25, 0.5]]], np.float32)
    q = np.maximum(counts.astype(np.float64) / counts.sum(1, keepdims=True), 1e-20)
    p = posteriors.astype(np.float64)[..., None, :]
    expected = -np.sum(p * (np.log(np.maximum(p, 1e-20)) - np.log(q)), -1)
    found = scores(converted(Component("layer", "KlHmm", {"KlStats": counts}, 0), 3, 1), posteriors)
    assert_equal(found, expected)
    assert found[0, 1, 1] == pytest.approx(0, abs=1e-6)

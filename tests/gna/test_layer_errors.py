"""Quantization errors of layers: statistics, the first layer below a limit, and measurement over frames."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.gna.layer_errors import LayerError, first_below, measure_layers
from tests.gna.small_graphs import Builder, Floats, compiled


def layer(signal: float, noise: float, count: int = 4) -> LayerError:
    return LayerError("a", "a", "affine", 16, 1.0, 1.0, 1.0, count=count, signal=signal, noise=noise)


def utterance(length: int, seed: int) -> list[Floats]:
    return [np.random.default_rng(seed).normal(size=(length, 24)).astype(np.float32)]


def test_signal_to_noise_in_decibels() -> None:
    assert layer(100.0, 1.0).signal_to_noise == pytest.approx(20.0)
    assert layer(100.0, 0.0).signal_to_noise == math.inf
    assert layer(0.0, 1.0).signal_to_noise == -math.inf
    assert layer(0.0, 1.0).rms == 0.5
    assert layer(0.0, 0.0, count=0).rms == 0.0


def test_first_below() -> None:
    good, bad, worse = layer(1e6, 1.0), layer(100.0, 1.0), layer(1.0, 1.0)
    assert first_below([good, layer(0.0, 1.0, count=0), bad, worse], 40.0) is bad
    assert first_below([good], 40.0) is None


@pytest.mark.parametrize("with_memory", [False, True])
def test_measure_layers(with_memory: bool) -> None:
    b = Builder(1)
    sums = b.affine(b.input(24), 16)
    if with_memory:
        memory = b.memory(16)
        sums = b.sum(sums, b.affine(memory, 16))
        hidden = b.function(sums, "tanh")
        b.store(memory, hidden)
    else:
        hidden = b.function(sums, "tanh")
    b.output(b.affine(hidden, 8))
    errors, frames = measure_layers(compiled(b.graph()), [utterance(5, 1), utterance(9, 2)], 12)
    assert frames == 12
    assert errors[0].kind == "input"
    assert errors[0].count == 12 * 24
    for error in errors:
        assert error.signal_to_noise > 50
        assert error.largest < 0.01


def test_clipped_inputs_are_saturated() -> None:
    b = Builder(2)
    b.output(b.affine(b.input(24), 8))
    features = utterance(4, 3)
    features[0][2, 7] = 100.0  # 4096 * 100 is beyond int16
    errors, _ = measure_layers(compiled(b.graph()), [features], 100)
    assert errors[0].saturated == 1
    assert errors[0].largest == pytest.approx(100.0 - 32767 / 4096, abs=1e-3)

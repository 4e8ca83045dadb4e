"""Scale factors: as large as the integers allow, and equal for copies."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.gna.compiler.compilation import compile_graph
from ov_asr_score.gna.compiler.compile_options import CompileSettings
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.model import BIASES, INPUT, OUTPUT, WEIGHTS, OperationType
from tests.gna.small_graphs import Builder, compiled, noise, scores_of


def _layer(b: Builder, value: str, **settings: object) -> float:
    found = compiled(b.graph(), **settings)
    return next(layer.output_scale for layer in found.layers if layer.value == value)


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_bounded_functions_use_full_range(function: str) -> None:
    b = Builder()
    hidden = b.function(b.affine(b.input(40), 16), function)
    b.output(b.affine(hidden, 16, 0.2))
    assert 2048 < _layer(b, hidden) <= 32767


def test_int32_sums_do_not_overflow() -> None:
    """Weights far larger than any that a layer should have: scores are still right."""
    b = Builder()
    hidden = b.function(b.affine(b.input(40), 64, 50.0), "sigmoid")
    b.output(b.affine(hidden, 16, 5000.0))
    assert noise(b.graph())[0] < 0.01


def test_precision_of_small_and_large_weights() -> None:
    b = Builder()
    hidden = b.function(b.affine(b.input(40), 64, 0.001), "tanh")
    b.output(b.affine(hidden, 16, 0.001))
    assert noise(b.graph())[0] < 0.003


def test_sum_weights_are_whole_numbers() -> None:
    b = Builder()
    frame = b.input(40)
    b.output(
        b.sum(b.product(frame, b.function(b.affine(frame, 40), "sigmoid")), b.function(b.affine(frame, 40), "tanh"))
    )
    found = compiled(b.graph())
    last = found.model.operations[-1]
    weights, biases = last.operand(WEIGHTS), last.operand(BIASES)
    assert weights is not None and biases is not None
    ratio = found.layers[-1].weight_scale
    assert ratio == pytest.approx(round(ratio), rel=1e-9)
    written = {operation.operand(OUTPUT).offset for operation in found.model.operations}  # type: ignore[union-attr]
    assert biases.offset in written


def test_concatenated_inputs_are_rescaled() -> None:
    """One scale factor for both: the inputs go through operations, no copy has another factor."""
    b = Builder()
    joint = b.concat(b.input(32, "one"), b.input(32, "two"))
    b.output(b.function(joint, "tanh"))
    errors = noise(b.graph(), scale_factors={"one": 5000.0, "two": 2000.0})
    assert errors[0] < 0.002


def test_fake_quantize_sets_scale_factor() -> None:
    b = Builder()
    hidden = b.quantized(b.function(b.affine(b.input(40), 32), "tanh"), -128 / 64, 127 / 64, 256)
    b.output(b.affine(hidden, 16))
    assert _layer(b, hidden) == pytest.approx(64.0)
    assert noise(b.graph())[0] < 0.02


def test_ranges_are_measured_on_utterances() -> None:
    """Inputs that always move together: weights alone let sums look much smaller than they are."""
    b = Builder()
    frame = b.input(256)
    ones = b.affine(frame, 16)
    b.layers[-1].weights[:] = 1.0  # type: ignore[union-attr]
    b.output(b.affine(b.function(ones, "relu"), 16))
    graph = b.graph()
    random = np.random.default_rng(0)
    frames = np.repeat(random.normal(size=(50, 1)), 256, axis=1).astype(np.float32)
    settings = CompileSettings({"input": 4096.0})
    blind, seeing = (compile_graph(graph, settings, seen).model for seen in ((), [[frames]]))
    from ov_asr_score.gna.graphs.float_program import FloatProgram

    expected = scores_of(FloatProgram(graph), [frames[None]])[0]
    errors = [np.abs(scores_of(ExactProgram(model), [frames[None]])[0] - expected).max() for model in (blind, seeing)]
    assert errors[1] < 0.002 * np.abs(expected).max()
    assert errors[1] < errors[0]


def test_selection_products_are_exact() -> None:
    """A part at any place is the very integers of what it is a part of."""
    b = Builder()
    frame = b.input(40)
    b.output(b.crop(frame, 7, 21))
    model = compiled(b.graph(), scale_factors={"input": 4096.0}).model
    assert model.operations[0].type is OperationType.AFFINE
    assert model.operations[0].operand(INPUT) is not None
    values = np.arange(-20, 20, dtype=np.float32)[None, None] * np.float32(37 / 4096)
    np.testing.assert_array_equal(scores_of(ExactProgram(model), [values])[0][0, 0], values[0, 0, 7:28])

"""Compiled graphs, run in integers, score close to the float graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.gna.compiler.compile_options import CompileSettings
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.graphs.float_graph import GnaGraph
from ov_asr_score.gna.model import BUFFER_ALIGNMENT, INPUT, OUTPUT, PAGE, DataType, OperationType
from tests.gna.small_graphs import Builder, compiled, noise, scores_of


def _dense(function: str, *parameters: Any, spread: float = 1.5) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        hidden = b.function(b.affine(b.input(40), 48, spread), function, *parameters)
        b.output(b.affine(hidden, 24))

    return build


def _lstm(b: Builder) -> None:
    frame = b.input(40)
    cell, hidden = b.memory(24), b.memory(16)
    gates = b.sum(b.affine(frame, 96), b.affine(hidden, 96))
    i, f, o, g = (b.crop(gates, 24 * n, 24) for n in range(4))
    peephole = b.function(b.sum(f, b.scaled(cell)), "sigmoid")
    kept = b.product(peephole, cell)
    new = b.sum(kept, b.product(b.function(i, "sigmoid"), b.function(g, "tanh")))
    b.store(cell, new)
    projected = b.affine(b.product(b.function(o, "sigmoid"), b.function(new, "tanh")), 16)
    b.store(hidden, projected)
    b.output(b.affine(projected, 20))


def _splice(size: int) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        frame = b.input(size)
        memory = b.memory(5 * size)
        joint = b.concat(b.crop(memory, size, 4 * size), frame)
        b.store(memory, joint)
        # A second memory behind, of what the first layer makes.
        hidden = b.function(b.affine(joint, 48), "relu")
        later = b.memory(4 * 48)
        both = b.concat(b.crop(later, 48, 3 * 48), hidden)
        b.store(later, both)
        b.output(b.affine(b.concat(b.crop(both, 0, 48), b.crop(both, 144, 48)), 20))

    return build


def _different_scales(b: Builder) -> None:
    frame, other = b.input(24, "one"), b.input(40, "other")
    wide = b.affine(frame, 50, 30.0)  # values up to 100 beside those of a sigmoid
    joint = b.concat(other, wide, b.function(b.affine(frame, 20), "sigmoid"), frame, b.constant(9))
    b.output(b.affine(joint, 20))
    b.output(b.function(b.crop(joint, 30, 70), "relu"), "part")


def _several_forms(b: Builder) -> None:
    sums = b.affine(b.input(40), 30)
    b.output(sums, "sums")
    b.output(b.sum(b.function(sums, "sigmoid"), sums, -1), "difference")
    b.output(b.product(b.function(sums, "tanh"), sums), "product")
    b.output(b.affine(sums, 17), "after")


def _functions_of_narrow(b: Builder) -> None:
    frame = b.input(40)
    b.output(b.function(frame, "tanh"), "of input")
    b.output(b.function(b.crop(frame, 11, 20), "sigmoid"), "of part")
    b.output(b.function(b.function(b.affine(frame, 30), "relu"), "softsign"), "of function")
    b.output(frame, "input itself")


def _sums_of_narrow(b: Builder) -> None:
    frame = b.input(40)
    one, other = (b.function(b.affine(frame, 40), name) for name in ("sigmoid", "tanh"))
    b.output(b.sum(one, other), "sum")
    b.output(b.sum(one, other, -1), "difference")
    b.output(b.sum(frame, b.constant(40)), "constant")
    b.output(b.product(b.product(frame, b.constant(40)), one), "product")
    b.output(b.sum(b.diagonal(frame), b.affine(other, 40), -1), "mixed")
    b.output(b.function(b.sum(b.sum(b.affine(frame, 40), one), other), "relu"), "residual")


def _convolution(window: int, stride: int) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        pooled = b.function(b.convolution(b.input(90), 8, 18, 9, window, stride), "relu")
        b.output(b.affine(pooled, 20))

    return build


def _permuted(rows: int, columns: int) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        frame = b.input(rows * columns)
        b.output(b.function(b.permute(b.function(b.affine(frame, rows * columns), "tanh"), rows, columns), "relu"))

    return build


def _slopes(b: Builder) -> None:
    sums = b.affine(b.input(40), 30)
    b.output(b.affine(b.function(sums, "leaky_relu", np.abs(b.normal(30))), 20))
    b.output(b.function(sums, "leaky_relu", 0.1), "one slope")


def _fake_quantize(b: Builder) -> None:
    frame = b.quantized(b.input(40), -4.0, 4.0, 65536)
    hidden = b.quantized(b.function(b.affine(frame, 48), "relu"), 0.0, 3.0, 65536)
    b.output(b.affine(hidden, 20))


def _memories_that_pass_on(b: Builder) -> None:
    """A delay of two frames, a memory of an input as it is, two memories that change places."""
    frame = b.input(40)
    first, second = b.memory(40), b.memory(40)
    b.store(first, frame)
    b.store(second, first)
    left, right = b.memory(16), b.memory(16)
    b.store(left, right)
    b.store(right, b.function(b.sum(b.affine(frame, 16), left), "tanh"))
    b.output(b.affine(second, 20))
    b.output(b.sum(b.affine(left, 20), b.affine(right, 20)), "changing")
    b.output(second, "memory itself")


def _accumulated(b: Builder) -> None:
    frame, total = b.input(16), b.memory(16)
    new = b.sum(b.function(b.affine(frame, 16), "tanh"), total)
    b.store(total, new)
    b.output(new)


GRAPHS: dict[str, Callable[[Builder], None]] = {
    **{name: _dense(name) for name in ("sigmoid", "tanh", "relu", "softsign", "abs", "identity")},
    "exp": _dense("exp", spread=0.5),
    "clamp": _dense("clamp", -0.5, 1.0),
    "power": _dense("power", 2.0, 0.5, 1.0),
    "lstm": _lstm,
    "splice of 40": _splice(40),
    "splice of 64": _splice(64),
    "splice of 3": _splice(3),
    "different scales": _different_scales,
    "several forms": _several_forms,
    "functions of 16 bits": _functions_of_narrow,
    "sums of 16 bits": _sums_of_narrow,
    "convolution": _convolution(1, 1),
    "pooling": _convolution(3, 3),
    "pooling of windows that overlap": _convolution(3, 2),
    "permute": _permuted(4, 24),
    "permute by product": _permuted(6, 10),
    "slopes": _slopes,
    "fake quantize": _fake_quantize,
    "memories that pass on": _memories_that_pass_on,
    "accumulated": _accumulated,
}


def _graph(name: str) -> GnaGraph:
    builder = Builder(seed=len(name))
    GRAPHS[name](builder)
    return builder.graph()


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(("bits", "most"), [(16, 0.002), (8, 0.02)])
def test_integer_scores_are_near_float_scores(name: str, bits: int, most: float) -> None:
    errors = noise(_graph(name), weight_bits=bits)
    assert max(errors) <= most, errors


@pytest.mark.parametrize("name", GRAPHS)
def test_buffers_are_aligned_and_disjoint(name: str) -> None:
    model = compiled(_graph(name), memory_reuse=False).model
    assert len(model.memory) % PAGE == 0
    written = []
    for operation in model.operations:
        for tensor in operation.operands:
            assert tensor is None or tensor.offset % BUFFER_ALIGNMENT == 0
        output = operation.operand(OUTPUT)
        assert output is not None
        written.append((output.offset, output.offset + output.num_bytes))
    for endpoint in (*model.inputs, *model.outputs):
        assert endpoint.offset % BUFFER_ALIGNMENT == 0
    assert all(state.offset % BUFFER_ALIGNMENT == 0 == state.num_bytes % BUFFER_ALIGNMENT for state in model.states)


@pytest.mark.parametrize("name", GRAPHS)
def test_memory_reuse_does_not_change_scores(name: str) -> None:
    graph = _graph(name)
    random = np.random.default_rng(3)
    frames = [random.normal(size=(3, 8, port.size)).astype(np.float32) for port in graph.inputs]
    apart, together = (compiled(graph, memory_reuse=reuse).model for reuse in (False, True))
    assert len(together.memory) <= len(apart.memory)
    for one, other in zip(
        scores_of(ExactProgram(apart), frames), scores_of(ExactProgram(together), frames), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", [name for name in GRAPHS if "convolution" not in name and "pooling" not in name])
@pytest.mark.parametrize("num_vectors", [2, 3, 5, 6, 7, 8])
def test_batched_frames_score_as_single_frames(name: str, num_vectors: int) -> None:
    graph = _graph(name)
    if graph.memories:
        with pytest.raises(UsageError, match="one by one"):
            compiled(graph, num_vectors=num_vectors)
        return
    random = np.random.default_rng(3)
    frames = [random.normal(size=(24, 1, port.size)).astype(np.float32) for port in graph.inputs]
    one = scores_of(ExactProgram(compiled(graph).model), frames)
    many = scores_of(ExactProgram(compiled(graph, num_vectors=num_vectors).model), frames)
    for single, side_by_side in zip(one, many, strict=True):
        np.testing.assert_allclose(single, side_by_side, atol=2e-3 * float(np.std(single)))


def test_fewer_segments_cost_accuracy() -> None:
    graph = _graph("sigmoid")
    best, coarse = noise(graph)[0], noise(graph, pwl_max_error_percent=1.0)[0]
    assert best < 0.1 * coarse


def test_state_is_written_in_place_or_copied_last() -> None:
    model = compiled(_graph("lstm")).model
    assert all(operation.type is not OperationType.COPY for operation in model.operations[-1:])
    shifted = compiled(_graph("splice of 64")).model
    last = shifted.operations[-2:]
    assert [operation.type for operation in last] == [OperationType.COPY] * 2
    # Frames of 64 stand without gaps, those of 48 begin every 64 elements.
    expected = [(shape_parameter((1, size)),) for size in (5 * 64, 3 * 64 + 48)]
    assert [operation.parameters for operation in last] == expected


def test_aligned_concatenation_needs_no_product() -> None:
    """Parts of a memory are addresses, whatever their size."""
    kinds = [operation.type for operation in compiled(_graph("splice of 40")).model.operations]
    assert kinds.count(OperationType.AFFINE) == 2


def test_scale_factors_by_all_input_names() -> None:
    graph = _graph("different scales")
    for names in (("one", "other"), ("one:0", "other:0"), ("one", "other:0"), ("one:1", "other")):
        model = compiled(graph, scale_factors=dict(zip(names, (1000.0, 2000.0), strict=True))).model
        assert [endpoint.scale_factor for endpoint in model.inputs] == [1000.0, 2000.0]


def test_scale_factor_of_unknown_input_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'mfcc'.*one, other"):
        compiled(_graph("different scales"), scale_factors={"mfcc": 1000.0})


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_invalid_scale_factors_are_refused(factor: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        compiled(_graph("sigmoid"), scale_factors={"input": factor})


def test_missing_scale_factor_is_noted() -> None:
    found = compiled(_graph("sigmoid"), scale_factors={})
    assert found.model.inputs[0].scale_factor == 1.0
    assert "no scale factor" in found.notes[0]
    ranged = compiled(_graph("fake quantize"), scale_factors={})
    assert ranged.model.inputs[0].scale_factor == pytest.approx(32767 / 4)


def test_endpoints() -> None:
    found = compiled(_graph("several forms"))
    assert [endpoint.name for endpoint in found.model.outputs] == ["sums", "difference", "product", "after"]
    assert [endpoint.shape for endpoint in found.model.outputs] == [(1, 30)] * 3 + [(1, 17)]
    assert {endpoint.element_bytes for endpoint in found.model.outputs} == {4}
    assert found.model.inputs[0].tensor_names == ("input:0",)
    narrow = compiled(_graph("functions of 16 bits")).model
    assert {endpoint.element_bytes for endpoint in narrow.outputs} == {2}


def test_layers_name_graph_values() -> None:
    graph = _graph("lstm")
    found = compiled(graph)
    for layer in found.layers:
        output = found.model.operations[layer.operation].operand(OUTPUT)
        assert output is not None
        assert output.num_elements >= graph.sizes[layer.value]
        assert layer.output_scale > 0
        assert layer.input_scale > 0
    assert {port.value for port in graph.outputs} <= {layer.value for layer in found.layers}


def test_8_bit_weights_with_multipliers() -> None:
    model = read_blob(write_blob(compiled(_graph("sigmoid"), weight_bits=8).model), "blob")
    for operation in model.operations:
        weights, biases = operation.operand(2), operation.operand(3)
        assert weights is not None and biases is not None
        assert (weights.type, biases.type) == (DataType.INT8, DataType.COMPOUND_BIAS)
        source = operation.operand(INPUT)
        assert source is not None and source.shape[0] % 8 == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (CompileSettings(weight_bits=4), "8 or 16"),
        (CompileSettings(num_vectors=9), "1 to 8"),
        (CompileSettings(num_vectors=0), "1 to 8"),
    ],
)
def test_invalid_settings_are_refused(settings: CompileSettings, message: str) -> None:
    from ov_asr_score.gna.compiler.compilation import compile_graph

    with pytest.raises(UsageError, match=message):
        compile_graph(_graph("sigmoid"), settings)

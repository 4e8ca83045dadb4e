"""Operations of OpenVINO as layers of GNA, computed in float, against the CPU plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.float_graph import Activation, Affine, Convolution, Crop, Permute
from ov_asr_score.gna.graphs.reading.model_reader import read_graph, try_graph
from ov_asr_score.openvino_api import opset, ov
from tests.gna.float_models import constant, frames_for, model_of, numbers, scores_of_cpu, scores_of_graph


def ints(*values: int) -> Any:
    return constant(values, np.int64)


def dense(x: Any, rows: int, columns: int, seed: int = 1) -> Any:
    return opset.matmul(x, constant(numbers(rows, columns, seed=seed)), False, True)


def dequantized(x: Any) -> Any:
    weights = opset.convert(constant(np.arange(-12, 12).reshape(4, 6), np.int8), "f32")
    shifted = opset.subtract(weights, opset.convert(constant([[1]] * 4, np.int8), "f32"))
    return opset.matmul(x, opset.multiply(shifted, constant([[0.5], [0.25], [1.0], [0.125]])), False, True)


def hard_sigmoid(x: Any) -> Any:
    return opset.hard_sigmoid(x, constant(0.3), constant(0.4))


def soft_sign(x: Any) -> Any:
    return opset.divide(x, opset.add(opset.absolute(x), constant(1.0)))


def fake_quantize(x: Any) -> Any:
    return opset.fake_quantize(x, constant(-1.0), constant(1.5), constant(-2.0), constant(3.0), 17)


def positive(x: Any) -> Any:
    return opset.add(opset.absolute(x), constant(0.5))


def kaldi_convolution(x: Any) -> Any:
    # [1, 24] as 3 channels of 8 positions, the channels of a position side by side
    image = opset.transpose(opset.reshape(x, ints(1, 8, 1, 3), False), ints(0, 3, 1, 2))
    moved = opset.convolution(image, constant(numbers(4, 3, 3, 1)), [1, 1], [0, 0], [0, 0], [1, 1])
    biased = opset.relu(opset.add(moved, constant(numbers(1, 4, 1, 1))))
    pooled = opset.max_pool(biased, [1, 1], [1, 1], [0, 0], [0, 0], [2, 1])
    return opset.reshape(opset.transpose(pooled.output(0), ints(0, 2, 3, 1)), ints(1, -1), False)


def convolution(x: Any, **options: Any) -> Any:
    image = opset.reshape(x, ints(1, 2, 1, 12), False)
    settings: dict[str, Any] = {
        "strides": [1, 1],
        "pads_begin": [0, 0],
        "pads_end": [0, 0],
        "dilations": [1, 1],
    } | options
    return opset.convolution(image, constant(numbers(5, 2, 1, 3)), **settings)


def pooled(
    x: Any, window: int, stride: int, function: Callable[[Any], Any] = opset.tanh, rounding: str = "floor"
) -> Any:
    made = function(opset.add(convolution(x), constant(numbers(1, 5, 1, 1))))
    return opset.max_pool(made, [1, stride], [1, 1], [0, 0], [0, 0], [1, window], rounding).output(0)


def iterator(x: Any, steps: int) -> Any:
    """h = tanh(part + W h) over ``steps`` parts of the input."""
    size = int(x.get_output_shape(0)[1]) // steps if x.get_output_partial_shape(0).is_static else 6 // steps
    part, state = (opset.parameter([1, 1, size], np.float32) for _ in range(2))
    new = opset.tanh(opset.add(part, opset.matmul(state, constant(numbers(size, size)), False, True)))
    body = ov.Model([opset.result(new)], [part, state])
    loop = opset.tensor_iterator()
    loop.set_body(body)
    sequence = opset.reshape(x, ints(1, steps, size), False)
    loop.set_sliced_input(part, sequence.output(0), 0, 1, 1, -1, 1)
    loop.set_merged_input(state, constant(numbers(1, 1, size)).output(0), body.get_results()[0].output(0))
    loop.get_iter_value(body.get_results()[0].output(0), -1)
    return loop.get_concatenated_slices(body.get_results()[0].output(0), 0, 1, 1, -1, 1)


def cell(kind: str, x: Any, **options: Any) -> Any:
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
    states = [constant(numbers(1, 5, seed=number)) for number in range(2 if kind == "lstm" else 1)]
    more = 1 if options.get("linear_before_reset") else 0
    weights = [numbers(gates * 5, 6), numbers(gates * 5, 5), numbers((gates + more) * 5)]
    made = getattr(opset, f"{kind}_cell")(x, *states, *(constant(each) for each in weights), 5, **options)
    return list(made.outputs())


def lstm_sequence(x: Any, direction: str) -> Any:
    directions = 2 if direction == "bidirectional" else 1
    states = [constant(numbers(1, directions, 5, seed=number)) for number in range(2)]
    weights = [numbers(directions, 20, 6), numbers(directions, 20, 5), numbers(directions, 20)]
    sequence = opset.unsqueeze(x, ints(1))
    made = opset.lstm_sequence(
        sequence, states[0], states[1], ints(1), *(constant(each) for each in weights), 5, direction
    )
    return list(made.outputs())


TANH: dict[str, Any] = {"activations": ["tanh"], "activations_alpha": [], "activations_beta": []}

ONE: dict[str, Callable[[Any], Any]] = {
    "matmul": lambda x: dense(x, 4, 6),
    "matmul_bias": lambda x: opset.add(dense(x, 4, 6), constant(numbers(1, 4))),
    "matmul_not_transposed": lambda x: opset.matmul(x, constant(numbers(6, 4)), False, False),
    "matmul_constant_left": lambda x: opset.matmul(
        constant(numbers(4, 6)), opset.transpose(x, ints(1, 0)), False, False
    ),
    "matmul_constant_left_transposed": lambda x: opset.matmul(constant(numbers(6, 4)), x, True, True),
    "matmul_three_rows": lambda x: dense(opset.reshape(x, ints(1, 3, 2), False), 4, 2),
    "matmul_vector": lambda x: opset.matmul(x, constant(numbers(6)), False, False),
    "matmul_half": lambda x: opset.matmul(x, opset.convert(constant(numbers(4, 6), np.float16), "f32"), False, True),
    "matmul_int8": dequantized,
    "add_scalar": lambda x: opset.add(x, constant(2.5)),
    "add_vector": lambda x: opset.add(constant(numbers(6)), x),
    "add_broadcasts": lambda x: opset.add(x, constant(numbers(3, 1))),
    "subtract": lambda x: opset.subtract(x, constant(numbers(1, 6))),
    "subtract_from": lambda x: opset.subtract(constant(numbers(1, 6)), x),
    "multiply": lambda x: opset.multiply(x, constant(numbers(1, 6))),
    "divide": lambda x: opset.divide(x, constant(numbers(1, 6))),
    "divide_constant": lambda x: opset.divide(constant(2.0), positive(x)),
    "divide_tensors": lambda x: opset.divide(x, positive(x)),
    "add_tensors": lambda x: opset.add(opset.tanh(x), opset.sigmoid(x)),
    "subtract_tensors": lambda x: opset.subtract(opset.tanh(x), opset.sigmoid(x)),
    "multiply_tensors": lambda x: opset.multiply(opset.tanh(x), opset.sigmoid(x)),
    "multiply_broadcasts": lambda x: opset.multiply(opset.reshape(x, ints(6, 1), False), x),
    "negative": opset.negative,
    "batch_norm": lambda x: opset.add(
        opset.multiply(opset.add(dense(x, 4, 6), constant(numbers(4))), constant(numbers(4, seed=2))), constant(0.5)
    ),
    "sigmoid": opset.sigmoid,
    "tanh": opset.tanh,
    "relu": opset.relu,
    "leaky_relu": lambda x: opset.prelu(x, constant([0.1])),
    "prelu": lambda x: opset.prelu(x, constant(np.abs(numbers(6)))),
    "clamp": lambda x: opset.clamp(x, -0.5, 0.75),
    "hard_sigmoid": hard_sigmoid,
    "abs": opset.absolute,
    "sign": opset.sign,
    "exp": opset.exp,
    "log": lambda x: opset.log(positive(x)),
    "power": lambda x: opset.power(positive(x), constant(1.5)),
    "square": lambda x: opset.power(x, constant(2.0)),
    "power_one": lambda x: opset.power(x, constant(1.0)),
    "power_of_constant": lambda x: opset.power(constant(2.0), x),
    "sqrt": lambda x: opset.sqrt(positive(x)),
    "softsign": opset.softsign,
    "softsign_by_hand": soft_sign,
    "swish": opset.swish,
    "hswish": opset.hswish,
    "elu": lambda x: opset.elu(x, 0.7),
    "maximum": lambda x: opset.maximum(x, constant(0.2)),
    "minimum_vector": lambda x: opset.minimum(x, constant(numbers(6))),
    "maximum_vector": lambda x: opset.maximum(constant(numbers(6)), x),
    "maximum_tensors": lambda x: opset.maximum(opset.tanh(x), opset.negative(x)),
    "minimum_tensors": lambda x: opset.minimum(opset.tanh(x), opset.negative(x)),
    "fake_quantize": fake_quantize,
    "concat": lambda x: opset.concat([x, opset.tanh(x), constant(numbers(1, 2))], 1),
    "concat_inner": lambda x: opset.concat([opset.reshape(x, ints(2, 3), False), constant(numbers(2, 2))], 1),
    "split": lambda x: list(opset.split(opset.tanh(x), constant(1, np.int64), 3).outputs()),
    "variadic_split": lambda x: opset.concat(
        opset.variadic_split(x, constant(1, np.int64), ints(1, 2, 3)).outputs()[::-1], 1
    ),
    "strided_slice": lambda x: opset.strided_slice(opset.tanh(x), ints(0, 1), ints(0, -1), ints(1, 2), [1, 0], [1, 0]),
    "slice": lambda x: opset.slice(x, ints(4), ints(0), ints(-1), ints(1)),
    "gather": lambda x: opset.gather(x, ints(1, 2, 3), constant(1, np.int64)),
    "gather_apart": lambda x: opset.gather(x, ints(5, 0, 2), constant(1, np.int64)),
    "pad": lambda x: opset.pad(x, ints(0, 2), ints(0, 1), "constant", constant(0.0)),
    "pad_edge": lambda x: opset.pad(x, ints(0, 2), ints(0, 1), "edge"),
    "tile": lambda x: opset.tile(x, ints(2, 3)),
    "transpose": lambda x: opset.transpose(opset.reshape(x, ints(1, 2, 3), False), ints(0, 2, 1)),
    "transpose_twice": lambda x: opset.transpose(
        opset.sigmoid(opset.transpose(opset.reshape(x, ints(1, 2, 3), False), ints(0, 2, 1))), ints(2, 0, 1)
    ),
    "select": lambda x: opset.select(opset.greater(x, constant(0.1)), opset.tanh(x), opset.negative(x)),
    "less_or_equal": lambda x: opset.select(opset.less_equal(x, opset.tanh(x)), x, constant(7.0)),
    "equal": lambda x: opset.select(
        opset.logical_not(opset.equal(opset.relu(x), constant(0.0))), x, constant(np.arange(6.0))
    ),
    "reduce_sum": lambda x: opset.reduce_sum(opset.reshape(x, ints(2, 3), False), ints(1), True),
    "reduce_mean": lambda x: opset.reduce_mean(x, ints(1), False),
    "reduce_max": lambda x: opset.reduce_max(opset.reshape(x, ints(2, 3), False), ints(1), False),
    "reduce_min": lambda x: opset.reduce_min(opset.reshape(x, ints(2, 3), False), ints(0), False),
    "reduce_l2": lambda x: opset.reduce_l2(opset.reshape(x, ints(2, 3), False), ints(0), False),
    "shape_of": lambda x: opset.reshape(opset.tanh(x), opset.concat([opset.shape_of(x), ints(1)], 0), False),
    "identity": lambda x: [x, opset.tanh(x)],
    "known": lambda x: [dense(x, 4, 6), opset.add(constant(numbers(1, 3)), constant(1.0))],
    "iterator_of_one": lambda x: iterator(x, 1),
    "iterator_of_three": lambda x: iterator(x, 3),
}
IMAGES = {
    "kaldi_convolution": kaldi_convolution,
    "convolution": convolution,
    "convolution_padded": lambda x: convolution(x, pads_begin=[0, 1], pads_end=[0, 2]),
    "convolution_strided": lambda x: convolution(x, strides=[1, 2]),
    "convolution_dilated": lambda x: convolution(x, dilations=[1, 3]),
    "convolution_same": lambda x: convolution(x, auto_pad="same_upper"),
    "convolution_full_height": lambda x: opset.convolution(
        opset.reshape(x, ints(1, 1, 3, 8), False), constant(numbers(4, 1, 3, 2)), [1, 1], [0, 0], [0, 0], [1, 1]
    ),
    "convolution_of_a_row": lambda x: opset.convolution(
        opset.reshape(x, ints(1, 2, 12), False), constant(numbers(4, 2, 3)), [2], [0], [0], [1]
    ),
    "group_convolution": lambda x: opset.group_convolution(
        opset.reshape(x, ints(1, 2, 1, 12), False), constant(numbers(2, 3, 1, 1, 3)), [1, 1], [0, 0], [0, 0], [1, 1]
    ),
    "max_pool": lambda x: pooled(x, 2, 2),
    "max_pool_overlaps": lambda x: pooled(x, 3, 1),
    "max_pool_cut": lambda x: pooled(x, 3, 2),
    "max_pool_cut_off": lambda x: pooled(x, 4, 4),
    "max_pool_ceil": lambda x: pooled(x, 4, 4, rounding="ceil"),
    "max_pool_of_abs": lambda x: pooled(x, 2, 2, function=opset.absolute),
    "average_pool": lambda x: opset.avg_pool(convolution(x), [1, 2], [0, 0], [0, 0], [1, 3], False),
}
CELLS = {
    "lstm_cell": lambda x: cell("lstm", x),
    "lstm_cell_clipped": lambda x: cell("lstm", x, clip=0.4),
    "gru_cell": lambda x: cell("gru", x),
    "gru_cell_reset_late": lambda x: cell("gru", x, linear_before_reset=True),
    "rnn_cell": lambda x: cell("rnn", x, **TANH),
    "lstm_sequence": lambda x: lstm_sequence(x, "forward"),
    "lstm_sequence_both": lambda x: lstm_sequence(x, "bidirectional"),
}
CASES = [pytest.param(build, [-1, 6], id=name) for name, build in ONE.items()]
CASES += [pytest.param(build, [1, 6], id=name) for name, build in CELLS.items()]
CASES += [pytest.param(build, [1, 24], id=name) for name, build in IMAGES.items()]


@pytest.mark.parametrize(("build", "shape"), CASES)
def test_operations_match_cpu(build: Callable[[Any], Any], shape: list[int]) -> None:
    model = model_of(build, shape)
    graph = read_graph(model, "m.xml")
    frames = frames_for(graph, 3)
    expected = scores_of_cpu(model, graph, frames)
    for found, wanted in zip(scores_of_graph(graph, frames), expected, strict=True):
        for values, scores in zip(found, wanted, strict=True):
            assert values.shape == scores.shape
            np.testing.assert_allclose(values, scores, atol=2e-6, rtol=2e-6)


def test_sizes_and_layers_are_complete() -> None:
    graph = read_graph(model_of(lambda x: cell("lstm", x), [1, 6]), "m.xml")
    outputs = [layer.output for layer in graph.layers]
    assert len(set(outputs)) == len(outputs)
    assert set(graph.sizes) == {*outputs, *(port.value for port in graph.inputs)}


def test_bias_and_scale_are_merged_into_product() -> None:
    graph = read_graph(model_of(ONE["batch_norm"], [1, 6]), "m.xml")
    (layer,) = graph.layers
    assert isinstance(layer, Affine) and layer.biases is not None


def test_product_with_two_readers_is_not_merged() -> None:
    def build(x: Any) -> Any:
        product = dense(x, 4, 6)
        return [opset.add(product, constant(1.0)), opset.tanh(product)]

    layers = read_graph(model_of(build, [1, 6]), "m.xml").layers
    assert sorted(type(layer).__name__ for layer in layers) == ["Activation", "Affine", "Diagonal"]


def test_model_optimizer_convolution_with_pooling_is_one_layer() -> None:
    kinds = [type(layer) for layer in read_graph(model_of(kaldi_convolution, [1, 24]), "m.xml").layers]
    assert kinds == [Convolution, Activation]


def test_strided_channels_are_gathered() -> None:
    def build(x: Any) -> Any:
        image = opset.reshape(x, ints(1, 8, 1, 3), False)
        return opset.convolution(image, constant(numbers(4, 8, 1, 2)), [1, 1], [0, 0], [0, 0], [1, 1])

    kinds = [type(layer) for layer in read_graph(model_of(build, [1, 24]), "m.xml").layers]
    assert kinds == [Permute, Convolution, Permute]


def test_convolution_with_unsupported_positions_becomes_product() -> None:
    layers = read_graph(model_of(lambda x: convolution(x, strides=[1, 3]), [1, 24]), "m.xml").layers
    assert not any(isinstance(layer, Convolution) for layer in layers)
    assert any(isinstance(layer, Affine) for layer in layers)


def test_softsign_is_recognized() -> None:
    (layer,) = read_graph(model_of(soft_sign, [1, 6]), "m.xml").layers
    assert isinstance(layer, Activation) and layer.function == "softsign"


def test_gates_of_a_product_are_split() -> None:
    def build(x: Any) -> Any:
        gates = opset.split(opset.add(dense(x, 6, 6), dense(x, 6, 6, seed=2)), constant(1, np.int64), 2)
        return [opset.sigmoid(gates.output(0)), opset.tanh(gates.output(1))]

    layers = read_graph(model_of(build, [1, 6]), "m.xml").layers
    assert not any(isinstance(layer, Crop) for layer in layers)
    assert sum(isinstance(layer, Affine) for layer in layers) == 4


def test_free_lengths_become_one_frame() -> None:
    graph = read_graph(model_of(lambda x: dense(x, 4, 6), [-1, -1, 6]), "m.xml")
    assert graph.inputs[0].shape == (1, 1, 6) and graph.outputs[0].shape == (1, 1, 4)


def test_port_names() -> None:
    model = model_of(lambda x, y: opset.add(x, y, name="total"), [1, 6], [1, 6])
    graph = read_graph(model, "m.xml")
    assert [port.name for port in graph.inputs] == ["input0", "input1"]
    assert [port.tensor_names for port in graph.inputs] == [("input0",), ("input1",)]
    assert [port.name for port in graph.outputs] == ["total"]


def with_memory(build: Callable[[Any, Any], tuple[Any, Any]], size: int, initial: float = 0.0) -> ov.Model:
    """``build`` gives the output and what is kept, of the input [1, 6] and what was kept."""
    x = opset.parameter([1, 6], np.float32, name="input")
    before = opset.read_value(constant(np.full((1, size), initial)), "state")
    output, kept = build(x, before)
    return ov.Model([opset.result(output)], [opset.assign(kept, "state")], [x])


def spliced(x: Any, before: Any) -> tuple[Any, Any]:
    window = opset.concat([opset.slice(before, ints(6), ints(18), ints(1), ints(1)), x], 1)
    return dense(window, 4, 18), window


def counted(x: Any, before: Any) -> tuple[Any, Any]:
    """Zeros in the first two frames."""
    begun = opset.greater_equal(before, constant(2.0))
    kept = opset.minimum(opset.add(before, constant(1.0)), constant(4.0))
    return opset.select(begun, x, constant(0.0)), kept


def accumulated(x: Any, before: Any) -> tuple[Any, Any]:
    total = opset.add(before, opset.multiply(x, constant(0.3)))
    return opset.select(opset.greater(total, constant(0.25)), x, constant(1.0)), total


MEMORIES = {"spliced": (spliced, 18), "counted": (counted, 1), "accumulated": (accumulated, 6)}


@pytest.mark.parametrize(("build", "size"), MEMORIES.values(), ids=MEMORIES)
def test_memories_match_cpu(build: Callable[[Any, Any], tuple[Any, Any]], size: int) -> None:
    model = with_memory(build, size)
    graph = read_graph(model, "m.xml")
    assert [memory.size for memory in graph.memories] == [size]
    frames = frames_for(graph, 9)
    for found, expected in zip(scores_of_graph(graph, frames), scores_of_cpu(model, graph, frames), strict=True):
        np.testing.assert_allclose(found[0], expected[0], atol=2e-6)


def test_comparisons_of_whole_and_other_numbers() -> None:
    signs = {
        name: any(isinstance(layer, Activation) and layer.function == "sign" for layer in graph.layers)
        for name, (build, size) in MEMORIES.items()
        if (graph := read_graph(with_memory(build, size), "m.xml"))
    }
    assert signs == {"spliced": False, "counted": False, "accumulated": True}


def test_unused_memory_is_dropped() -> None:
    def build(x: Any, before: Any) -> tuple[Any, Any]:
        return opset.tanh(x), opset.add(before, x)

    assert read_graph(with_memory(build, 6), "m.xml").memories == ()


def test_all_unsupported_layers_are_listed() -> None:
    def build(x: Any) -> Any:
        rounded = opset.floor(opset.tanh(x), name="rounded")
        product = opset.matmul(rounded, opset.transpose(x, ints(1, 0)), False, False, name="attention")
        return [opset.softmax(dense(rounded, 4, 6), 1, name="prob"), product]

    model = model_of(build, [1, 6])
    graph, problems = try_graph(model, "m.xml")
    assert graph is None
    listed = {(layer.name, layer.type) for layer in problems}
    assert listed == {("rounded", "Floor"), ("prob", "Softmax"), ("attention", "MatMul")}
    with pytest.raises(UnsupportedModelError) as caught:
        read_graph(model, "m.xml")
    text = str(caught.value)
    assert text.startswith("m.xml: 3 layers that GNA does not support: ") and "\n" not in text
    for part in (
        "'rounded' (Floor: ",
        "'prob' (Softmax: ",
        "'attention' (MatMul: ",
        "HETERO:GNA_SW_EXACT,CPU",
        "output_layers",
    ):
        assert part in text


REFUSED = {
    "two_axes": (
        lambda x: opset.convolution(
            opset.reshape(x, ints(1, 1, 4, 6), False), constant(numbers(4, 1, 2, 2)), [1, 1], [0, 0], [0, 0], [1, 1]
        ),
        "along 2 axes",
    ),
    "gather": (
        lambda x: opset.gather(x, opset.convert(opset.relu(opset.sign(x)), "i64"), constant(1, np.int64)),
        "computed",
    ),
    "rounding": (lambda x: opset.convert(opset.convert(x, "i32"), "f32"), "rounds"),
    "pad_one": (lambda x: opset.pad(x, ints(0, 2), ints(0, 1), "constant", constant(1.0)), "other than zero"),
    "exponents": (lambda x: opset.power(x, constant(np.arange(24.0))), "from element to element"),
    "iterations": (lambda x: iterator_of(x, 40), "a loop of 40 steps"),
}


def iterator_of(x: Any, steps: int) -> Any:
    return iterator(opset.tile(opset.slice(x, ints(0), ints(1), ints(1), ints(1)), ints(1, steps)), steps)


@pytest.mark.parametrize(("build", "reason"), REFUSED.values(), ids=REFUSED)
def test_unsupported_layers_are_refused_with_reason(build: Callable[[Any], Any], reason: str) -> None:
    graph, problems = try_graph(model_of(build, [1, 24]), "m.xml")
    assert graph is None
    assert [reason in layer.reason for layer in problems] == [True]


def test_nonzero_initial_variable_is_refused() -> None:
    _, problems = try_graph(with_memory(spliced, 18, initial=0.5), "m.xml")
    assert [layer.type for layer in problems] == ["ReadValue"]
    assert "not zero" in problems[0].reason


def test_free_feature_dimension_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="fixed number of features"):
        read_graph(model_of(opset.tanh, [1, -1]), "m.xml")

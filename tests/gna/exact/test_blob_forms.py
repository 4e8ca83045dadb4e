"""Blobs as early and late versions of Intel's plugin write them: orders of values, integers, states as weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import (
    OUTPUT,
    PAGE,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaState,
    GnaTensor,
    GnaTransposition,
    OperationType,
)
from tests.gna.old_blobs import PLUGIN_2023, blob_of_version
from tests.gna.processing_models import gathering, transposing
from tests.gna.small_blob import small_model, with_operand

Floats = NDArray[np.float32]


def loud(rng: np.random.Generator, frames: int, size: int, scale: int = 1) -> Floats:
    """Random frames; times ``scale`` they are integers, some of them beyond int16."""
    return rng.integers(-40000, 40000, (frames, size)).astype(np.float32) / np.float32(scale)


def stateless(model: GnaModel) -> GnaModel:
    return replace(model, states=())


def scores_in_order(model: GnaModel, frames: list[Floats]) -> list[Floats]:
    """Scores of one utterance, frame after frame."""
    program = ExactProgram(model)
    memory = program.new_memory(1)
    parts = [program.run(memory, [values[t : t + 1] for values in frames]) for t in range(len(frames[0]))]
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


@pytest.mark.parametrize("form", ["named", "ends in NUL", "header", "processing"])
def test_transposed_inputs_and_outputs(form: str) -> None:
    """They give what the same model gives for values that are transposed beforehand."""
    model = small_model()
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    plain = scores_in_order(model, frames)
    left, right = model.inputs
    first, second = model.outputs
    ends_in_nul = form == "ends in NUL"
    if form == "header":
        turned = replace(model, rotation=(2, 4, 1, 0, 0, 0), turned_inputs=(GnaTransposition("right", ()),))
    elif form == "processing":
        turned = replace(
            model,
            inputs=(replace(left, processing=transposing([1, 2, 4], [0, 2, 1])), right),
            outputs=(first, replace(second, processing=transposing([4, 2], [1, 0]))),
        )
    else:
        turned = replace(
            model,
            turned_inputs=(GnaTransposition("left", ((True, 2, 4),), ends_in_nul),),
            turned_outputs=(GnaTransposition("second", ((True, 4, 2),), ends_in_nul),),
        )
    given = frames[0].reshape(6, 4, 2).transpose(0, 2, 1).reshape(6, 8)  # which is transposed back
    found = scores_in_order(turned, [given, frames[1]])
    assert np.array_equal(found[0], plain[0])
    expected = plain[1] if form == "header" else plain[1].reshape(6, 4, 2).transpose(0, 2, 1).reshape(6, 8)
    assert np.array_equal(found[1], expected)


def test_transposed_parts_of_an_input() -> None:
    model = small_model()
    parts = ((False, 1, 4), (True, 3, 2), (True, 2, 3))
    turned = replace(model, turned_inputs=(GnaTransposition("right", parts),))
    rng = np.random.default_rng(3)
    left, right = loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)
    blocks = [right[:, :4], right[:, 4:10].reshape(6, 3, 2).transpose(0, 2, 1).reshape(6, 6)]
    blocks.append(right[:, 10:].reshape(6, 2, 3).transpose(0, 2, 1).reshape(6, 6))
    expected = scores_in_order(model, [left, np.concatenate(blocks, axis=1)])
    for found, score in zip(scores_in_order(turned, [left, right]), expected, strict=True):
        assert np.array_equal(found, score)


def test_input_that_is_gathered_from_more_values() -> None:
    """A processing model that takes 8 of 10 values: frames are as wide as what it takes."""
    model = small_model()
    left, right = model.inputs
    order = [9, 1, 2, 3, 0, 5, 6, 7]
    wide = replace(left, shape=(1, 10), num_elements=10, processing=gathering(10, order))
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 10, 2048), loud(rng, 6, 16, 1024)]
    expected = scores_in_order(model, [frames[0][:, order], frames[1]])
    found = scores_in_order(replace(model, inputs=(wide, right)), frames)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_endpoints_of_different_vectors() -> None:
    """An output of two interleaved vectors beside an input of one: its values are one frame, vector after vector."""
    model = stateless(small_model())
    first, second = model.outputs
    apart = replace(model, outputs=(replace(first, shape=(2, 8)), second))
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    (plain, _), (found, _) = scores_in_order(model, frames), scores_in_order(apart, frames)
    assert np.array_equal(found, plain.reshape(6, 8, 2).transpose(0, 2, 1).reshape(6, 16))


def test_integer_endpoints() -> None:
    model = stateless(small_model())
    (left, right), (first, second) = model.inputs, model.outputs
    rng = np.random.default_rng(3)
    frames = [rng.integers(-99, 99, (6, 8)).astype(np.float32), loud(rng, 6, 16, 1024)]
    plain = scores_in_order(replace(model, inputs=(replace(left, scale_factor=1.0), right)), frames)
    integers = replace(
        model, inputs=(replace(left, precision=30), right), outputs=(replace(first, precision=70), second)
    )
    found = scores_in_order(integers, frames)
    assert np.array_equal(found[0], np.trunc(plain[0]))
    assert np.array_equal(found[1], plain[1])


def test_model_without_operations_gives_what_its_memory_holds() -> None:
    """As the plugin's trivial topologies do: an output may be the buffer of an input."""
    (left, _), (first, _) = small_model().inputs, small_model().outputs
    output = replace(first, offset=left.offset, element_bytes=2, shape=(1, 8), scale_factor=left.scale_factor)
    model = replace(stateless(small_model()), operations=(), outputs=(output,))
    frames = [np.arange(8, dtype=np.float32)[None], np.zeros((1, 16), np.float32)]
    assert np.array_equal(scores_in_order(model, frames)[0], frames[0])


def test_constants_between_buffers_are_not_copied_for_each_lane() -> None:
    model = small_model()
    far = replace(model, memory=model.memory + bytes(1 << 24))
    output = far.operations[3].operands[OUTPUT]
    assert output is not None
    far = with_operand(far, 3, OUTPUT, replace(output, offset=1 << 24))
    far = replace(far, outputs=(replace(far.outputs[0], offset=1 << 24), far.outputs[1]))
    program = ExactProgram(far)
    assert program.layout.num_bytes < 8192
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    expected = scores_in_order(model, frames)
    assert all(np.array_equal(*pair) for pair in zip(scores_in_order(far, frames), expected, strict=True))


X, Y, MEMORY = 0, 128, 256
WIDTH = 16


def peephole_model(kind: str) -> GnaModel:
    """A model whose state c is the second operand of a product.

    ``earlier``: y = x · c + 40000 reads what a later operation writes, c = quarter(2 · c + y). ``in place``: y is
    written over c, y = c = quarter(x · c + 40000). ``later``: c = quarter(2 · x) is written before y = x · c + 40000.
    """
    table = np.zeros(3, np.dtype([("base", "<i4"), ("value", "<i2"), ("slope", "<i2")]))
    # value = sum / 4, within -30000 … 30000 (a slope of 64 and a shift of 8 bits)
    table["base"], table["value"], table["slope"] = [-(2**31), -120000, 120000], [-30000, -30000, 30000], [0, 64, 0]
    twos = GnaTensor((WIDTH,), DataType.INT16, PAGE)
    zeros = GnaTensor((WIDTH,), DataType.INT32, PAGE + 64)
    segments = GnaTensor((3,), DataType.PWL_SEGMENT, PAGE + 128)
    offsets = GnaTensor((WIDTH,), DataType.INT32, PAGE + 192)
    memory = bytearray(2 * PAGE)
    memory[PAGE : PAGE + 32] = np.full(WIDTH, 2, np.int16).tobytes()
    memory[PAGE + 128 : PAGE + 152] = table.tobytes()
    memory[PAGE + 192 : PAGE + 256] = np.full(WIDTH, 40000, np.int32).tobytes()

    def buffer(offset: int, type_: DataType = DataType.INT16, *, vector: bool = False) -> GnaTensor:
        return GnaTensor((WIDTH,) if vector else (WIDTH, 1), type_, offset)

    elementwise, int32 = OperationType.ELEMENTWISE, DataType.INT32
    state = buffer(MEMORY, vector=True)
    product = GnaOperation(elementwise, (buffer(X), buffer(Y, int32), state, offsets, None))
    update = GnaOperation(elementwise, (buffer(MEMORY), buffer(MEMORY), twos, buffer(Y, int32, vector=True), segments))
    in_place = GnaOperation(elementwise, (buffer(X), buffer(MEMORY), state, offsets, segments))
    fill = GnaOperation(elementwise, (buffer(X), buffer(MEMORY), twos, zeros, segments))
    operations = {"earlier": (product, update), "later": (fill, product), "in place": (in_place,)}[kind]
    is_wide = kind != "in place"
    return GnaModel(
        version=(2, 8),
        inputs=(GnaEndpoint("x", 1.0, 2, WIDTH, X, (1, WIDTH)),),
        outputs=(GnaEndpoint("y", 1.0, 4 if is_wide else 2, WIDTH, Y if is_wide else MEMORY, (1, WIDTH)),),
        operations=operations,
        states=(GnaState("c", MEMORY, 64, 1.0),),
        memory=bytes(memory),
    )


def quarter(sums: NDArray[np.int64]) -> NDArray[np.int64]:
    """The table: up to -120000, and above 120000, the value is held; between them a quarter, rounded down."""
    inside = ((sums + 120000) * 64 >> 8) - 30000
    return np.where(sums <= -120000, -30000, np.where(sums >= 120000, 30000, inside))


def peephole_scores(kind: str, frames: NDArray[np.int64]) -> Floats:
    """The same in plain arithmetic (see the model), for one utterance."""
    state, scores = np.zeros(WIDTH, np.int64), []
    for x in frames:
        if kind == "later":
            state = quarter(2 * x)
        if kind == "in place":
            state = quarter(40000 + x * state)
            scores.append(state)
            continue
        y = np.clip(x * state + 40000, -(2**31), 2**31 - 1)
        scores.append(y)
        if kind == "earlier":
            state = quarter(2 * state + y)
    return np.array(scores, np.float32)


@pytest.mark.parametrize("kind", ["earlier", "later", "in place"])
@pytest.mark.parametrize("minor", [5, 6, 7, 8, 9])
def test_states_as_second_operand_of_a_product(kind: str, minor: int) -> None:
    model = read_blob(blob_of_version(peephole_model(kind), minor, versions=PLUGIN_2023), "x")
    assert check_model(model, "x") == ()
    program = ExactProgram(model)
    rng = np.random.default_rng(1)
    most = 12 if kind == "in place" else 30000
    frames = rng.integers(-most, most, (2, 12, WIDTH))
    memory = program.new_memory(2)
    found = [program.run(memory, [frames[:, t].astype(np.float32)])[0].copy() for t in range(8)]
    program.restart(memory, np.array([False, True]))
    found += [program.run(memory, [frames[:, t].astype(np.float32)])[0].copy() for t in range(8, 12)]
    first = peephole_scores(kind, frames[0])
    assert np.array_equal(np.array(found)[:, 0], first)
    second = np.concatenate([peephole_scores(kind, frames[1, :8]), peephole_scores(kind, frames[1, 8:])])
    assert np.array_equal(np.array(found)[:, 1], second)
    assert len(np.unique(first)) > 30

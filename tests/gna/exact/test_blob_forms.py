"""Blobs as early and late versions of Intel's plugin write them: orders of values, integers, states as weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    OUTPUT,
    SEGMENT,
    SEGMENTS,
    WEIGHTS,
    DataType,
    GnaModel,
    GnaTensor,
    GnaTransposition,
)
from tests.gna.blob_forms import WIDTH, peephole_model, peephole_scores
from tests.gna.old_blobs import PLUGIN_2023, blob_of_version
from tests.gna.processing_models import gathering, transposing
from tests.gna.small_blob import small_model, with_operand, with_operation

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


@pytest.mark.parametrize("form", ["named", "processing"])
def test_interleaved_values_that_are_transposed(form: str) -> None:
    """As in Intel's plugin, an input is interleaved and then transposed, an output transposed and then taken apart."""
    model = stateless(small_model())
    left, right = model.inputs
    first, second = model.outputs
    inputs, outputs = (replace(left, shape=(2, 4)), right), (replace(first, shape=(2, 8)), second)
    turned = replace(model, inputs=inputs, outputs=outputs)
    if form == "named":
        turned = replace(
            turned,
            turned_inputs=(GnaTransposition("left", ((True, 4, 2),)),),
            turned_outputs=(GnaTransposition("first", ((True, 4, 4),)),),
        )
    else:
        inputs = (replace(inputs[0], processing=transposing([4, 2], [1, 0])), right)
        outputs = (replace(outputs[0], processing=transposing([4, 4], [1, 0])), second)
        turned = replace(turned, inputs=inputs, outputs=outputs)
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    found = scores_in_order(turned, frames)
    # [2, 4] interleaved is [4, 2], which transposed is [2, 4] again
    plain = scores_in_order(model, frames)
    expected = plain[0].reshape(6, 4, 4).transpose(0, 2, 1).reshape(6, 8, 2).transpose(0, 2, 1).reshape(6, 16)
    assert np.array_equal(found[0], expected)
    assert np.array_equal(found[1], plain[1])


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


OVERLOOKED: dict[str, tuple[int, int, dict[str, Any]]] = {
    "weights": (0, WEIGHTS, {"shape": (8, 16)}),
    "biases": (2, BIASES, {"shape": (3,)}),
    "input vectors": (0, INPUT, {"shape": (8, 3)}),
    "biases of filters": (4, BIASES, {"shape": (9,)}),
    "plane": (4, OUTPUT, {"shape": (1, 1, 2, 4)}),
    "filters of a plane": (4, WEIGHTS, {"shape": (4, 1, 8, 1)}),
    "type of a copy": (6, OUTPUT, {"type": DataType.INT32}),
    "type of a transposition": (5, OUTPUT, {"type": DataType.INT32}),
    "layout": (1, OUTPUT, {"layout": "GNA1"}),
}
"""Operation, operand and changes of the small model that Intel's library overlooks: scores stay the same."""


@pytest.mark.parametrize("what", OVERLOOKED)
def test_what_the_library_overlooks_changes_no_score(what: str) -> None:
    model = small_model()
    operation, number, changes = OVERLOOKED[what]
    tensor = model.operations[operation].operands[number]
    assert tensor is not None
    changed = with_operand(model, operation, number, replace(tensor, **changes))
    check_model(changed, "x")
    assert_same_scores(changed, model)


def test_parameters_and_operands_without_effect() -> None:
    model = small_model()
    convolution = model.operations[4]
    padded = replace(convolution, parameters=(*convolution.parameters[:5], shape_parameter((4,))))
    assert_same_scores(with_operation(model, 4, padded), model)
    window = replace(convolution, parameters=(convolution.parameters[0], b"", b"", shape_parameter((2,))))
    assert_same_scores(with_operation(model, 4, window), model)
    longer = replace(model.operations[6], parameters=(shape_parameter((1, 16)),))  # the state is 64 bytes
    assert_same_scores(with_operation(model, 6, longer), model)
    switched_off = GnaTensor((4,), DataType.NONE, 3, mode=-1)
    assert_same_scores(with_operand(model, 3, SEGMENTS, switched_off), model)


def test_convolution_without_biases_has_zeros() -> None:
    model = small_model()
    biases = model.operations[4].operands[BIASES]
    assert biases is not None
    memory = bytearray(model.memory)
    memory[biases.offset : biases.offset + biases.num_bytes] = bytes(biases.num_bytes)
    without = with_operand(model, 4, BIASES, None)
    check_model(without, "x")
    assert_same_scores(without, replace(model, memory=bytes(memory)))


def test_convolution_with_computed_filters() -> None:
    """Filters that an operation has written: for each lane its own."""
    model = stateless(small_model())
    filters, hidden = model.operations[4].operands[WEIGHTS], model.operations[0].operands[OUTPUT]
    assert filters is not None
    assert hidden is not None
    computed = with_operand(model, 4, WEIGHTS, replace(filters, shape=(1, 16), offset=hidden.offset))
    computed = with_operand(computed, 4, OUTPUT, replace(hidden, shape=(1, 1, 1), offset=model.outputs[1].offset))
    computed = replace(computed, outputs=(replace(model.outputs[1], shape=(1, 1), num_elements=1),))
    check_model(computed, "x")
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    program = ExactProgram(computed)
    together = program.run(program.new_memory(6), frames)[0]
    assert np.array_equal(together, scores_in_order(computed, frames)[0])
    shown = replace(model, outputs=(replace(model.outputs[1], element_bytes=2, offset=hidden.offset, shape=(1, 16)),))
    written = (scores_in_order(shown, frames)[0] * model.outputs[1].scale_factor).astype(np.int64)
    right = np.clip(np.round(frames[1] * 1024), -32768, 32767).astype(np.int64)
    bias = int(np.frombuffer(model.memory, np.int32, 1, model.operations[4].operands[BIASES].offset)[0])  # type: ignore[union-attr]
    sums = np.clip((written * right).sum(axis=1) + bias, -(2**31), 2**31 - 1)
    # the table of the small model: slope 4 / 256 from each of its bases on
    table = np.frombuffer(model.memory, SEGMENT, 4, model.operations[4].operands[SEGMENTS].offset)  # type: ignore[union-attr]
    bases = table["base"].astype(np.int64) & ~3
    found = np.maximum(np.searchsorted(bases, sums, side="right") - 1, 0)
    expected = np.clip(((sums - bases[found]) * table["slope"][found] >> 8) + table["value"][found], -32768, 32767)
    assert np.array_equal(together[:, 0] * model.outputs[1].scale_factor, expected)


def assert_same_scores(changed: GnaModel, model: GnaModel) -> None:
    rng = np.random.default_rng(3)
    frames = [loud(rng, 6, 8, 2048), loud(rng, 6, 16, 1024)]
    expected = scores_in_order(model, frames)
    assert all(np.array_equal(*pair) for pair in zip(scores_in_order(changed, frames), expected, strict=True))


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

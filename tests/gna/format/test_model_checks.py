"""Checks of GNA models: each invalid field is refused with a message that names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ov_asr_score.errors import BlobFormatError
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    OUTPUT,
    SEGMENTS,
    WEIGHTS,
    DataType,
    GnaModel,
    GnaProcessing,
    GnaState,
    GnaTensor,
    GnaTransposition,
)
from tests.gna.small_blob import (
    FIRST,
    HIDDEN,
    LEFT,
    RECURRENT,
    RIGHT,
    STATE,
    small_model,
    with_operand,
    with_operation,
)

Change = Callable[[GnaModel], GnaModel]

# Operations of the small model: 0 fully connected (8 bit), 1 fully connected (16 bit, 32-bit output), 2 sum of the two,
# 3 product with an input, 4 convolution, 5 transposition, 6 copy to the state.


def operand(operation: int, number: int, **changes: Any) -> Change:
    def change(model: GnaModel) -> GnaModel:
        tensor = model.operations[operation].operands[number]
        assert tensor is not None
        return with_operand(model, operation, number, replace(tensor, **changes))

    return change


def without(operation: int, number: int) -> Change:
    return lambda model: with_operand(model, operation, number, None)


def operation(number: int, **changes: Any) -> Change:
    return lambda model: with_operation(model, number, replace(model.operations[number], **changes))


def source(**changes: Any) -> Change:
    return lambda model: replace(model, inputs=(replace(model.inputs[0], **changes), *model.inputs[1:]))


def output(**changes: Any) -> Change:
    return lambda model: replace(model, outputs=(replace(model.outputs[0], **changes), *model.outputs[1:]))


def state(**changes: Any) -> Change:
    return lambda model: replace(model, states=(replace(model.states[0], **changes),))


def whole(**changes: Any) -> Change:
    return lambda model: replace(model, **changes)


def other_parameters(*parameters: bytes) -> Change:
    return operation(4, parameters=(shape_parameter((8,)), *parameters))


def pooled(window: int, stride: int, positions: int) -> Change:
    """The convolution with stride 4 (3 positions) and maximum pooling."""

    def change(model: GnaModel) -> GnaModel:
        mode = (1).to_bytes(4, "little")
        parameters = (shape_parameter((4,)), b"", mode, shape_parameter((window,)), shape_parameter((stride,)))
        convolution = replace(model.operations[4], parameters=parameters)
        changed = operand(4, OUTPUT, shape=(1, positions, 4))(with_operation(model, 4, convolution))
        shape = (1, 4 * positions)
        second = replace(model.outputs[1], shape=shape, num_elements=4 * positions)
        return replace(changed, outputs=(model.outputs[0], second))

    return change


def unchanged(model: GnaModel) -> GnaModel:
    return model


def constant(number: int) -> GnaTensor:
    """Where a constant of the first operation is."""
    tensor = small_model().operations[0].operands[number]
    assert tensor is not None
    return tensor


IN_PLACE = operand(3, OUTPUT, offset=FIRST)

WRONG: list[tuple[Change, str]] = [
    (whole(inputs=()), r"model: expected at least one input, found none"),
    (whole(outputs=()), r"model: expected at least one output, found none"),
    # tensors
    (operand(0, WEIGHTS, offset=8192), r"operation 0 \(affine\): weights: expected 128 bytes within 8,192"),
    (operand(0, WEIGHTS, offset=2**63), r"operation 0 \(affine\): weights: expected 128 bytes within 8,192"),
    (operand(0, WEIGHTS, offset=4098), r"weights: expected an offset .* multiple of 64, found 4098"),
    (operand(0, WEIGHTS, mode=0x10000), r"weights: expected mode 0 .* found 65536"),
    (operand(0, WEIGHTS, type=DataType.NONE), r"weights: expected an element type, found none"),
    (without(0, WEIGHTS), r"operation 0 \(affine\): weights: expected a tensor, found none"),
    (without(6, OUTPUT), r"operation 6 \(copy\): output: expected a tensor, found none"),
    # fully connected
    (operation(0, operands=()), r"operation 0 \(affine\): expected 4 to 6 operands, found 0"),
    (operand(0, INPUT, shape=(12, 1)), r"input: expected a multiple of 8 rows, 1 to 8 vectors, found \[12,1\]"),
    (operand(0, OUTPUT, shape=(16, 9)), r"input: expected a multiple of 8 rows, 1 to 8 vectors, found \[8,9\]"),
    (operand(0, BIASES, type=DataType.INT32), r"biases: expected compound biases \(int16 input, int8 weights\)"),
    (operand(1, BIASES, type=DataType.COMPOUND_BIAS), r"biases: expected int8, int16 or int32 .* found compound_bias"),
    (operand(0, INPUT, type=DataType.INT32), r"input: expected int8 or int16, found int32"),
    (operand(0, WEIGHTS, type=DataType.UINT8), r"weights: expected int8 or int16, found uint8"),
    (operand(1, OUTPUT, type=DataType.INT16), r"output: expected int32, because there are no segments, found int16"),
    (operand(0, OUTPUT, type=DataType.INT64), r"output: expected int8, int16 or int32, found int64"),
    (operand(0, SEGMENTS, shape=(1,)), r"segments: expected 2 to 128, found \[1\]"),
    (operand(0, SEGMENTS, shape=(129,)), r"segments: expected 2 to 128, found \[129\]"),
    (operand(0, SEGMENTS, type=DataType.INT64), r"segments: expected the type of segments \(13\), found 6"),
    (operand(0, INPUT, type=DataType.INT8), r"biases: expected int8, int16 or int32 \(int8 input, int8 weights\)"),
    (lambda model: with_operand(model, 0, 5, constant(BIASES)), r"weight scale factors: expected none, .* found a"),
    (operation(0, parameters=(b"\2\0\0\0",)), r"operation 0 \(affine\): bias mode: expected 0 .* found 2"),
    (operation(0, parameters=(b"\0",)), r"operation 0 \(affine\): parameter 0: expected 4 bytes or none, found 1"),
    (operation(2, parameters=(b"",)), r"operation 2 \(elementwise\): parameters: expected at most 0, found 1"),
    # element-wise
    (operand(2, OUTPUT, shape=(8, 2)), r"output: expected the input's shape \[16,1\], found \[8,2\]"),
    # convolution
    (operand(4, INPUT, shape=(1, 16, 1)), r"operands: expected dimensions of a convolution .* found \(3, 3, 2\)"),
    (operand(4, INPUT, shape=(2, 8)), r"input: expected 1 vector, found \[2,8\]"),
    (operand(4, WEIGHTS, shape=(4, 24)), r"filters: expected at most \[1,16,1\], found \[1,24,1\]"),
    (operand(4, OUTPUT, shape=(1, 3, 4)), r"output: expected \[1,2,4\], found \[1,3,4\]"),
    (operation(4, parameters=()), r"operation 4 \(convolution\): parameters: expected a stride, found none"),
    (operation(4, parameters=(shape_parameter((0,)),)), r"stride: expected 1 to \[1,8\], found \[1,0\]"),
    (operation(4, parameters=(shape_parameter((9,)),)), r"stride: expected 1 to \[1,8\], found \[1,9\]"),
    (
        operation(4, parameters=(b"\x09" + bytes(35),)),
        r"parameter 0: expected a shape of at most 8 dimensions, found 9",
    ),
    (operation(4, parameters=(shape_parameter((1, 2, 3)),)), r"parameter 0: expected 1 or 2 dimensions, found 3"),
    (other_parameters(b"\1\0\0\0"), r"bias mode: expected 0 .* found 1"),
    (other_parameters(b"", b"\3\0\0\0"), r"pooling: expected 1 \(maximum\), 2 \(sum\) or none, found 3"),
    (other_parameters(b"", b"\1\0\0\0"), r"pooling: expected a window and a stride, found none"),
    (other_parameters(b"", b"", b"", b"", shape_parameter((0, 8))), r"zero padding: expected less than \[1,8\], found"),
    (pooled(4, 2, 1), r"pooling: expected a window .* windows up to \[1,3\], found window \[1,4\]"),
    (pooled(2, 0, 1), r"pooling: expected a window and a stride of at least 1"),
    (pooled(2, 2, 1), r"output: expected \[1,2,4\], found \[1,1,4\]"),
    # copy and transposition
    (operation(6, parameters=(shape_parameter((2, 8)),)), r"copied shape: expected rows .* \[1,16\], found \[2,8\]"),
    (operation(6, parameters=(shape_parameter((1, 65536)),)), r"input: expected 1 to 4 dimensions .* \[1,65536\]"),
    (operation(6, parameters=(shape_parameter((1, 4096)),)), r"input: expected 8,192 bytes within 8,192 .* offset 768"),
    (operation(6, parameters=(shape_parameter((0, 8)),)), r"copied shape: expected rows and columns .* found \[0,8\]"),
    (operation(6, parameters=(shape_parameter((1, 4)),)), r"copied shape: .* a multiple of 16 bytes .* found \[1,4\]"),
    (operand(6, INPUT, shape=(1, 12)), r"copied shape: .* a multiple of 16 bytes .* found \[1,8\]"),
    (operation(6, parameters=(shape_parameter((8,)),)), r"copied shape: expected rows and columns .* found \[8\]"),
    (operation(6, parameters=()), r"copied shape: expected rows and columns within \[1,16\], found None"),
    (operand(5, OUTPUT, shape=(8, 2)), r"output: expected \[2,8\] int16, found \[8,2\] int16"),
    (operand(5, INPUT, type=DataType.INT32), r"input: expected rows and columns of int8 or int16, found \[8,2\] int32"),
    (operand(5, OUTPUT, type=DataType.INT64), r"output: expected \[2,8\] int16, found \[2,8\] int64"),
    # endpoints
    (source(name=""), r"input 0: name: expected a unique name, found ''"),
    (source(name="right"), r"input 1: name: expected a unique name, found 'right'"),
    (source(scale_factor=0.0), r"input 0: scale factor: expected a number other than 0, found 0"),
    (source(scale_factor=float("nan")), r"input 0: scale factor: expected a number other than 0, found nan"),
    (output(scale_factor=float("inf")), r"output 0: scale factor: expected a number other than 0, found inf"),
    (source(element_bytes=4), r"input 0: bytes of an element: expected 1 or 2, found 4"),
    (output(element_bytes=8), r"output 0: bytes of an element: expected 1 or 2 or 4, found 8"),
    (source(precision=11), r"input 0: precision: expected 10 \(FP32\) or 30 .* found 11; export it with FP32"),
    (output(precision=40), r"output 0: precision: expected 10 \(FP32\) or 70 \(I32\), found 40; export it with FP32"),
    (source(shape=()), r"input 0: shape: expected 1 to 4 dimensions of at least 1, found \[\]"),
    (source(shape=(1, 0)), r"input 0: shape: expected 1 to 4 dimensions of at least 1, found \[1,0\]"),
    (output(shape=(1, 1, 1, 4, 4)), r"output 0: shape: expected 0 to 4 dimensions of at least 1, found \[1,1,1,4,4\]"),
    (source(shape=(1, 16)), r"input 0: elements: expected 16 or more for the shape \[1,16\], found 8"),
    (output(shape=(1, 2**31), num_elements=2**31), r"output 0: buffer: expected 8,589,934,592 bytes within 8,192"),
    (source(offset=8190), r"input 0: buffer: expected 16 bytes within 8,192 .* found offset 8,190"),
    # states
    (state(num_bytes=2**31), r"state 0: buffer: expected 2,147,483,648 bytes within 8,192"),
    (state(offset=8192), r"state 0: buffer: expected 64 bytes within 8,192"),
    # an operation without segments that writes what it still reads
    (operand(1, INPUT, offset=RECURRENT), r"operation 1 \(affine\): output: expected a buffer separate from the input"),
    # orders of values
    (
        whole(turned_outputs=(GnaTransposition("first", ((True, 4, 5),)),)),
        r"output 0: transposition: expected parts of 16 values in all, found 20; the file is damaged",
    ),
    (
        whole(turned_inputs=(GnaTransposition("left", ((True, 2**40, 2**40),)),)),
        r"input 0: transposition: expected parts of 8 values in all, found 1,208,925,819,614,629,174,706,176;",
    ),
    (whole(rotation=(3, 4, 1, 0, 0, 0)), r"input 0: transposition: expected parts of 8 values in all, found 12;"),
    (
        source(processing=GnaProcessing(b"<html/>", b"")),
        r"input 0: processing: expected an OpenVINO IR, found a text without <net>; the file is damaged",
    ),
]

# What Intel's plugin does not write, but takes: a note tells of it.
ODD: list[tuple[Change, str]] = [
    (whole(operations=()), r"input 0: buffer: expected one that an operation reads, found offset 0"),
    (source(offset=LEFT + 1), r"operation 0 \(affine\): input: expected constants separate from .* offset 0"),
    (source(offset=LEFT + 2), r"operation 0 \(affine\): input: expected constants separate from .* offset 0"),
    (source(offset=2048), r"operation 0 \(affine\): input: expected written values, or constants behind the 4,096"),
    (
        source(offset=STATE),
        r"(input|state) 0: buffer: expected one separate from that of (input|state) 0, found offset",
    ),
    (source(element_bytes=1), r"operation 0 \(affine\): input: expected elements of 1 bytes, .* found 2 bytes"),
    (source(precision=40), r"^input 'left' is one of integers: features are scaled and rounded"),
    (source(precision=30), r"^input 'left' is one of integers: features are rounded"),
    (output(precision=70), r"^output 'first' is one of integers: scores are truncated"),
    (output(offset=2048), r"output 0: buffer: expected one that operations write, found offset 2,048"),
    (output(element_bytes=2), r"output 0: bytes of an element: expected 4, as written, found 2"),
    (state(offset=2048), r"state 0: buffer: expected one that an operation reads, found offset 2,048"),
    (state(offset=RIGHT + 64), r"state 0: buffer: expected one that an operation reads, found offset 192"),
    (operand(3, OUTPUT, offset=4096), r"operation 0 \(affine\): biases: expected written values, or constants behind"),
    (operand(0, SEGMENTS, offset=STATE), r"operation 0 \(affine\): segments: expected constants separate from"),
    (operand(0, WEIGHTS, offset=2048), r"operation 0 \(affine\): weights: expected written values, or constants"),
    (
        operand(6, INPUT, shape=(28, 16)),
        r"operation 6 \(copy\): input: expected values that operations write, .* 768 to 1,664",
    ),
    (operand(0, BIASES, offset=constant(BIASES).offset + 64), r"constants: expected an offset behind those of"),
    (operand(4, SEGMENTS, shape=(2,)), r"constants: expected an offset behind those of"),
    (operand(0, SEGMENTS, offset=constant(BIASES).offset), r"constants: expected an offset behind those of"),
    (operand(4, BIASES, offset=HIDDEN), r"operation 4 \(convolution\): biases: expected constants separate from"),
    (operand(0, WEIGHTS, shape=(8, 16)), r"operation 0 \(affine\): weights: expected \[16,8\], found \[8,16\]"),
    (operand(0, BIASES, shape=(8,)), r"operation 0 \(affine\): biases: expected \[16\], found \[8\]"),
    (operand(2, WEIGHTS, shape=(15,)), r"operation 2 \(elementwise\): weights: expected \[16\], found \[15\]"),
    (operand(4, BIASES, shape=(8,)), r"operation 4 \(convolution\): biases: expected \[4\], found \[8\]"),
    (whole(ignored_bytes=5), r"^the last 5 bytes of the blob are ignored, as by Intel's plugin$"),
    (
        whole(turned_inputs=(GnaTransposition("left", ((True, 2, 4),), ends_in_nul=True),)),
        r"^input 'left' is transposed, as the blob says; OpenVINO 2022 and 2023 overlook that, because the name ends",
    ),
    (
        whole(turned_inputs=(GnaTransposition("lef", ((True, 2, 4),)),)),
        r"^input 'lef' is to be transposed, but there is no such input$",
    ),
    (
        whole(version=(2, 3), rotation=(2, 4, 1, 0, 0, 0), inputs=(small_model().inputs[0],)),
        r"^inputs are transposed, as the header of the blob says; .* overlook that in version 2.3$",
    ),
]

VALID: list[Change] = [
    unchanged,
    IN_PLACE,
    operand(4, OUTPUT, layout="GNA1"),
    lambda model: operand(4, SEGMENTS, shape=(1,), offset=len(model.memory) - 64)(model),
    pooled(2, 2, 2),
    pooled(3, 3, 1),
    pooled(2, 1, 2),
    pooled(1, 2, 2),
    whole(states=()),
    whole(turned_inputs=(GnaTransposition("left", ((False, 2, 4),)),)),
    whole(turned_inputs=(GnaTransposition("left", ((True, 2, 4),)),)),
    whole(
        turned_outputs=(
            GnaTransposition(
                "first",
                ((False, 1, 6), (True, 5, 2)),
            ),
        )
    ),
    whole(rotation=(2, 4, 0, 0, 0, 0)),
    operand(1, BIASES, type=DataType.INT16),
    operand(0, OUTPUT, layout="HW"),
    operand(0, OUTPUT, type=DataType.INT32),
    operand(6, OUTPUT, type=DataType.INT32),
    operand(0, INPUT, offset=HIDDEN),
    source(layout=194),
    source(orientation=0),
    source(scale_factor=-1e-30),
    source(shape=(8,)),
    source(num_elements=9),
    output(num_elements=3),
    state(num_bytes=63),
    state(scale_factor=float("nan")),
    without(4, BIASES),
    other_parameters(b"", b"", shape_parameter((2,))),
    other_parameters(b"", b"", b"", b"", shape_parameter((8,))),
    operation(5, parameters=(b"",)),
    lambda model: with_operand(model, 3, SEGMENTS, replace(constant(SEGMENTS), mode=-1, type=DataType.NONE)),
]


@pytest.mark.parametrize("change", VALID)
def test_valid_models(change: Change) -> None:
    check_model(change(small_model()), "x.gna")


def test_model_as_written_by_the_plugin_has_no_notes() -> None:
    assert check_model(small_model(), "x.gna") == ()
    assert check_model(IN_PLACE(small_model()), "x.gna") == ()


@pytest.mark.parametrize(("change", "note"), ODD, ids=[note[:50] for _, note in ODD])
def test_unusual_models_are_told_of(change: Change, note: str) -> None:
    notes = check_model(change(small_model()), "x.gna")
    assert any(re.search(note, told) for told in notes), notes
    assert all(told.isprintable() and len(told) < 900 for told in notes)


def test_few_of_many_oddities_are_listed() -> None:
    model = small_model()
    (note,) = check_model(replace(model, states=(GnaState("s", 2048, 64, 1.0),) * 50), "x.gna")
    assert note.count(": expected ") == 3
    assert note.endswith("; and 146 more")


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message[:50] for _, message in WRONG])
def test_invalid_models_are_refused(change: Change, message: str) -> None:
    with pytest.raises(BlobFormatError, match=f"^x.gna: .*{message}") as caught:
        check_model(change(small_model()), "x.gna")
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_message_names_byte_of_file() -> None:
    content = write_blob(operand(2, WEIGHTS, offset=8192)(small_model()))
    model = read_blob(content, "x.gna")
    place = model.places["operation 2"]
    assert content[place : place + 8] == bytes([4, 0, 0, 0, 5, 0, 0, 0])
    message = rf"^x.gna: operation 2 \(elementwise\) at byte {place}: weights: expected 32 bytes within 8,192"
    with pytest.raises(BlobFormatError, match=message):
        check_model(model, "x.gna")


def test_vectors_per_request() -> None:
    model = small_model()
    interleaved = replace(
        model,
        inputs=(replace(model.inputs[0], shape=(2, 8), num_elements=16),),
        outputs=(replace(model.outputs[0], shape=(2, 16), offset=HIDDEN, element_bytes=2),),
        operations=(operand(0, INPUT, shape=(8, 2))(operand(0, OUTPUT, shape=(16, 2))(model)).operations[0],),
        states=(),
    )
    assert interleaved.num_vectors == 2
    check_model(interleaved, "x")
    (source,) = interleaved.inputs
    # vectors that differ: the values of an endpoint are one frame
    different = replace(interleaved, inputs=(replace(source, shape=(1, 16)),))
    assert different.num_vectors == 1
    check_model(different, "x")


def test_checks_of_many_states_are_fast() -> None:
    model = small_model()
    big = replace(model, version=(2, 7), memory=model.memory + bytes(1 << 20))
    states = tuple(GnaState(f"s{index}", 8192 + 64 * index, 64, 1.0) for index in range(1 << 14))
    (note,) = check_model(replace(big, states=states), "x")
    assert note.endswith("; and at least 997 more")


def test_checks_of_many_outputs_are_fast() -> None:
    model = small_model()
    first = model.outputs[0]
    outputs = tuple(replace(first, name=f"y{index}") for index in range(1 << 13))
    operations = model.operations + model.operations[1:2] * 4000
    assert check_model(replace(model, outputs=outputs, operations=operations), "x") == ()

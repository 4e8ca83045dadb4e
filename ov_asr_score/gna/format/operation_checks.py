"""Checks of a single operation of a GNA model: operands must match, as Intel's library requires.

Operations are those of ``runnable.settled_operation``. Comments name the check of libgna (intel/gna, src/gna-lib), or
the reason why no value can be computed here. Limits that only say what a device can hold, such as the sizes of planes
and windows in ConvolutionalLayer2DCapabilities, are left to it.

Tests: tests/gna/format/test_model_checks.py
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod
from typing import NoReturn

from ov_asr_score.gna.format import layout
from ov_asr_score.gna.format.runnable import (
    BIAS_MODE,
    LEGACY_LAYOUT,
    PADDING,
    POOLING_MODE,
    POOLING_STRIDE,
    POOLING_WINDOW,
    STRIDE,
)
from ov_asr_score.gna.model import (
    BIASES,
    BUFFER_ALIGNMENT,
    INPUT,
    OUTPUT,
    SEGMENTS,
    WEIGHTS,
    DataType,
    GnaOperation,
    GnaTensor,
    OperationType,
)

Fail = Callable[[str, str, object], NoReturn]
"""Raises an error from: the operand or parameter, what was expected, what was found."""

OPERAND_NAMES = ("input", "output", "weights", "biases", "segments", "weight scale factors")
MAX_LENGTH = 65535
MAX_VECTORS = 8
FILTER_ALIGNMENT = 16

# ModelWrapper::GetOperationInfo: operands that are needed, and at most
_NUM_OPERANDS = {
    OperationType.AFFINE: (4, 6),
    OperationType.ELEMENTWISE: (4, 5),
    OperationType.CONVOLUTION: (3, 5),
    OperationType.COPY: (2, 2),
    OperationType.TRANSPOSITION: (2, 2),
}
# GNAModelSerial::Import: GnaParamSize
_PARAMETER_BYTES = {
    OperationType.AFFINE: (4, 4),
    OperationType.ELEMENTWISE: (),
    OperationType.CONVOLUTION: (36, 4, 4, 36, 36, 36),
    OperationType.COPY: (36,),
    OperationType.TRANSPOSITION: (36,),
}
_POOLING_DISABLED = 0xFFFFFFFF
_PLAIN = frozenset({DataType.INT8, DataType.INT16, DataType.INT32})


def check_operation(operation: GnaOperation, memory_bytes: int, fail: Fail) -> None:
    """Check one operation against the size of the memory image; ``fail`` raises the error."""
    kind = operation.type
    fewest, most = _NUM_OPERANDS[kind]
    if not fewest <= len(operation.operands) <= most:  # ModelWrapper::ExpectOperationValid
        fail("", f"{fewest} to {most} operands", len(operation.operands))
    for number, tensor in enumerate(operation.operands):
        if tensor is not None:
            _check_tensor(operation, number, tensor, memory_bytes, fail)
        elif number < fewest:  # ModelWrapper::ExpectOperationValid
            fail(OPERAND_NAMES[number], "a tensor", "none")
    _check_parameters(operation, fail)
    match kind:
        case OperationType.AFFINE:
            _check_affine(operation, fail)
        case OperationType.ELEMENTWISE:
            _check_elementwise(operation, fail)
        case OperationType.CONVOLUTION:
            _check_convolution(operation, fail)
        case OperationType.COPY:
            _check_copy(operation, fail)
        case _:
            _check_transposition(operation, fail)


def operand_bytes(operation: GnaOperation, number: int) -> int:
    """Bytes of memory that an operand occupies; filters of convolutions begin at multiples of 16."""
    tensor = _operand(operation, number)
    if operation.type is OperationType.CONVOLUTION and number == WEIGHTS and tensor.shape:
        return tensor.shape[0] * _aligned(prod(tensor.shape[1:]) * tensor.type.num_bytes, FILTER_ALIGNMENT)
    return tensor.num_bytes


def copied_shape(operation: GnaOperation) -> tuple[int, int]:
    """Rows and columns that a checked Copy operation copies."""
    rows, columns = layout.read_shape_parameter(operation.parameters[0])
    return rows, columns


def _check_tensor(operation: GnaOperation, number: int, tensor: GnaTensor, memory_bytes: int, fail: Fail) -> None:
    name = OPERAND_NAMES[number]
    if number > SEGMENTS:  # of grouped biases, see _check_parameters
        fail(name, "none, as Intel's plugin writes it", f"a tensor of {_text(tensor.shape)}")
    if tensor.mode:  # ModelWrapper::GetValidTensorModes; an external buffer is not in the file
        fail(name, "mode 0 (in the memory image)", tensor.mode)
    # LayerCapabilities; no dimensions are no values
    if not 1 <= len(tensor.shape) <= 4 or not all(1 <= length <= MAX_LENGTH for length in tensor.shape):
        fail(name, f"1 to 4 dimensions from 1 to {MAX_LENGTH}", _text(tensor.shape))
    if tensor.type is DataType.NONE:  # Tensor::validate
        fail(name, "an element type", "none")
    if tensor.offset % BUFFER_ALIGNMENT:  # ModelErrorHelper::ExpectBufferAligned
        fail(name, f"an offset that is a multiple of {BUFFER_ALIGNMENT}", tensor.offset)
    size = operand_bytes(operation, number)
    if tensor.offset + size > memory_bytes:  # outside memory; CompiledModel::VerifyBufferAndStoreMemory
        fail(name, f"{size:,} bytes within {memory_bytes:,} of the memory image", f"offset {tensor.offset:,}")


def _check_parameters(operation: GnaOperation, fail: Fail) -> None:
    sizes = _PARAMETER_BYTES[operation.type]
    if len(operation.parameters) > len(sizes):
        fail("parameters", f"at most {len(sizes)}", len(operation.parameters))
    for number, (parameter, size) in enumerate(zip(operation.parameters, sizes, strict=False)):
        if len(parameter) not in (0, size):
            fail(f"parameter {number}", f"{size} bytes or none", len(parameter))
    bias_mode = BIAS_MODE if operation.type is OperationType.CONVOLUTION else 0
    if operation.type in (OperationType.CONVOLUTION, OperationType.AFFINE):
        mode = _number_parameter(operation, bias_mode, 0)
        # Grouped biases are not computed here: no version of Intel's plugin writes them. Others are refused by
        # OperationConfig::IsMultibias and GetBiasMode.
        if mode:
            fail("bias mode", "0 (one bias for each output)", mode)


def _check_affine(operation: GnaOperation, fail: Fail) -> None:
    source, output = (_operand(operation, number) for number in (INPUT, OUTPUT))
    # LayerCapabilities: LegacyInputs, InputGroupMax
    if len(source.shape) != 2 or source.shape[0] % 8 or source.shape[1] > MAX_VECTORS:
        fail("input", f"a multiple of 8 rows, 1 to {MAX_VECTORS} vectors", _text(source.shape))
    if len(output.shape) != 2:
        fail("output", "rows and vectors", _text(output.shape))
    _check_weighted_types(operation, fail)


def _check_elementwise(operation: GnaOperation, fail: Fail) -> None:
    source, output = (_operand(operation, number) for number in (INPUT, OUTPUT))
    if len(source.shape) != 2 or source.shape[0] % 8 or source.shape[1] > MAX_VECTORS:
        fail("input", f"a multiple of 8 rows, 1 to {MAX_VECTORS} columns", _text(source.shape))
    if output.shape != source.shape:  # AffineLayer
        fail("output", f"the input's shape {_text(source.shape)}", _text(output.shape))
    _check_weighted_types(operation, fail)


def _check_convolution(operation: GnaOperation, fail: Fail) -> None:
    source, output, filters = (_operand(operation, number) for number in (INPUT, OUTPUT, WEIGHTS))
    ranks = (len(source.shape), len(output.shape), len(filters.shape))
    if ranks not in ((2, 3, 2), (4, 4, 4)):  # LayerInput::GetShape, LayerOutput::GetShape, OperationConfig::GetFilters
        fail("operands", "dimensions of a convolution (input 2, output 3, filters 2; or 4, 4, 4)", ranks)
    is_plane = ranks[0] == 4
    batch, height, width, depth = source.shape if is_plane else (source.shape[0], 1, source.shape[1], 1)
    count, filter_height, filter_width, filter_depth = (
        filters.shape if is_plane else (filters.shape[0], 1, filters.shape[1], 1)
    )
    if batch != 1:  # ConvolutionalLayer2DCapabilities: InputEqual1
        fail("input", "1 vector", _text(source.shape))
    # ConvolutionFunction2D: filters, stride and padding
    if filter_depth != depth or filter_height > height or filter_width > width:
        fail("filters", f"at most {_text((height, width, depth))}", _text((filter_height, filter_width, filter_depth)))
    stride = _pair_parameter(operation, STRIDE, fail)
    if stride is None:  # OperationConfig::GetStride
        fail("parameters", "a stride", "none")
    if not (1 <= stride[0] <= filter_height and 1 <= stride[1] <= filter_width):
        fail("stride", f"1 to {_text((filter_height, filter_width))}", _text(stride))
    padding = _pair_parameter(operation, PADDING, fail) or (0, 0)
    if padding[0] >= filter_height or padding[1] >= filter_width:
        fail("zero padding", f"less than {_text((filter_height, filter_width))}", _text(padding))
    positions = (
        (height + 2 * padding[0] - filter_height) // stride[0] + 1,
        (width + 2 * padding[1] - filter_width) // stride[1] + 1,
    )
    rows, columns = _pooled(operation, positions, fail)
    expected = (1, rows, columns, count) if is_plane else (1, columns, count)
    if output.shape != expected:  # ConvolutionalLayer2D::Init
        fail("output", _text(expected), _text(output.shape))
    _check_weighted_types(operation, fail)


def _pooled(operation: GnaOperation, positions: tuple[int, int], fail: Fail) -> tuple[int, int]:
    mode = _number_parameter(operation, POOLING_MODE, _POOLING_DISABLED)
    window = _pair_parameter(operation, POOLING_WINDOW, fail)
    stride = _pair_parameter(operation, POOLING_STRIDE, fail)
    if mode == _POOLING_DISABLED:
        return positions
    if mode not in (1, 2):  # PoolingFunction2D
        fail("pooling", "1 (maximum), 2 (sum) or none", mode)
    if window is None or stride is None:  # OperationConfig::InitPooling
        fail("pooling", "a window and a stride", "none")
    # PoolingFunction2D, PoolingFunction
    if not all(1 <= length <= limit for length, limit in zip(window, positions, strict=True)) or min(stride) < 1:
        found = f"window {_text(window)}, stride {_text(stride)}"
        fail("pooling", f"a window and a stride of at least 1, windows up to {_text(positions)}", found)
    is_legacy = _operand(operation, OUTPUT).layout == LEGACY_LAYOUT or stride[0] > window[0] or stride[1] > window[1]
    if is_legacy:
        if _has_no(operation, SEGMENTS):  # CnnLayer::Init
            fail("pooling", "segments for it", "none")
        return (positions[0] - 1) // stride[0] + 1, (positions[1] - 1) // stride[1] + 1
    return ceil((positions[0] - window[0]) / stride[0]) + 1, ceil((positions[1] - window[1]) / stride[1]) + 1


def _check_copy(operation: GnaOperation, fail: Fail) -> None:
    source, output = _operand(operation, INPUT), _operand(operation, OUTPUT)
    shape = _shape_parameter(operation, 0, fail)
    for name, tensor in (("input", source), ("output", output)):  # AuxiliaryCapabilities
        if len(tensor.shape) != 2 or tensor.type not in _PLAIN:
            fail(name, "rows and columns of int8, int16 or int32", f"{_text(tensor.shape)} {tensor.type.name.lower()}")
        if shape is None or len(shape) != 2 or not all(map(_fits, shape, tensor.shape)):  # outside memory
            fail("copied shape", f"rows and columns within {_text(tensor.shape)}", shape and _text(shape))
    # AuxiliaryCapabilities, CopyLayer::limits
    lengths = [rectangle[1] * source.type.num_bytes for rectangle in (source.shape, output.shape, shape or (0, 1))]
    if shape is None or shape[0] > MAX_VECTORS or any(length % 16 for length in lengths):
        expected = f"1 to {MAX_VECTORS} rows, of a multiple of 16 bytes as those of input and output"
        fail("copied shape", expected, shape and _text(shape))


def _check_transposition(operation: GnaOperation, fail: Fail) -> None:
    source, output = _operand(operation, INPUT), _operand(operation, OUTPUT)
    if len(source.shape) != 2 or source.type not in (DataType.INT8, DataType.INT16):  # TransposeLayer
        fail("input", "rows and columns of int8 or int16", f"{_text(source.shape)} {source.type.name.lower()}")
    if output.shape != source.shape[::-1] or source.type is not output.type:
        expected = f"{_text(source.shape[::-1])} {source.type.name.lower()}"
        fail("output", expected, f"{_text(output.shape)} {output.type.name.lower()}")


def _check_weighted_types(operation: GnaOperation, fail: Fail) -> None:
    """Check the types of elements, as LayerCapabilities, AccelerationDetector and ActivationFunction do."""
    source, output, weights = (_operand(operation, number).type for number in range(3))
    if source not in (DataType.INT8, DataType.INT16):
        fail("input", "int8 or int16", source.name.lower())
    if weights not in (DataType.INT8, DataType.INT16):
        fail("weights", "int8 or int16", weights.name.lower())
    is_compound = (
        source is DataType.INT16 and weights is DataType.INT8 and operation.type is not OperationType.CONVOLUTION
    )
    biases = operation.operand(BIASES)
    if biases is not None and biases.type not in (frozenset({DataType.COMPOUND_BIAS}) if is_compound else _PLAIN):
        expected = "compound biases" if is_compound else "int8, int16 or int32"
        given = f" ({source.name.lower()} input, {weights.name.lower()} weights)"
        fail("biases", expected + given, biases.type.name.lower())
    segments = operation.operand(SEGMENTS)
    if segments is None:
        if output is not DataType.INT32:  # Layer::initTransforms
            fail("output", "int32, because there are no segments", output.name.lower())
        return
    fewest = 1 if operation.type is OperationType.CONVOLUTION else 2
    if len(segments.shape) != 1 or not fewest <= segments.shape[0] <= 128:
        fail("segments", f"{fewest} to 128", _text(segments.shape))
    if segments.type is not DataType.PWL_SEGMENT:
        fail("segments", "the type of segments (13)", int(segments.type))
    if output not in _PLAIN:
        fail("output", "int8, int16 or int32", output.name.lower())


def _operand(operation: GnaOperation, number: int) -> GnaTensor:
    tensor = operation.operand(number)
    if tensor is None:
        raise ValueError(f"{operation.type.name} has no operand {number}")
    return tensor


def _has_no(operation: GnaOperation, number: int) -> bool:
    return operation.operand(number) is None


def _parameter(operation: GnaOperation, number: int) -> bytes:
    return operation.parameters[number] if number < len(operation.parameters) else b""


def _number_parameter(operation: GnaOperation, number: int, default: int) -> int:
    parameter = _parameter(operation, number)
    return int.from_bytes(parameter, "little") if parameter else default


def _shape_parameter(operation: GnaOperation, number: int, fail: Fail) -> tuple[int, ...] | None:
    parameter = _parameter(operation, number)
    if not parameter:
        return None
    try:
        return layout.read_shape_parameter(parameter)
    except ValueError:
        return fail(f"parameter {number}", f"a shape of at most {layout.MAX_DIMENSIONS} dimensions", parameter[0])


def _pair_parameter(operation: GnaOperation, number: int, fail: Fail) -> tuple[int, int] | None:
    """Rows and columns of a parameter; a single dimension means columns, in one row. None if it is absent or empty."""
    shape = _shape_parameter(operation, number, fail)
    if not shape:
        return None
    if len(shape) > 2:  # OperationConfig::GetShapeParameterOfMaximal2Dimensions
        fail(f"parameter {number}", "1 or 2 dimensions", len(shape))
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def _fits(length: int, limit: int) -> bool:
    return 1 <= length <= limit


def _aligned(count: int, alignment: int) -> int:
    return -(-count // alignment) * alignment


def _text(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"

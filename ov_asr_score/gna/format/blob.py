"""Reads and writes blobs in the format of Intel's GNA plugin (GNAM): bytes to ``GnaModel`` and back."""

from __future__ import annotations

from ov_asr_score.gna.format import layout
from ov_asr_score.gna.format.blob_reader import read_model
from ov_asr_score.gna.model import GnaEndpoint, GnaModel, GnaOperation, GnaProcessing, GnaTensor, GnaTransposition


def read_blob(data: bytes, source: str) -> GnaModel:
    """The model in ``data``, of any format version from 2.1 to 2.9; ``source`` names it in messages.

    Fields that a version lacks get the defaults of Intel's plugin. Every size is checked against the length of the data
    before anything is allocated. Whether the model can be run is checked by ``model_checks.check_model``. Raises
    BlobFormatError.
    """
    return read_model(data, source)


def write_blob(model: GnaModel) -> bytes:
    """A blob of version 2.8, which Intel's plugin imports and ``read_blob`` reads back as the same model.

    A model with processing models (``GnaProcessing``), which only 2.9 has, is written as 2.9. Buffers keep their place
    in the memory image. A blob that was read is written back byte for byte, if its names are printable.
    """
    endpoints = (*model.inputs, *model.outputs)
    has_processing = any(endpoint.processing is not None for endpoint in endpoints)
    minor = layout.PROCESSING_MODELS_SINCE if has_processing else layout.WRITTEN_MINOR
    rows, columns, is_turned, output_rows, output_columns, is_output_turned = model.rotation
    header: dict[str, int | float] = {
        "memory_bytes": len(model.memory),
        "operations": len(model.operations),
        "group": 1,
        "rows": rows,
        "columns": columns,
        "is_turned": is_turned,
        "inputs": len(model.inputs),
        "outputs": len(model.outputs),
        "output_rows": output_rows,
        "output_columns": output_columns,
        "is_output_turned": is_output_turned,
        "turned_inputs": len(model.turned_inputs),
        "turned_outputs": len(model.turned_outputs),
    }
    parts = [layout.START.pack(layout.MAGIC, layout.header_bytes(minor), layout.MAJOR, minor)]
    parts.append(layout.header_layout(minor).pack(header))
    parts += [_text(endpoint.name) for endpoint in model.inputs]
    if not has_processing:
        parts += [_turning(turned) for turned in (*model.turned_inputs, *model.turned_outputs)]
    parts += [_endpoint(endpoint, minor) for endpoint in model.inputs]
    parts += [_text(endpoint.name) for endpoint in model.outputs]
    parts += [_endpoint(endpoint, minor) for endpoint in model.outputs]
    parts += [_operation(operation) for operation in model.operations]
    parts.append(layout.COUNT.pack(len(model.states)))
    for state in model.states:
        parts += [layout.STATE.pack(state.offset, state.num_bytes), _text(state.name)]
        parts.append(layout.SCALE_FACTOR.pack(state.scale_factor))
    parts.append(model.memory)
    parts += [_text(version) for version in model.made_with]
    return b"".join(parts)


def _text(text: str) -> bytes:
    content = text.encode() + b"\0"
    return layout.COUNT.pack(len(content)) + content


def _turning(turned: GnaTransposition) -> bytes:
    name = turned.name.encode()
    parts = [layout.TURNED_PART.pack(*part) for part in turned.parts]
    return b"".join([layout.COUNT.pack(len(name)), name, layout.COUNT.pack(len(parts)), *parts])


def _endpoint(endpoint: GnaEndpoint, minor: int) -> bytes:
    fields: dict[str, int | float] = {
        "scale_factor": endpoint.scale_factor,
        "element_bytes": endpoint.element_bytes,
        "num_elements": endpoint.num_elements,
        "offset": endpoint.offset,
        "rank": len(endpoint.shape),
        "layout": endpoint.layout,
        "precision": endpoint.precision,
        "tensor_names": len(endpoint.tensor_names),
        "orientation": endpoint.orientation,
    }
    fields |= {f"dimension{axis}": length for axis, length in enumerate(endpoint.shape)}
    parts = [layout.endpoint_layout(minor).pack(fields), *map(_text, endpoint.tensor_names)]
    if minor >= layout.PROCESSING_MODELS_SINCE:
        parts.append(_processing(endpoint.processing))
    return b"".join(parts)


def _processing(processing: GnaProcessing | None) -> bytes:
    if processing is None:
        return _text("")
    xml = processing.xml + b"\0"
    size = layout.CONSTANTS_SIZE.pack(len(processing.constants))
    return layout.COUNT.pack(len(xml)) + xml + size + processing.constants


def _operation(operation: GnaOperation) -> bytes:
    parts = [layout.COUNT.pack(operation.type), layout.COUNT.pack(len(operation.operands))]
    parts += [_tensor(tensor) for tensor in operation.operands]
    parts.append(layout.COUNT.pack(len(operation.parameters)))
    parts += [layout.COUNT.pack(len(parameter)) + parameter for parameter in operation.parameters]
    return b"".join(parts)


def _tensor(tensor: GnaTensor | None) -> bytes:
    if tensor is None:
        return bytes(layout.TENSOR.size)
    slots = [*tensor.shape, *[0] * (layout.MAX_DIMENSIONS - len(tensor.shape))]
    name = tensor.layout.encode("latin-1")
    return layout.TENSOR.pack(len(tensor.shape), *slots, tensor.mode, name, tensor.type, tensor.offset)

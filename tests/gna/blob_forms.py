"""Blobs of every form that Intel's plugin has written, and models whose states are weights, with their right scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.model import (
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
from tests.gna.small_blob import small_model

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


def peephole_scores(kind: str, frames: NDArray[np.int64]) -> NDArray[np.float32]:
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


def forms() -> dict[str, bytes]:
    """A blob of every form: orders of values, processing models, versions of several lines, states as weights."""
    model = small_model()
    (left, right), (first, second) = model.inputs, model.outputs
    turned = replace(
        model,
        turned_inputs=(GnaTransposition("left", ((True, 2, 2), (False, 1, 4)), ends_in_nul=True),),
        turned_outputs=(GnaTransposition("second", ((True, 4, 2),)),),
    )
    processed = replace(
        model,
        inputs=(replace(left, processing=transposing([1, 2, 4], [0, 2, 1])), right),
        outputs=(first, replace(second, processing=gathering(8, [7, 6, 5, 4, 3, 2, 1, 0]))),
    )
    rotated = replace(model, rotation=(2, 4, 1, 0, 0, 0), inputs=(left, replace(right, shape=(1, 8), num_elements=8)))
    return {
        "turned": blob_of_version(turned, 6),
        "header": blob_of_version(rotated, 4),
        "processed": blob_of_version(processed, 9, versions=PLUGIN_2023, lost_turnings=3),
        "peephole": blob_of_version(peephole_model("earlier"), 8, versions=PLUGIN_2023),
        "in place": blob_of_version(peephole_model("in place"), 7),
    }

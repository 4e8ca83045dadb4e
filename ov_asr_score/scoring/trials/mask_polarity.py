"""Whether ones in a mask let frames count, as the tool fills it in, or hide them as PyTorch's key padding masks do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan
from ov_asr_score.ov_model.model_description import describe_ports

_FRAMES = 40
_CHANGED = 1e-4  # of the largest score: more than rounding


def check_masks(
    core: ov.Core, model: ov.Model, plan: FillingPlan, requests: Mapping[str, Sequence[int]]
) -> dict[str, str]:
    """What to add to the notes about masks of ones that only the name of an input asks for, by note.

    One frame is moved: with a mask of ones more scores follow than with zeros. Raises UsageError where they do not.
    """
    notes = {}
    for filling in plan.fillings:
        if filling.kind != "ones" or filling.is_asked:
            continue
        with_ones = _following(core, model, plan, filling, requests)
        with_zeros = _following(core, model, _with(plan, replace(filling, kind="zeros")), filling, requests)
        settled = with_ones is not None and with_zeros is not None and with_ones.shape == with_zeros.shape
        if not settled or not _hides(with_ones, with_zeros):
            raise UsageError(
                f"inputs: no table for input {filling.input}, and a trial does not tell whether ones in it let frames "
                f"count; give inputs '{filling.input}=ones' or inputs '{filling.input}=zeros', or a table",
                fields=("inputs", "inputs", "inputs"),
            )
        note = f"input '{filling.input}' is filled in with {filling.text}"
        notes[note] = ": with zeros, scores do not follow the frames as they do with ones"
    return notes


def _hides(with_ones: NDArray[np.bool_] | None, with_zeros: NDArray[np.bool_] | None) -> bool:
    """Whether with zeros fewer scores follow a frame than with ones, and none that do not with ones."""
    if with_ones is None or with_zeros is None:
        return False
    return bool(with_ones.any() and (with_zeros <= with_ones).all() and with_zeros.sum() < with_ones.sum())


def _with(plan: FillingPlan, changed: Filling) -> FillingPlan:
    return replace(plan, fillings=tuple(changed if each.input == changed.input else each for each in plan.fillings))


def _following(
    core: ov.Core, model: ov.Model, plan: FillingPlan, mask: Filling, requests: Mapping[str, Sequence[int]]
) -> NDArray[np.bool_] | None:
    """For each score of a request, whether it follows when one frame in the middle is moved; None: cannot be run."""
    try:
        filled = fill_inputs(model, plan, requests).model
        compiled = core.compile_model(filled, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RUNTIME_ERRORS:
        return None
    random = np.random.default_rng(0)
    moved_input = next((name for name, shape in requests.items() if -1 in shape), "")
    arrays, moved = [], []
    for port, taken in zip(describe_ports(filled)[0], compiled.inputs, strict=True):
        shape = requests.get(port.name, port.shape or ())
        limits = taken.get_partial_shape()
        sizes: list[int] = [
            (size if size is not None and size > 0 else _FRAMES)
            if limits[axis].is_dynamic
            else limits[axis].get_length()
            for axis, size in enumerate(shape)
        ]
        values = random.standard_normal(sizes).astype(np.float32)
        arrays.append(values)
        other = values.copy()
        if port.name == moved_input:
            axis = list(shape).index(-1)
            place = [slice(None)] * len(sizes)
            place[axis] = slice(sizes[axis] // 2, sizes[axis] // 2 + 1)
            other[tuple(place)] += 1.0
        moved.append(other)
    try:
        before, after = (_run(compiled, values) for values in (arrays, moved))
    except RUNTIME_ERRORS:
        return None
    if before.shape != after.shape or not (np.isfinite(before).all() and np.isfinite(after).all()):
        return None
    changed: NDArray[np.bool_] = np.abs(after - before) > _CHANGED * max(float(np.abs(before).max(initial=0.0)), 1e-30)
    return changed


def _run(compiled: ov.CompiledModel, arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    request = compiled.create_infer_request()
    request.infer(dict(enumerate(arrays)))
    return np.array(request.get_output_tensor(0).data, np.float32).reshape(-1)

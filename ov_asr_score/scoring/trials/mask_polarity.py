"""Whether ones in a mask mark valid frames, as the tool fills it in, or frames to ignore, as in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.errors import DeviceError, UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.settings.device import DeviceSettings

_FRAMES = 40
_CHANGED = 1e-4  # of the largest score: more than rounding


def check_masks(
    core: ov.Core, model: ov.Model, plan: FillingPlan, requests: Mapping[str, Sequence[int]]
) -> dict[str, str]:
    """What to add to the notes about masks of ones that only the name of an input asks for, by note.

    One frame is changed. If ones mark valid frames, fewer scores change with it when the mask is zero at this frame
    alone; if they mark frames to ignore, fewer change when a mask of zeros is one there. Raises UsageError unless the
    former is the case and the latter is not.
    """
    notes = {}
    for filling in plan.fillings:
        if filling.kind != "ones" or filling.is_asked:
            continue
        trial = _Trial.of(core, model, plan, filling, requests)
        if trial is None or not trial.hides_frame(1) or trial.hides_frame(0):
            raise UsageError(
                f"inputs: no table for input {filling.input}, and a trial does not show whether ones in it mark valid "
                f"frames; give inputs '{filling.input}=ones' or inputs '{filling.input}=zeros', or a table",
                fields=("inputs", "inputs", "inputs"),
            )
        notes[filling.note] = ": a trial shows that ones mark valid frames"
    return notes


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A model that still takes the mask: random inputs, and others of which one frame was moved."""

    compiled: ov.CompiledModel
    arrays: Sequence[NDArray[np.float32]]
    moved: Sequence[NDArray[np.float32]]
    mask: int  # number of the input
    mask_axis: int  # its axis of frames
    frame: int

    @staticmethod
    def of(
        core: ov.Core, model: ov.Model, plan: FillingPlan, mask: Filling, requests: Mapping[str, Sequence[int]]
    ) -> _Trial | None:
        """The trial of one mask; None where the model cannot be run with it."""
        moved_input = next((name for name, shape in requests.items() if -1 in shape), "")
        others = replace(plan, fillings=tuple(each for each in plan.fillings if each.input != mask.input))
        try:
            filled = fill_inputs(model, others, requests).model
            compiled = compile_model(core, filled, DeviceSettings(), without_fusions=True)
        except (DeviceError, *RUNTIME_ERRORS):
            return None
        random = np.random.default_rng(0)
        arrays: list[NDArray[np.float32]] = []
        moved: list[NDArray[np.float32]] = []
        frames, number, axis = 0, -1, -1
        for port, taken in zip(describe_ports(filled)[0], compiled.inputs, strict=True):
            limits = [None if size.is_dynamic else size.get_length() for size in taken.get_partial_shape()]
            if port.name == mask.input and None in limits:
                number = len(arrays)
                axis = len(limits) - 1 - limits[::-1].index(None)  # the first of two is that of utterances
            request = list(requests.get(port.name, [1] * len(limits)))
            sizes = [
                limit if limit is not None else size if size > 0 else _FRAMES
                for limit, size in zip(limits, request, strict=True)
            ]
            values = random.standard_normal(sizes).astype(np.float32)
            other = values.copy()
            if port.name == moved_input:
                frames = sizes[request.index(-1)]
                np.moveaxis(other, request.index(-1), 0)[frames // 2] += 1.0
            arrays.append(values)
            moved.append(other)
        if number < 0 or not frames:
            return None
        sizes = list(arrays[number].shape)
        sizes[axis] = frames
        arrays[number] = moved[number] = np.zeros(sizes, np.float32)
        return _Trial(compiled, arrays, moved, number, axis, frames // 2)

    def hides_frame(self, counting: float) -> bool:
        """Whether fewer scores follow the moved frame where it alone has not the value ``counting`` in the mask.

        All that follow then do so with a mask of that value, too.
        """
        whole = np.full_like(self.arrays[self.mask], counting)
        without = whole.copy()
        np.moveaxis(without, self.mask_axis, 0)[self.frame] = 1 - counting
        all_following, following = self._following(whole), self._following(without)
        if all_following is None or following is None or all_following.shape != following.shape:
            return False
        return bool((following <= all_following).all() and following.sum() < all_following.sum())

    def _following(self, mask: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """For each score, whether it follows when the frame is moved; None: it cannot be run, or not be told."""
        requests = [[*values[: self.mask], mask, *values[self.mask + 1 :]] for values in (self.arrays, self.moved)]
        try:
            before, after = (_run(self.compiled, request) for request in requests)
        except RUNTIME_ERRORS:
            return None
        if before.shape != after.shape or not (np.isfinite(before).all() and np.isfinite(after).all()):
            return None
        largest = max(float(np.abs(before).max(initial=0.0)), 1e-30)
        changed: NDArray[np.bool_] = np.abs(after - before) > _CHANGED * largest
        return changed


def _run(compiled: ov.CompiledModel, arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    request = compiled.create_infer_request()
    request.infer(
        {
            number: array.astype(port.get_element_type().to_dtype())
            for number, (array, port) in enumerate(zip(arrays, compiled.inputs, strict=True))
        }
    )
    return np.array(request.get_output_tensor(0).data, np.float32).reshape(-1)

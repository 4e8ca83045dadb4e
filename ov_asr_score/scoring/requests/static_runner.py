"""The Runner over models with static shapes: one for each shape of a request, compiled when the first one comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from ov_asr_score.openvino_api import ov
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, LayerTimes
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.runner import Float32Array

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
"""The shapes of all inputs, in their order."""

_MOST_KEPT = 16


class StaticRunner:
    """``num_slots`` infer requests for arrays of any shapes, each computed by a model of exactly these shapes.

    ``open_runner`` compiles the model for given shapes of its inputs, as it does for ``first``, those of the first
    request. The models that were used last are kept, ``most_kept`` of them. See
    :class:`ov_asr_score.scoring.requests.runner.Runner`.
    """

    inputs: Sequence[PortInfo]
    outputs: Sequence[PortInfo]

    def __init__(
        self,
        open_runner: Callable[[Shapes, int], OpenVinoRunner],
        first: Shapes,
        num_slots: int,
        most_kept: int = _MOST_KEPT,
    ) -> None:
        """Compile the model for the shapes ``first``."""
        self._open_runner, self._most_kept = open_runner, most_kept
        self.num_slots = num_slots
        self.num_runs = 0
        self.compiled_shapes = [first]
        """The shapes of each model that was compiled, in the order in which that happened."""
        runner = open_runner(first, num_slots)
        self._kept = {first: runner}  # the one that was used last comes last
        self._in_slots: list[OpenVinoRunner] = [runner] * num_slots
        self._bound: list[Sequence[Float32Array]] = [()] * num_slots
        self._is_reset = [False] * num_slots
        self._earlier = LayerTimes()  # of models that are no longer kept
        self.compiled: ov.CompiledModel = runner.compiled
        self.inputs, self.outputs = runner.inputs, runner.outputs

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let the slot read its inputs from ``arrays`` without a copy."""
        self._bound[slot] = arrays

    def start(self, slot: int) -> None:
        """Start the request, and compile the model first if need be. Raises DeviceError."""
        runner = self._ready(slot)
        self.num_runs += 1
        runner.start(slot)

    def finish(self, slot: int) -> float:
        """Wait; gives the request's own latency in seconds. Raises DeviceError."""
        return self._in_slots[slot].finish(slot)

    def run(self, slot: int) -> None:
        """Run the request in the caller's thread, and compile the model first if need be. Raises DeviceError."""
        runner = self._ready(slot)
        self.num_runs += 1
        runner.run(slot)

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Views into the request's output tensors."""
        return self._in_slots[slot].results(slot)

    def reset_state(self, slot: int) -> None:
        """Reset the variables of the model that the slot's next request goes to."""
        self._is_reset[slot] = True

    def renew(self) -> None:
        """Forget all models, so that each is compiled anew when it is needed."""
        for runner in self._kept.values():
            self._earlier.merge(runner.averaged_layer_times())
        self._kept = {}

    def layer_records(self, slot: int) -> Iterable[Any]:
        """ProfilingInfo of every layer; see :class:`OpenVinoRunner`."""
        return self._in_slots[slot].layer_records(slot)

    def forget_layer_times(self) -> None:
        """Leave the runs up to now, those of a trial, out of ``averaged_layer_times``."""
        self._earlier = LayerTimes()
        for runner in self._kept.values():
            runner.forget_layer_times()

    def averaged_layer_times(self) -> list[LayerTime]:
        """Layer times of all models together; see :class:`OpenVinoRunner`."""
        times = LayerTimes()
        times.merge(self._earlier.slowest_first(include_not_run=True))
        for runner in self._kept.values():
            times.merge(runner.averaged_layer_times())
        return times.slowest_first(include_not_run=True)

    def _ready(self, slot: int) -> OpenVinoRunner:
        """The runner of the slot's shapes, with its arrays bound."""
        arrays = self._bound[slot]
        shapes = tuple(array.shape for array in arrays)
        runner = self._kept.pop(shapes, None)
        if runner is None:
            self._make_room()
            runner = self._open_runner(shapes, self.num_slots)
            self.compiled_shapes.append(shapes)
        self._kept[shapes] = runner
        self._in_slots[slot] = runner
        runner.bind(slot, arrays)
        if self._is_reset[slot]:
            runner.reset_state(slot)
            self._is_reset[slot] = False
        return runner

    def _make_room(self) -> None:
        """Forget the models that were used longest ago; those whose requests may be under way stay."""
        unused = [shapes for shapes, runner in self._kept.items() if runner not in self._in_slots]
        for shapes in unused[: max(0, len(self._kept) + 1 - self._most_kept)]:
            self._earlier.merge(self._kept.pop(shapes).averaged_layer_times())

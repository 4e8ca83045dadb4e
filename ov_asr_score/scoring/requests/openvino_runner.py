"""The Runner over infer requests of a compiled OpenVINO model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from ov_asr_score.device.attention_layers import FEW_FRAMES
from ov_asr_score.errors import DeviceError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, layer_times_from
from ov_asr_score.scoring.requests.runner import Float32Array


def runs_on_cpu_alone(compiled: ov.CompiledModel) -> bool:
    """Whether all of a compiled model, under AUTO or HETERO too, runs on the CPU plugin."""
    devices = compiled.get_property("EXECUTION_DEVICES")
    return all(str(device).startswith("CPU") for device in devices)


class OpenVinoRunner:
    """``num_slots`` infer requests of ``compiled``; see :class:`ov_asr_score.scoring.requests.runner.Runner`.

    ``wanted`` are the numbers of the outputs that are handed out, None for all. ``output_names`` are the names of all
    outputs in the model as it was: compiling drops operations such as Identity and puts their names together.
    """

    inputs: Sequence[PortInfo]
    outputs: Sequence[PortInfo]

    def __init__(
        self,
        compiled: ov.CompiledModel,
        num_slots: int = 1,
        wanted: Sequence[int] | None = None,
        output_names: Sequence[str] | None = None,
        compile_again: Callable[[], ov.CompiledModel] | None = None,
        compile_for_few: Callable[[], ov.CompiledModel] | None = None,
    ) -> None:
        """Create the infer requests; ``compile_again`` makes another ``compiled``, None: there is no way.

        ``compile_for_few`` makes what requests of few frames go to, if that is another one.
        """
        self.inputs, outputs = describe_ports(compiled)
        if output_names is not None:
            outputs = tuple(replace(port, name=name) for port, name in zip(outputs, output_names, strict=True))
        self._all_outputs = outputs
        self._wanted = tuple(range(len(outputs)) if wanted is None else wanted)
        self.outputs = [outputs[index] for index in self._wanted]
        self.num_slots = num_slots
        self.num_runs = 0  # of the compiled model, in all slots
        self.compiled, self._compile_again = compiled, compile_again
        self._compile_for_few = compile_for_few if runs_on_cpu_alone(compiled) else None
        self._for_few: list[ov.InferRequest] = []
        self._few_in: set[int] = set()  # slots whose arrays hold few frames
        self._averages = runs_on_cpu_alone(compiled)
        self._earlier: dict[tuple[str, str, str], LayerTime] = {}
        self._earlier_runs = 0
        self._requests = [compiled.create_infer_request() for _ in range(num_slots)]
        # the runtime reads the bound arrays in place, so somebody has to keep them alive
        self._bound: list[Sequence[Float32Array]] = [()] * num_slots

    @property
    def num_streams(self) -> int:
        """Requests that the compiled model can run at the same time; one where the device does not say."""
        try:
            return max(1, int(self.compiled.get_property("NUM_STREAMS")))
        except RUNTIME_ERRORS:
            return 1

    def again(self, num_slots: int) -> OpenVinoRunner:
        """A runner of the same compiled model with ``num_slots`` infer requests."""
        names = [port.name for port in self._all_outputs]
        runner = OpenVinoRunner(
            self.compiled, num_slots, self._wanted, names, self._compile_again, self._compile_for_few
        )
        runner.num_runs = self.num_runs
        return runner

    def renew(self) -> None:
        """Compile anew, if there is a way; the slots keep their arrays. Raises DeviceError."""
        if self._compile_again is None:
            return
        self.compiled = self._compile_again()
        self._requests = [self.compiled.create_infer_request() for _ in range(self.num_slots)]
        self._for_few = []
        for slot, arrays in enumerate(self._bound):
            if arrays:
                self.bind(slot, arrays)

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let the slot read its inputs from ``arrays`` without a copy. Raises DeviceError where they do not fit."""
        self._bound[slot] = arrays
        if self._compile_for_few is not None:
            self._choose(slot, arrays)
        for index, array in enumerate(arrays):
            try:
                self._request(slot).set_input_tensor(index, ov.Tensor(array, shared_memory=True))
            except RUNTIME_ERRORS as error:
                raise DeviceError(f"input '{self.inputs[index].name}': {first_cause(error)}") from error

    def _choose(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let ``arrays`` go where they belong, as long as the free axes of the inputs are in them."""
        free = [
            array.shape[axis]
            for port, array in zip(self.inputs, arrays, strict=True)
            for axis, length in enumerate(port.shape or ())
            if length is None
        ]
        self._few_in.discard(slot)
        if max(free, default=FEW_FRAMES) < FEW_FRAMES and self._compile_for_few is not None:
            self._few_in.add(slot)
            if not self._for_few:
                compiled = self._compile_for_few()
                self._for_few = [compiled.create_infer_request() for _ in range(self.num_slots)]

    def _request(self, slot: int) -> ov.InferRequest:
        return self._for_few[slot] if slot in self._few_in else self._requests[slot]

    def start(self, slot: int) -> None:
        """Start the request; several slots may be under way. Raises DeviceError."""
        self.num_runs += 1
        try:
            self._request(slot).start_async()
        except RUNTIME_ERRORS as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error

    def finish(self, slot: int) -> float:
        """Wait; gives the request's own latency in seconds. Raises DeviceError."""
        request = self._request(slot)
        try:
            request.wait()
        except RUNTIME_ERRORS as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error
        return float(request.latency) / 1000.0

    def run(self, slot: int) -> None:
        """Run the request in the caller's thread. Raises DeviceError."""
        self.num_runs += 1
        try:
            self._request(slot).infer(share_outputs=True)
        except RUNTIME_ERRORS as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Views into the request's output tensors."""
        request = self._request(slot)
        return [request.get_output_tensor(index).data for index in self._wanted]

    def reset_state(self, slot: int) -> None:
        """Reset the variables of one request; others keep theirs."""
        self._requests[slot].reset_state()

    def layer_records(self, slot: int) -> Iterable[Any]:
        """ProfilingInfo of every layer; empty without PERF_COUNT, and where only ``averaged_layer_times`` is right."""
        if self._averages:
            return ()
        records: Iterable[Any] = self._requests[slot].profiling_info
        return records

    def forget_layer_times(self) -> None:
        """Leave the runs up to now, those of a trial, out of ``averaged_layer_times``."""
        self._earlier = {_identity(layer): layer for layer in self._sums()}
        self._earlier_runs = self.num_runs

    def averaged_layer_times(self) -> list[LayerTime]:
        """Layer times of all runs since ``forget_layer_times``; none where ``layer_records`` gives those of each run.

        The CPU plugin keeps no times of single runs: what it reports after any of them is the mean of all runs since
        the model was compiled, in whole microseconds, whichever request asks (with several streams: of its stream,
        and the mean over the slots is taken). The times of a layer are therefore its mean times the number of runs;
        layers below a microsecond are not reported.
        """
        calls = self.num_runs - self._earlier_runs
        nothing = LayerTime("", "", "", "", 0.0, 0.0, 0)
        times = []
        for layer in self._sums() if calls else ():
            earlier = self._earlier.get(_identity(layer), nothing)
            real = max(0.0, layer.real_microseconds - earlier.real_microseconds)
            cpu = max(0.0, layer.cpu_microseconds - earlier.cpu_microseconds)
            times.append(
                replace(layer, real_microseconds=real, cpu_microseconds=cpu, calls=calls if layer.calls else 0)
            )
        return times

    def _sums(self) -> list[LayerTime]:
        """Means times runs, over the slots that have run."""
        if not self._averages:
            return []
        by_request = [layer_times_from(request.profiling_info) for request in self._requests]
        by_request = [layers for layers in by_request if any(layer.calls for layer in layers)]
        factor = self.num_runs / max(1, len(by_request))
        sums: dict[tuple[str, str, str], LayerTime] = {}
        for layer in (layer for layers in by_request for layer in layers):
            before = sums.get(_identity(layer))
            sums[_identity(layer)] = replace(
                layer,
                real_microseconds=layer.real_microseconds * factor + (before.real_microseconds if before else 0.0),
                cpu_microseconds=layer.cpu_microseconds * factor + (before.cpu_microseconds if before else 0.0),
            )
        return list(sums.values())


def _identity(layer: LayerTime) -> tuple[str, str, str]:
    return layer.name, layer.type, layer.exec_type

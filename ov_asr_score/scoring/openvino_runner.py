"""The Runner over infer requests of a compiled OpenVINO model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ov_asr_score.errors import DeviceError
from ov_asr_score.openvino_api import first_cause, ov
from ov_asr_score.ov_model.description import describe_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.runner import Float32Array


class OpenVinoRunner:
    """``num_slots`` infer requests of ``compiled``; see :class:`ov_asr_score.scoring.runner.Runner`.

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
    ) -> None:
        """Create the infer requests."""
        self.inputs, outputs = describe_ports(compiled)
        if output_names is not None:
            outputs = tuple(replace(port, name=name) for port, name in zip(outputs, output_names, strict=True))
        self._wanted = tuple(range(len(outputs)) if wanted is None else wanted)
        self.outputs = [outputs[index] for index in self._wanted]
        self.num_slots = num_slots
        self._requests = [compiled.create_infer_request() for _ in range(num_slots)]
        # the runtime reads the bound arrays in place, so somebody has to keep them alive
        self._bound: list[Sequence[Float32Array]] = [()] * num_slots

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let the slot read its inputs from ``arrays`` without a copy. Raises DeviceError where they do not fit."""
        self._bound[slot] = arrays
        for index, array in enumerate(arrays):
            try:
                self._requests[slot].set_input_tensor(index, ov.Tensor(array, shared_memory=True))
            except Exception as error:
                raise DeviceError(f"input '{self.inputs[index].name}': {first_cause(error)}") from error

    def start(self, slot: int) -> None:
        """Start the request; several slots may be under way. Raises DeviceError."""
        try:
            self._requests[slot].start_async()
        except Exception as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error

    def finish(self, slot: int) -> float:
        """Wait; gives the request's own latency in seconds. Raises DeviceError."""
        request = self._requests[slot]
        try:
            request.wait()
        except Exception as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error
        return float(request.latency) / 1000.0

    def run(self, slot: int) -> None:
        """Run the request in the caller's thread. Raises DeviceError."""
        try:
            self._requests[slot].infer(share_outputs=True)
        except Exception as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Views into the request's output tensors."""
        request = self._requests[slot]
        return [request.get_output_tensor(index).data for index in self._wanted]

    def reset_state(self, slot: int) -> None:
        """Reset the variables of one request; others keep theirs."""
        self._requests[slot].reset_state()

    def layer_records(self, slot: int) -> Iterable[Any]:
        """ProfilingInfo of every layer; empty when the model was compiled without PERF_COUNT."""
        records: Iterable[Any] = self._requests[slot].profiling_info
        return records

"""The same requests through two models, or one model on two devices, and the values of their layers side by side.

Tests: tests/job/comparing/test_compare_layers.py
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ov_asr_score.device.attention_layers import has_attention
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.reports import DeviceReport, describe_device
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.int8 import CalibrationRequest
from ov_asr_score.ov_model.layers import InnerLayer, Shape, find_layers, reshaped, value_bytes, with_outputs
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.recording.layer_sums import LayerSums
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.settings.device import DeviceSettings

# Both sides hold their values, and the runtime has others between them.
_SHARE_OF_MEMORY = 4


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A model on a device; ``name`` is for messages, ``only`` are the names of its layers, None for all."""

    name: str
    core: ov.Core
    model: ov.Model
    settings: DeviceSettings
    only: Collection[str] | None = None

    def layers(self) -> tuple[InnerLayer, ...]:
        """The layers in the order of computation."""
        return find_layers(self.model, self.only)


@dataclass(frozen=True, slots=True, eq=False)
class ComparedLayers:
    """What became of each layer, in order; ``devices`` are what both sides ran on, ``groups`` the number of passes."""

    sums: dict[str, LayerSums]
    devices: tuple[DeviceReport, DeviceReport]
    groups: int


def compare_sides(
    reference: Side,
    other: Side,
    names: Sequence[str],
    requests: Sequence[CalibrationRequest],
    memory_limit: int,
    warm_up: int = 0,
    on_group: Callable[[int, int], None] | None = None,
) -> ComparedLayers:
    """The layers ``names`` of both sides over ``requests``, which hold the inputs of ``reference`` in its order.

    Layers go in groups whose values keep within ``memory_limit`` bytes, each with a compiled model per side; the values
    of a request have left when the next one comes. The first ``warm_up`` requests of an utterance are run, and not
    compared. ``on_group`` is told how many groups of how many are done. Raises ShapeMismatchError (the other model has
    other inputs), DeviceError, UnsupportedModelError.
    """
    order = match_inputs(reference, other)
    shapes = _joint_shapes(requests)
    models = [_reshaped(reference, shapes), _reshaped(other, [shapes[index] for index in order])]
    groups = list(_grouped(names, _sizes(reference, names, requests), memory_limit // _SHARE_OF_MEMORY))
    sums = {name: LayerSums() for name in names}
    devices: tuple[DeviceReport, DeviceReport] | None = None
    for done, group in enumerate(groups):
        runners = _open(reference, models[0], group), _open(other, models[1], group)
        if devices is None:
            devices = _described(reference, runners[0]), _described(other, runners[1])
        _add_values([sums[name] for name in group], runners, order, requests, warm_up)
        del runners  # before the next two models are compiled
        if on_group is not None:
            on_group(done + 1, len(groups))
    if devices is None:
        raise ValueError("expected layers to compare, found none")
    return ComparedLayers(sums, devices, len(groups))


def _add_values(
    sums: Sequence[LayerSums],
    runners: tuple[OpenVinoRunner, OpenVinoRunner],
    order: Sequence[int],
    requests: Sequence[CalibrationRequest],
    warm_up: int,
) -> None:
    """Run all requests on both sides, and take in the values of each before the next one writes over them."""
    place = 0
    for request in requests:
        place = 0 if request.begins else place + 1
        arrays = request.arrays, [request.arrays[index] for index in order]
        for runner, inputs in zip(runners, arrays, strict=True):
            runner.bind(0, inputs)
            if request.begins:
                runner.reset_state(0)
            runner.run(0)
        if place >= warm_up:
            for layer, value, other_value in zip(sums, runners[0].results(0), runners[1].results(0), strict=True):
                layer.add(value, other_value)


def _described(side: Side, runner: OpenVinoRunner) -> DeviceReport:
    return describe_device(side.core, runner.compiled, side.settings)


def match_inputs(reference: Side, other: Side) -> list[int]:
    """For each input of ``other`` the number of that of ``reference``. Raises ShapeMismatchError."""
    inputs, _ = describe_ports(reference.model)
    other_inputs, _ = describe_ports(other.model)
    if len(inputs) == len(other_inputs) == 1:
        return [0]
    order = [_index_of(port, inputs) for port in other_inputs]
    if len(inputs) != len(other_inputs) or None in order or len(set(order)) != len(order):
        raise ShapeMismatchError(
            f"{other.name}: expected the inputs of {reference.name} ({_ports_text(inputs)}), "
            f"found {_ports_text(other_inputs)}"
        )
    return [index for index in order if index is not None]


def _index_of(port: PortInfo, ports: Sequence[PortInfo]) -> int | None:
    names = {port.name, port.layer, *port.names}
    return next(
        (
            index
            for index, candidate in enumerate(ports)
            if not names.isdisjoint((candidate.name, candidate.layer, *candidate.names))
        ),
        None,
    )


def _ports_text(ports: Sequence[PortInfo]) -> str:
    return ", ".join(f"{port.name} {shape_text(port.shape)}" for port in ports)


def _joint_shapes(requests: Sequence[CalibrationRequest]) -> list[Shape]:
    """The shape of every input in all requests; None for lengths that differ."""
    joint: list[Shape] = []
    for arrays in zip(*(request.arrays for request in requests), strict=True):
        axes = zip(*(array.shape for array in arrays), strict=True)
        joint.append(tuple(lengths[0] if len(set(lengths)) == 1 else None for lengths in axes))
    return joint


def _reshaped(side: Side, shapes: Sequence[Shape]) -> ov.Model:
    try:
        return reshaped(side.model, shapes)
    except RUNTIME_ERRORS as error:
        inputs, _ = describe_ports(side.model)
        requested = ", ".join(map(shape_text, shapes))
        raise ShapeMismatchError(
            f"{side.name}: inputs {_ports_text(inputs)} do not take the requests {requested}: {first_cause(error)}"
        ) from error


def _sizes(side: Side, names: Sequence[str], requests: Sequence[CalibrationRequest]) -> dict[str, int]:
    """Bytes of the layers in the largest request."""
    largest = max(requests, key=lambda request: sum(array.size for array in request.arrays))
    shapes: list[Shape] = [array.shape for array in largest.arrays]
    frames = max(prod(shape[:-1]) for shape in (array.shape for array in largest.arrays))
    return value_bytes(_reshaped(side, shapes), names, max(1, frames), side.only)


def _grouped(names: Sequence[str], sizes: dict[str, int], most: int) -> Iterator[list[str]]:
    """The names in order, in groups of ``most`` bytes; a layer that is larger goes alone."""
    group: list[str] = []
    held = 0
    for name in names:
        if group and held + sizes[name] > most:
            yield group
            group, held = [], 0
        group.append(name)
        held += sizes[name]
    if group:
        yield group


def _open(side: Side, model: ov.Model, group: Sequence[str]) -> OpenVinoRunner:
    whole = with_outputs(model.clone(), group, side.only)
    # Utterances of one frame are among others (device/attention_layers.py).
    compiled = compile_model(side.core, whole, side.settings, without_fusions=has_attention(whole))
    return OpenVinoRunner(compiled, 1)

"""What the runtime's devices can do, and what a compiled model really runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ov_asr_score.device.plugins import GNA_ADVICE, has_plugin, plugin_fault
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.settings.device import DeviceSettings, base_devices

# What plugins call precisions in OPTIMIZATION_CAPABILITIES.
_ABILITIES = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a compiled model really runs on; ``precision_used`` is what the plugin says it computes in.

    ``emulated`` tells that the device does not list that precision among its abilities: right, but slow. ``offered``
    are the precisions that it lists.
    """

    requested: str
    execution_devices: tuple[str, ...]
    full_name: str
    precision_requested: str
    precision_used: str
    emulated: bool
    properties: dict[str, str]
    offered: tuple[str, ...] = ()

    def precision_notes(self) -> list[str]:
        """Notes for a device that does not compute as requested; none if it does."""
        notes = []
        if not self.precision_used.startswith(self.precision_requested):
            others = [name for name in self.offered if name != self.precision_requested]
            offers = f" (it has {', '.join(others)})" if others else ""
            notes.append(
                f"precision {self.precision_requested} was asked for, {self.requested} computes in "
                f"{self.precision_used}{offers}"
            )
        if self.emulated:
            notes.append(f"{self.requested} has no {self.precision_used} of its own and imitates it, slower than f32")
        return notes


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device that the runtime offers."""

    name: str
    full_name: str
    capabilities: tuple[str, ...]
    properties: dict[str, str]


def describe_device(core: ov.Core, compiled: ov.CompiledModel, settings: DeviceSettings) -> DeviceReport:
    """Where and in which precision ``compiled`` really runs, as far as its plugins tell."""
    devices = tuple(str(name) for name in _property(compiled, "EXECUTION_DEVICES") or base_devices(settings.device))
    first = devices[0].split("(")[0] if devices else settings.device
    precision = _precision_name(_property(compiled, "INFERENCE_PRECISION_HINT"))
    abilities = _core_property(core, first, "OPTIMIZATION_CAPABILITIES").split(", ")
    emulated = precision in ("bf16", "f16") and _ABILITIES[precision] not in abilities
    if not precision:  # AUTO, MULTI and HETERO do not tell; the plugins under them were asked for the same
        precision = f"{settings.precision} (as asked of {', '.join(devices)})"
    shown = ("NUM_STREAMS", "INFERENCE_NUM_THREADS", "PERFORMANCE_HINT", "OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    properties = {name: _property(compiled, name) for name in shown}
    return DeviceReport(
        requested=settings.device,
        execution_devices=devices,
        full_name=_core_property(core, first, "FULL_DEVICE_NAME"),
        precision_requested=settings.precision,
        precision_used=precision,
        emulated=emulated,
        properties={name: str(value) for name, value in properties.items() if value is not None},
        offered=tuple(name for name, ability in _ABILITIES.items() if ability in abilities),
    )


def list_devices(core: ov.Core) -> list[DeviceInfo]:
    """Every device that the runtime finds, with its capabilities and readable properties."""
    devices = []
    for name in core.available_devices:
        try:
            supported = [str(item) for item in core.get_property(name, "SUPPORTED_PROPERTIES")]
        except RUNTIME_ERRORS:
            supported = []
        values = {item: _core_property(core, name, item) for item in sorted(supported)}
        capabilities = values.get("OPTIMIZATION_CAPABILITIES", "").split(", ")
        devices.append(
            DeviceInfo(name, values.get("FULL_DEVICE_NAME", name), tuple(filter(None, capabilities)), values)
        )
    return devices


def missing_plugins(core: ov.Core) -> list[tuple[str, str]]:
    """Device kinds that users ask for and this runtime does not offer, each with the reason."""
    offered = {name.split(".")[0] for name in core.available_devices}
    reasons = {"GPU": "no device found", "NPU": "no device found", "GNA": GNA_ADVICE}
    return [
        (name, plugin_fault(core, name) or reason if name != "GNA" else reason)
        for name, reason in reasons.items()
        if name not in offered and not (name == "GNA" and has_plugin(core, name))
    ]


def _property(compiled: ov.CompiledModel, name: str) -> Any:
    try:
        return compiled.get_property(name)
    except RUNTIME_ERRORS:
        return None


def _core_property(core: ov.Core, device: str, name: str) -> str:
    try:
        value = core.get_property(device, name)
    except RUNTIME_ERRORS:
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple | set) else str(value)


def _precision_name(value: Any) -> str:
    if value is None:
        return ""
    return str(value.get_type_name()) if hasattr(value, "get_type_name") else str(value)

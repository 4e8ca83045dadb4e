"""Whether the runtime has the plugins that settings ask for, and if not, an error that says what there is."""

from __future__ import annotations

from ov_asr_score.device.gna_properties import GNA_PROPERTIES
from ov_asr_score.errors import DeviceError, UnknownNameError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov, version
from ov_asr_score.settings.device import DeviceSettings, base_devices
from ov_asr_score.text import did_you_mean, near_names

GNA_ADVICE = (
    "OpenVINO removed its GNA plugin after 2023.3 and no PyPI wheel ever held it; GNA_SW_EXACT scores in software "
    "what a device would, CPU in floats"
)


def has_plugin(core: ov.Core, name: str) -> bool:
    """Whether the runtime can load the plugin ``name``."""
    return plugin_fault(core, name) is None


def plugin_fault(core: ov.Core, name: str) -> str | None:
    """Why the plugin ``name`` cannot be used; None when it loads."""
    try:
        return None if core.get_versions(name) else "not registered in this runtime"
    except RUNTIME_ERRORS as error:
        return first_cause(error)


def check_devices(core: ov.Core, settings: DeviceSettings) -> None:
    """Raise DeviceError for a device without its plugin: one that only dispatches would silently leave it out."""
    if not all(has_plugin(core, name) for name in base_devices(settings.device)):
        raise device_error(core, settings, None)


def check_config(core: ov.Core, settings: DeviceSettings) -> None:
    """Raise UnknownNameError for a property that no plugin of the device knows, with near names."""
    if not settings.config:
        return
    known: set[str] = {"DEVICE_PROPERTIES", "MULTI_DEVICE_PRIORITIES"}
    for device in {settings.device.partition(":")[0], *base_devices(settings.device)}:
        try:
            known.update(str(name) for name in core.get_property(device, "SUPPORTED_PROPERTIES"))
        except RUNTIME_ERRORS:
            return  # a plugin that does not list its properties says itself what it refuses
    if settings.gna_mode is not None:
        known |= GNA_PROPERTIES
    for name in settings.config:
        if name not in known:
            hint = did_you_mean(near_names(name.upper(), known))
            raise UnknownNameError(f"config {name}: {settings.device} has no such property{hint}", fields=("config",))


def device_error(
    core: ov.Core, settings: DeviceSettings, error: Exception | None, *, free_shapes: bool = False
) -> DeviceError:
    """Why the device of ``settings`` cannot be used, and what there is; ``error`` is that of the runtime, if any.

    ``free_shapes`` are those of the model, which some devices do not take.
    """
    prefix = settings.device.partition(":")[0]
    available = ", ".join(core.available_devices) or "none"
    if not settings.device:
        message = f"device: expected a device such as CPU, found nothing (available: {available})"
        return DeviceError(message, fields=("device",))
    if settings.gna_mode and not has_plugin(core, "GNA"):
        return DeviceError(f"{settings.device}: this OpenVINO {version()} has no GNA plugin. {GNA_ADVICE}")
    for name in [*base_devices(settings.device), prefix]:
        if name not in ("AUTO", "MULTI", "HETERO", "BATCH") and not has_plugin(core, name):
            known = [*core.available_devices, "AUTO", "MULTI", "HETERO"]
            near = near_names(name.upper(), known, most=1)
            hint = did_you_mean([candidate for candidate in near if candidate != name])
            fault = plugin_fault(core, name)
            message = f"{settings.device}: no device '{name}' here: {fault}{hint} (available: {available})"
            return _naming_static(message, settings, free_shapes)
    cause = first_cause(error) if error else "it is not there"
    config = "".join(f"; config {name}={value} was given" for name, value in settings.config.items())
    message = f"{settings.device}: OpenVINO cannot use it: {cause}{config} (available: {available})"
    return _naming_static(message, settings, free_shapes)


def _naming_static(message: str, settings: DeviceSettings, free_shapes: bool) -> DeviceError:
    """The error, with advice on static shapes where the device may need them."""
    fields = ("config",) * len(settings.config) if "; config " in message else ()
    if "NPU" in base_devices(settings.device):
        message += "; static on another device scores with the shapes that an NPU takes"
    elif free_shapes:
        message += "; the model has free shapes, which some devices do not take: static fixes them"
    else:
        return DeviceError(message, fields=fields)
    return DeviceError(message, fields=(*fields, "static"))

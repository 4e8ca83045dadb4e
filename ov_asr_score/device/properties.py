"""Device settings as plugin properties.

float32 is asked for unless the user wants less: the CPU plugin takes bf16 by itself where the machine has it, and the
same command would give other scores on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ov_asr_score.device.gna_properties import gna_properties
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.device import DeviceSettings, base_devices, runtime_device

# Of no use, or refused, when a blob is imported.
_COMPILE_ONLY = ("CACHE_DIR", "GNA_COMPACT_MODE", "GNA_PWL_MAX_ERROR_PERCENT", "GNA_FIRMWARE_MODEL_IMAGE")


def compile_properties(settings: DeviceSettings, input_names: Sequence[str]) -> dict[str, object]:
    """Properties for ``core.compile_model``; with GNA one of several devices, they are nested by device.

    ``input_names`` in model order are those that scale factors of GNA are for. Raises UsageError where GNA has no such
    mode, target or input.
    """
    cache: dict[str, object] = {"CACHE_DIR": settings.cache_dir} if settings.cache_dir else {}
    mode = settings.gna_mode
    if mode is None:
        return _general_properties(settings, base_devices(settings.device)) | cache | dict(settings.config)
    gna = gna_properties(settings.gna, mode, input_names, profile=settings.profile, streams=settings.streams)
    if ":" not in settings.device:
        return gna | cache | dict(settings.config)
    nested = {name: gna if name == "GNA" else _general_properties(settings, [name]) for name in _parts(settings.device)}
    nested = {
        name: {key: settings.config.get(key, value) for key, value in own.items()} for name, own in nested.items()
    }
    placed = {key for own in nested.values() for key in own}
    others = {key: value for key, value in settings.config.items() if key not in placed}
    return {**cache, "DEVICE_PROPERTIES": nested, **others}


def import_properties(settings: DeviceSettings) -> dict[str, object]:
    """Properties for ``core.import_model``: without those that only mean something while a model is compiled.

    Raises UsageError for scale factors, which a blob has inside.
    """
    if settings.gna.scale_factors and settings.gna_mode is not None:
        raise UsageError(
            "scale_factors: a blob has its scale factors inside; leave scale_factors out, or give the model itself",
            fields=("scale_factors", "scale_factors"),
        )
    return {
        name: {device: _without(own, _COMPILE_ONLY) for device, own in value.items()}
        if name == "DEVICE_PROPERTIES" and isinstance(value, dict)
        else value
        for name, value in _without(compile_properties(settings, []), _COMPILE_ONLY).items()
    }


def _without(properties: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
    return {name: value for name, value in properties.items() if name not in names}


def _general_properties(settings: DeviceSettings, devices: Sequence[str]) -> dict[str, object]:
    properties: dict[str, object] = {}
    # NPU plugins choose between f16 and int8 by the model and refuse a request for f32
    if list(devices) != ["NPU"]:
        properties["INFERENCE_PRECISION_HINT"] = settings.precision
    if settings.threads:
        properties["INFERENCE_NUM_THREADS"] = str(settings.threads)
    if settings.streams:
        properties["NUM_STREAMS"] = str(settings.streams)
    if settings.profile:
        properties["PERF_COUNT"] = True
    return properties


def _parts(device: str) -> list[str]:
    """The devices that one of ``META_DEVICES`` is to use, as the runtime calls them."""
    names = runtime_device(device).partition(":")[2].split(",")
    return list(dict.fromkeys(name.split("(")[0] for name in names if name and not name.startswith("-")))

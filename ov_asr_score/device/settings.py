"""What the user asks of a device, turned into plugin properties.

float32 is asked for unless the user wants less: the CPU plugin takes bf16 by itself where the machine has it, and the
same command would give other scores on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ov_asr_score.device.gna_settings import GNA_MODES, GnaSettings, gna_mode, gna_properties
from ov_asr_score.errors import UsageError

Precision = Literal["f32", "bf16", "f16"]

# Plugins that only dispatch to others; they hand INFERENCE_PRECISION_HINT and their like on to those.
META_DEVICES = ("AUTO", "MULTI", "HETERO", "BATCH")


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """A device text as the user gives it, and everything that changes how the runtime computes there.

    ``threads`` and ``streams`` 0 leave the choice to the runtime. ``config`` are plugin properties by name; they win
    over everything that this package sets.
    """

    device: str = "CPU"
    precision: Precision = "f32"
    threads: int = 0
    streams: int = 0
    cache_dir: str = ""
    profile: bool = False
    config: Mapping[str, str] = field(default_factory=dict)
    gna: GnaSettings = field(default_factory=GnaSettings)


def parse_config(items: list[str]) -> dict[str, str]:
    """Plugin properties from ``KEY=VALUE`` texts. Raises UsageError where there is no ``=`` or no key."""
    config = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not separator or not key.strip():
            raise UsageError(f"--config '{item}': expected KEY=VALUE, as in NUM_STREAMS=2")
        config[key.strip()] = value.strip()
    return config


def runtime_device(device: str) -> str:
    """The device text as the runtime takes it: a GNA mode (``GNA_SW_EXACT``) becomes plain ``GNA``."""
    prefix, colon, rest = device.partition(":")
    if not colon:
        return "GNA" if device in GNA_MODES else device
    parts = ("GNA" if part.strip() in GNA_MODES else part.strip() for part in rest.split(","))
    return f"{prefix}:{','.join(parts)}"


def base_devices(device: str) -> list[str]:
    """Plugin names a device text may compute on: ``["GPU", "CPU"]`` for ``HETERO:GPU.1,CPU``; empty for plain AUTO.

    Devices that AUTO shall leave out (``AUTO:-GPU``) are none of them.
    """
    prefix, colon, rest = runtime_device(device).partition(":")
    if prefix in META_DEVICES:
        names = [part for part in rest.split(",") if not part.startswith("-")] if colon else []
    else:
        names = [prefix]
    return [name.split(".")[0].split("(")[0] for name in names if name]


def compile_properties(settings: DeviceSettings, input_names: list[str]) -> dict[str, object]:
    """Properties for ``core.compile_model``; those of GNA are nested under its name when it is one of several."""
    properties: dict[str, object] = {}
    mode = gna_mode(settings.device)
    only_gna = mode is not None and ":" not in settings.device
    # NPU plugins choose between f16 and int8 by the model and refuse a request for f32
    if not only_gna and base_devices(settings.device) != ["NPU"]:
        properties["INFERENCE_PRECISION_HINT"] = settings.precision
    if settings.threads:
        properties["INFERENCE_NUM_THREADS"] = str(settings.threads)
    if settings.streams:
        properties["NUM_STREAMS"] = str(settings.streams)
    if settings.cache_dir:
        properties["CACHE_DIR"] = settings.cache_dir
    if settings.profile:
        properties["PERF_COUNT"] = True
    if mode is not None:
        gna = gna_properties(settings.gna, mode, input_names)
        if only_gna:
            properties.update(gna)
        else:
            properties["DEVICE_PROPERTIES"] = {"GNA": gna}
    return properties | dict(settings.config)

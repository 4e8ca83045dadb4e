"""GNA options of the old samples, as plugin properties.

Property names and their values are those of OpenVINO 2023.3 (``openvino/runtime/intel_gna/properties.hpp``), the last
release with such a plugin. Scale factors follow the C++ sample: 16384 / max|x| over the first utterance of each input.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.text import did_you_mean, near_names

GNA_MODES = ("GNA", "GNA_AUTO", "GNA_HW", "GNA_HW_WITH_SW_FBACK", "GNA_SW_EXACT", "GNA_SW_FP32")
MAX_QUANTIZED = 16384.0

# Generations of the device, as the property spells them; the samples wrote GNA_TARGET_3_0 for GNA_3_0. E: embedded.
HARDWARE_TARGETS = (
    "GNA_1_0",
    "GNA_1_0_E",
    "GNA_2_0",
    "GNA_3_0",
    "GNA_3_1",
    "GNA_3_5",
    "GNA_3_5_E",
    "GNA_3_6",
    "GNA_4_0",
)
LOG_LEVELS = ("LOG_NONE", "LOG_ERROR", "LOG_WARNING", "LOG_INFO", "LOG_DEBUG", "LOG_TRACE")

# Plugins of 2022 had a property for the kind of an embedded image; since 2023 the compile target says it.
IMAGE_GENERATIONS = {"GNA1": "GNA_1_0_E", "GNA3": "GNA_3_1"}

# What a plugin takes, whether or not it lists it.
GNA_PROPERTIES = frozenset(
    {
        *("GNA_DEVICE_MODE", "GNA_SCALE_FACTOR_PER_INPUT", "GNA_FIRMWARE_MODEL_IMAGE", "GNA_HW_EXECUTION_TARGET"),
        *("GNA_HW_COMPILE_TARGET", "GNA_COMPACT_MODE", "GNA_PWL_DESIGN_ALGORITHM", "GNA_PWL_MAX_ERROR_PERCENT"),
        *("INFERENCE_PRECISION_HINT", "PERFORMANCE_HINT_NUM_REQUESTS", "PERF_COUNT", "LOG_LEVEL"),
    }
)
_MOST_REQUESTS = 127
_PORT = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class GnaSettings:
    """What the user asked of a GNA device; ``scale_factors`` by input name, the empty name for all inputs.

    Where none are given they come from the first ``scale_factor_utterances``, None for all. ``pwl_max_error_percent``
    None takes as many segments as the device has. ``accuracy_report`` tells layer by layer where accuracy goes.
    """

    weight_bits: int = 16
    scale_factors: Mapping[str, float] = field(default_factory=dict)
    scale_factor_utterances: int | None = 1
    execution_target: str = ""
    compile_target: str = ""
    pwl_max_error_percent: float | None = None
    memory_reuse: bool = True
    log_level: str = ""
    embedded_image: str = ""
    embedded_generation: str = ""
    accuracy_report: bool = False


def parse_scale_factors(text: str) -> dict[str, float]:
    """Factors by input name from ``in0=12.5,in1=3``, ``in0:12.5`` or ``12.5`` (all inputs: empty name).

    Several bare numbers (``12.5,3``) belong to the inputs in model order: names ``"0"``, ``"1"``, … .
    Raises UsageError for anything that is not a positive finite number.
    """
    factors: dict[str, float] = {}
    items = text.split(",")
    for position, item in enumerate(items):
        name, separator, number = item.strip().rpartition("=")
        if not separator:
            name, separator, number = item.strip().rpartition(":")
        if not separator and len(items) > 1:
            name = str(position)
        if name in factors:
            raise UsageError(f"--scale_factor '{text}': input '{name}' is given twice")
        try:
            factor = float(number)
        except ValueError:
            factor = float("nan")
        if not 0 < factor < float("inf"):
            raise UsageError(f"--scale_factor '{text}': expected a number above 0, found '{number[:20]}'")
        factors[name] = factor
    return factors


def largest_value(features: NDArray[np.float32]) -> float:
    """The largest absolute value of features; those that are not finite are left out."""
    values = np.abs(features)
    largest = float(np.max(values, initial=0.0))
    return largest if np.isfinite(largest) else float(np.max(values[np.isfinite(values)], initial=0.0))


def scale_factor(largest: float) -> float:
    """Input scale factor where ``largest`` is the largest absolute value: 16384 / largest, 1 for silence."""
    return MAX_QUANTIZED / largest if largest > 0 else 1.0


def scale_factor_of(features: NDArray[np.float32]) -> float:
    """Input scale factor for a first utterance [T, D]: 16384 / max|x|, 1 for silence (C++ sample).

    Values that are not finite are left out.
    """
    return scale_factor(largest_value(features))


def gna_mode(device: str) -> str | None:
    """The GNA mode named in a device text (also inside HETERO:…), or None; bare ``GNA`` means ``GNA_AUTO``.

    Raises UsageError for a mode that there is not.
    """
    found = None
    for part in device.partition(":")[2].split(",") if ":" in device else [device]:
        name = part.strip()
        if name in GNA_MODES:
            found = found or ("GNA_AUTO" if name == "GNA" else name)
        elif re.match(r"GNA($|_)", name, re.IGNORECASE):
            near = [mode for mode in GNA_MODES if mode.startswith(name.upper()) and name[4:]]
            near += near_names(name.upper(), GNA_MODES, most=1, similarity=0.7)
            expected = ", ".join(GNA_MODES)
            raise UsageError(
                f"-d/--device: no GNA mode '{name[:30]}'; expected one of {expected}{did_you_mean(near[:1])}"
            )
    return found


def hardware_target(text: str, option: str) -> str:
    """A target as the property spells it (``GNA_3_0`` for ``GNA_TARGET_3_0``); empty for an empty text.

    Raises UsageError, which names ``option`` and the targets, for anything else.
    """
    target = text.strip().upper().replace("GNA_TARGET_", "GNA_")
    if target and target not in HARDWARE_TARGETS:
        known = ", ".join(name.replace("GNA_", "GNA_TARGET_") for name in HARDWARE_TARGETS)
        raise UsageError(f"{option} '{text[:30]}': no such GNA device; expected one of {known}")
    return target


def compile_target(settings: GnaSettings) -> str:
    """The target to compile for, as the property spells it; that of the embedded image where only this is given.

    Raises UsageError when both are given and differ, and for names that there are not.
    """
    target = hardware_target(settings.compile_target, "-compile_target")
    generation = settings.embedded_generation.strip().upper()
    if not generation:
        return target
    if generation not in IMAGE_GENERATIONS:
        known = ", ".join(IMAGE_GENERATIONS)
        raise UsageError(f"-we_gen '{settings.embedded_generation[:30]}': expected one of {known}")
    image = IMAGE_GENERATIONS[generation]
    if target not in ("", image):
        raise UsageError(f"-we_gen {generation} is an image for {image}, -compile_target says {target}; leave one out")
    return image


def log_level(text: str) -> str:
    """A log level as the property spells it (``LOG_WARNING`` for ``warning``); empty for an empty text.

    Raises UsageError for a level that there is not.
    """
    level = text.strip().upper()
    level = level if not level or level.startswith("LOG_") else f"LOG_{level}"
    if level and level not in LOG_LEVELS:
        raise UsageError(f"-log '{text[:30]}': expected one of {', '.join(LOG_LEVELS)}")
    return level


def input_scale_factors(given: Mapping[str, float], input_names: Sequence[str]) -> dict[str, float]:
    """Scale factors by input name, from those given by name, by number or (empty name) for all inputs.

    Names match with and without a port suffix (``Parameter:0``), which Model Optimizer wrote and the plugin does not.
    Raises UsageError when one names no input.
    """
    plain = _without_ports(input_names)
    known = {**{str(i): name for i, name in enumerate(input_names)}, **{short: name for name, short in plain.items()}}
    known |= {name: name for name in input_names}
    factors = {}
    for name, factor in given.items():
        own = known.get(name) or known.get(_PORT.sub("", name))
        if name and own is None:
            raise UsageError(f"--scale_factor: the model has no input '{name}'; inputs: {', '.join(input_names)}")
        if own in factors:
            raise UsageError(f"--scale_factor: input '{own}' is given twice, once as '{name}'")
        if own is not None:
            factors[own] = factor
    common = given.get("")
    per_input = {name: factors.get(name, common) for name in input_names}
    return {name: factor for name, factor in per_input.items() if factor is not None}


def requests_at_a_time(mode: str, streams: int) -> int:
    """How many infer requests the plugin is told to expect; it refuses more that are under way."""
    return 1 if mode == "GNA_SW_FP32" else min(max(streams, 1), _MOST_REQUESTS)


def gna_properties(
    settings: GnaSettings, mode: str, input_names: Sequence[str], *, profile: bool = False, streams: int = 0
) -> dict[str, object]:
    """Plugin properties for ``mode``; ``input_names`` in model order name the scale factors.

    Raises UsageError when a scale factor names no input, and for targets and log levels that there are not.
    """
    properties: dict[str, object] = {
        "GNA_DEVICE_MODE": mode,
        "INFERENCE_PRECISION_HINT": f"i{settings.weight_bits}",
        "GNA_COMPACT_MODE": "YES" if settings.memory_reuse else "NO",
    }
    if settings.pwl_max_error_percent is not None:
        properties["GNA_PWL_MAX_ERROR_PERCENT"] = repr(settings.pwl_max_error_percent)
    if profile:
        properties["PERF_COUNT"] = "YES"
    requests = requests_at_a_time(mode, streams)
    if requests > 1:
        properties["PERFORMANCE_HINT_NUM_REQUESTS"] = str(requests)
    optional = {
        "GNA_SCALE_FACTOR_PER_INPUT": _scale_factor_text(settings.scale_factors, input_names),
        "GNA_HW_EXECUTION_TARGET": hardware_target(settings.execution_target, "-exec_target"),
        "GNA_HW_COMPILE_TARGET": compile_target(settings),
        "LOG_LEVEL": log_level(settings.log_level),
        "GNA_FIRMWARE_MODEL_IMAGE": settings.embedded_image,
    }
    return properties | {name: value for name, value in optional.items() if value}


def _without_ports(names: Sequence[str]) -> dict[str, str]:
    """By name, the name without its port; itself where several inputs would be called the same."""
    short = {name: _PORT.sub("", name) for name in names}
    counts = Counter(short.values())
    return {name: plain if counts[plain] == 1 else name for name, plain in short.items()}


def _scale_factor_text(given: Mapping[str, float], input_names: Sequence[str]) -> str:
    """A map as the runtime reads it, ``{x:2048.0,y:3.5}``; a dict would be written with six digits on the way."""
    plain = _without_ports(input_names)
    factors = {plain[name]: factor for name, factor in input_scale_factors(given, input_names).items()}
    for name in factors:
        if ":" in name:
            raise UsageError(f"--scale_factor: the GNA plugin takes none for input '{name}': it has a colon")
    return f"{{{','.join(f'{name}:{float(factor)!r}' for name, factor in factors.items())}}}" if factors else ""

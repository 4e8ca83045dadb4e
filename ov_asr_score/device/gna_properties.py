"""GNA settings as properties of the plugin.

Property names and their values are those of OpenVINO 2023.3 (``openvino/runtime/intel_gna/properties.hpp``), the last
release with such a plugin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna import GnaSettings, compile_target, execution_target, log_level

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
            raise UsageError(
                f"scale_factors: the model has no input '{name}'; inputs: {', '.join(input_names)}",
                fields=("scale_factors",),
            )
        if own in factors:
            raise UsageError(
                f"scale_factors: input '{own}' is given twice, once as '{name}'", fields=("scale_factors",)
            )
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
        "GNA_HW_EXECUTION_TARGET": execution_target(settings),
        "GNA_HW_COMPILE_TARGET": compile_target(settings),
        "LOG_LEVEL": log_level(settings),
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
            raise UsageError(
                f"scale_factors: the GNA plugin takes none for input '{name}': it has a colon",
                fields=("scale_factors",),
            )
    return f"{{{','.join(f'{name}:{float(factor)!r}' for name, factor in factors.items())}}}" if factors else ""

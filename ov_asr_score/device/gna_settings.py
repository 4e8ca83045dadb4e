"""GNA options of the old samples, as plugin properties.

Property names are those of OpenVINO 2022 and 2023 (``openvino/runtime/intel_gna/properties.hpp``); later releases have
no such plugin. Scale factors follow the C++ sample: 16384 / max|x| over the first utterance of each input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError

GNA_MODES = ("GNA", "GNA_AUTO", "GNA_HW", "GNA_HW_WITH_SW_FBACK", "GNA_SW_EXACT", "GNA_SW_FP32")
MAX_QUANTIZED = 16384.0


@dataclass(frozen=True, slots=True)
class GnaSettings:
    """What the user asked of a GNA device; ``scale_factors`` by input name, the empty name for all inputs."""

    weight_bits: int = 16
    scale_factors: Mapping[str, float] = field(default_factory=dict)
    execution_target: str = ""
    compile_target: str = ""
    pwl_max_error_percent: float = 1.0
    memory_reuse: bool = True
    log_level: str = ""
    embedded_image: str = ""
    embedded_generation: str = ""


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
        try:
            factor = float(number)
        except ValueError:
            factor = float("nan")
        if not 0 < factor < float("inf"):
            raise UsageError(f"--scale_factor '{text}': expected a number above 0, found '{number[:20]}'")
        factors[name] = factor
    return factors


def scale_factor_of(features: NDArray[np.float32]) -> float:
    """Input scale factor for a first utterance [T, D]: 16384 / max|x|, 1 for silence (C++ sample).

    Values that are not finite are left out.
    """
    largest = float(np.max(np.abs(features[np.isfinite(features)]), initial=0.0))
    return MAX_QUANTIZED / largest if largest > 0 else 1.0


def gna_mode(device: str) -> str | None:
    """The GNA mode named in a device text (also inside HETERO:…), or None; bare ``GNA`` means ``GNA_AUTO``."""
    for part in device.partition(":")[2].split(",") if ":" in device else [device]:
        if part.strip() in GNA_MODES:
            return "GNA_AUTO" if part.strip() == "GNA" else part.strip()
    return None


def gna_properties(settings: GnaSettings, mode: str, input_names: list[str]) -> dict[str, object]:
    """Plugin properties for ``mode``; ``input_names`` in model order name the scale factors.

    Raises UsageError when a scale factor names no input.
    """
    known = {**{name: name for name in input_names}, **{str(i): name for i, name in enumerate(input_names)}}
    for name in settings.scale_factors:
        if name and name not in known:
            raise UsageError(f"--scale_factor: the model has no input '{name}'; inputs: {', '.join(input_names)}")
    properties: dict[str, object] = {
        "GNA_DEVICE_MODE": mode,
        "INFERENCE_PRECISION_HINT": f"i{settings.weight_bits}",
        "GNA_PWL_MAX_ERROR_PERCENT": repr(settings.pwl_max_error_percent),
        "GNA_COMPACT_MODE": "YES" if settings.memory_reuse else "NO",
    }
    factors = {known[name]: factor for name, factor in settings.scale_factors.items() if name}
    common = settings.scale_factors.get("")
    per_input = {name: factors.get(name, common) for name in input_names}
    given = {name: factor for name, factor in per_input.items() if factor is not None}
    if given:
        properties["GNA_SCALE_FACTOR_PER_INPUT"] = given
    optional = {
        "GNA_HW_EXECUTION_TARGET": settings.execution_target.replace("GNA_TARGET_", "GNA_"),
        "GNA_HW_COMPILE_TARGET": settings.compile_target.replace("GNA_TARGET_", "GNA_"),
        "LOG_LEVEL": settings.log_level,
        "GNA_FIRMWARE_MODEL_IMAGE": settings.embedded_image,
        "GNA_FIRMWARE_MODEL_IMAGE_GENERATION": settings.embedded_generation,
    }
    return properties | {name: value for name, value in optional.items() if value}

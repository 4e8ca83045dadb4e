"""Values of GNA settings as texts: modes, targets, scale factors, log levels.

Names are those of OpenVINO 2023.3 (``openvino/runtime/intel_gna/properties.hpp``), the last release with a GNA plugin.
"""

from __future__ import annotations

import re

from ov_asr_score.errors import UsageError
from ov_asr_score.text import did_you_mean, near_names

GNA_MODES = ("GNA", "GNA_AUTO", "GNA_HW", "GNA_HW_WITH_SW_FBACK", "GNA_SW_EXACT", "GNA_SW_FP32")

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


def parse_gna_mode(device: str) -> str | None:
    """The GNA mode named in a device text (also inside HETERO:…), or None; bare ``GNA`` means ``GNA_AUTO``.

    Raises UsageError for a mode that does not exist.
    """
    found = None
    for part in device.partition(":")[2].split(",") if ":" in device else [device]:
        name = part.strip()
        if name in GNA_MODES:
            found = found or ("GNA_AUTO" if name == "GNA" else name)
        elif re.match(r"GNA($|_)", name, re.IGNORECASE):
            near = [mode for mode in GNA_MODES if mode.startswith(name.upper()) and name[4:]]
            near += near_names(name.upper(), GNA_MODES, most=1, similarity=0.7)
            modes = ", ".join(GNA_MODES)
            raise UsageError(
                f"device: no GNA mode '{name[:30]}'; expected one of {modes}{did_you_mean(near[:1])}",
                fields=("device",),
            )
    return found


def parse_weight_bits(bits: int) -> int:
    """``bits``, which are 8 or 16. Raises UsageError."""
    if bits not in (8, 16):
        raise UsageError(f"{bits}: expected 8 or 16")
    return bits


def parse_scale_factors(text: str) -> dict[str, float]:
    """Factors by input name from ``in0=12.5,in1=3``, ``in0:12.5`` or ``12.5`` (all inputs: empty name).

    Several bare numbers (``12.5,3``) belong to the inputs in model order: names ``"0"``, ``"1"``, … .
    Raises UsageError for anything that is not a positive finite number.
    """
    factors: dict[str, float] = {}
    items = _with_commas_in_names(text.split(","))
    for position, item in enumerate(items):
        name, separator, number = item.strip().rpartition("=")
        if not separator:
            name, separator, number = item.strip().rpartition(":")
        if not separator and len(items) > 1:
            name = str(position)
        if name in factors:
            raise UsageError(f"'{text}': input '{name}' is given twice")
        try:
            factor = float(number)
        except ValueError:
            factor = float("nan")
        if not 0 < factor < float("inf"):
            raise UsageError(f"'{text}': expected a number above 0, found '{number[:20]}'")
        factors[name] = factor
    return factors


def _with_commas_in_names(parts: list[str]) -> list[str]:
    """The factors of a list that was split at its commas: what is none yet is the beginning of the next one's name."""
    items: list[str] = []
    name = ""
    for part in parts:
        if not part.strip() or "=" in part or _is_number(part.rpartition(":")[2]) or part is parts[-1]:
            items.append(name + part)
            name = ""
        else:
            name += f"{part},"
    return items


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_utterances(text: str) -> int | None:
    """A number of utterances, None for ``all``. Raises UsageError."""
    number = text.strip().lower()
    if number == "all":
        return None
    if not number.isdecimal() or not int(number):
        raise UsageError(f"'{text[:20]}': expected a number above 0, or all")
    return int(number)


def parse_target(text: str) -> str:
    """A target as the property spells it (``GNA_3_0`` for ``GNA_TARGET_3_0``); empty for an empty text.

    Raises UsageError, which names the targets, for anything else.
    """
    target = text.strip().upper().replace("GNA_TARGET_", "GNA_")
    if target and target not in HARDWARE_TARGETS:
        known = ", ".join(name.replace("GNA_", "GNA_TARGET_") for name in HARDWARE_TARGETS)
        raise UsageError(f"'{text[:30]}': no such GNA device; expected one of {known}")
    return target


def parse_log_level(text: str) -> str:
    """A log level as the property spells it (``LOG_WARNING`` for ``warning``); empty for an empty text.

    Raises UsageError for a level that does not exist.
    """
    level = text.strip().upper()
    level = level if not level or level.startswith("LOG_") else f"LOG_{level}"
    if level and level not in LOG_LEVELS:
        raise UsageError(f"'{text[:30]}': expected one of {', '.join(LOG_LEVELS)}")
    return level

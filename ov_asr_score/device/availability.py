"""Whether a device and a precision are there before a model is compiled for them."""

from __future__ import annotations

from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov, version
from ov_asr_score.settings.device import META_DEVICES, base_devices
from ov_asr_score.settings.gna_texts import GNA_MODES

# Kinds of devices that a machine may lack; any other name that is not there is a misspelling.
_KINDS = ("CPU", "GPU", "NPU", "GNA", "GNA_HW", *META_DEVICES)
_ABILITIES = {"bf16": "BF16", "f16": "FP16"}


def lacking_device(core: ov.Core, device: str) -> str:
    """Why this machine does not have ``device``, nothing where it has, or where the name is no kind of device.

    GNA in software counts as there: what runs it is not asked here.
    """
    available = [str(name) for name in core.available_devices]
    for name in _parts(device):
        if name.split(".")[0] not in _KINDS or (name in GNA_MODES and name != "GNA_HW"):
            continue
        plain = "GNA" if name == "GNA_HW" else name
        # the only one of its kind is listed without its number
        if plain not in available and not any(other.split(".")[0] == plain for other in available):
            number = plain.partition(".")[2]
            if number == "0" and plain.split(".")[0] in available:
                continue
            return f"no {name} here: OpenVINO {version()} finds {', '.join(available) or 'no device'}"
    return ""


def lacking_precision(core: ov.Core, device: str, precision: str) -> str:
    """Why ``device`` cannot compute in bf16 or f16 by itself; nothing where it can, or does not tell."""
    ability = _ABILITIES.get(precision)
    if ability is None:
        return ""
    for name in base_devices(device):
        try:
            abilities = [str(item) for item in core.get_property(name, "OPTIMIZATION_CAPABILITIES")]
        except RUNTIME_ERRORS:
            continue
        if ability not in abilities:
            return f"{name} has no {precision} of its own here (it has {', '.join(abilities)})"
    return ""


def _parts(device: str) -> list[str]:
    """Devices with their numbers, modes of GNA as they are."""
    prefix, colon, rest = device.partition(":")
    if not colon:
        return [] if prefix in META_DEVICES else [device]
    names = [part.strip().split("(")[0] for part in rest.split(",")]
    return [name for name in names if name and not name.startswith("-")]

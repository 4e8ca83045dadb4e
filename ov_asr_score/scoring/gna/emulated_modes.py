"""Which GNA modes are run in software; asked of every model, and so apart from what runs them."""

from __future__ import annotations

from ov_asr_score.device.plugins import has_plugin
from ov_asr_score.errors import DeviceError
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.device import DeviceSettings


def is_emulated(core: ov.Core, settings: DeviceSettings) -> bool:
    """Whether a GNA mode is asked for and the runtime has no plugin for it. Raises DeviceError for GNA_HW."""
    mode = settings.gna_mode
    if mode is None or has_plugin(core, "GNA"):
        return False
    if settings.gna.embedded_image:
        raise DeviceError(
            f"embedded_image {settings.gna.embedded_image}: images for embedded devices are made by the GNA plugin "
            "only, which this OpenVINO does not have; export_model writes a blob, which an OpenVINO up to 2023.3 with "
            "the plugin can import",
            fields=("embedded_image", "export_model"),
        )
    if mode == "GNA_HW":
        raise DeviceError(
            f"{settings.device}: needs a GNA device and an OpenVINO (up to 2023.3) with the GNA plugin; "
            "GNA_HW_WITH_SW_FBACK and GNA_SW_EXACT compute the same in software"
        )
    return True

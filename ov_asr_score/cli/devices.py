"""``ov-asr-score devices``."""

from __future__ import annotations

from ov_asr_score.cli import options as o
from ov_asr_score.cli.failures import explained_failures


def devices(verbose: o.VerboseOption = False) -> None:
    """List the devices that the runtime offers, with what they can do."""
    with explained_failures():
        from rich.console import Console

        from ov_asr_score.device.compilation import list_devices, missing_plugins
        from ov_asr_score.openvino_api import ov, version
        from ov_asr_score.report.console import render_facts

        console = Console(highlight=False)
        core = ov.Core()
        console.print(f"OpenVINO {version()}", markup=False)
        for device in list_devices(core):
            facts: dict[str, object] = {"name": device.full_name, "capabilities": ", ".join(device.capabilities)}
            render_facts(console, device.name, facts | (dict(device.properties) if verbose else {}))
        for name, reason in missing_plugins(core):
            render_facts(console, f"{name} (not here)", {"why": reason})

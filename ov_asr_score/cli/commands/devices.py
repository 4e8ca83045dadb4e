"""``ov-asr-score devices``."""

from __future__ import annotations

from typing import Annotated

from ov_asr_score.settings.setting import Setting


def devices(
    verbose: Annotated[bool, Setting("Show every property of every device.", names=("-v",))] = False,
) -> None:
    """List the available devices and their capabilities.

    For common devices that are missing, the reason is shown.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.device.reports import list_devices, missing_plugins
    from ov_asr_score.openvino_api import ov, version
    from ov_asr_score.report.console.run import render_facts

    console = ReportConsole()
    core = ov.Core()
    console.print(f"OpenVINO {version()}", markup=False)
    for device in list_devices(core):
        facts: dict[str, object] = {"name": device.full_name, "capabilities": ", ".join(device.capabilities)}
        render_facts(console, device.name, facts | (dict(device.properties) if verbose else {}))
    for name, reason in missing_plugins(core):
        render_facts(console, f"{name} (not here)", {"why": reason})

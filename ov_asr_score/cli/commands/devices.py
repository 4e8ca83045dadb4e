"""``ov-asr-score devices``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures


def devices(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every property of every device.")] = False,
) -> None:
    """List devices and what they can do.

    What the runtime offers, and why a usual device is not there.
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.device.compilation import list_devices, missing_plugins
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

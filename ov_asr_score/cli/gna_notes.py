"""Notes on GNA options that have no effect."""

from __future__ import annotations

import typer

from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import QUANTIZING, GnaSettings, SampleSettings
from ov_asr_score.settings.setting import settings_of, short_name


def notes_on_gna_options(context: typer.Context, settings: DeviceSettings, blob: str = "") -> list[str]:
    """One note that names the GNA options on the command line that have no effect; else nothing.

    They have none where the device is no GNA device, and those that quantize none on a ``blob`` and on floats.
    """
    given = {
        each.name: short_name(each.name, each.setting)
        for each in (*settings_of(SampleSettings), *settings_of(GnaSettings))
        if each.setting is not None and _on_command_line(context, each.name)
    }
    device, mode = settings.device, settings.gna_mode
    why = f"on {device}, because they are for GNA"
    if mode is not None:
        if mode != "GNA_SW_FP32" and not blob:
            return []
        given = {name: spelling for name, spelling in given.items() if name in QUANTIZING}
        why = f"on {device}, which computes in floats" if mode == "GNA_SW_FP32" else "on a blob, whose integers are set"
    return [f"without effect {why}: {' '.join(given.values())}"] if given else []


def _on_command_line(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"

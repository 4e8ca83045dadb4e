"""``ov-asr-score inspect``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures


def inspect(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="OpenVINO IR, ONNX, or an exported blob.")],
    device: Annotated[
        str, typer.Option("--device", "-d", metavar="DEVICE", help="Where an exported blob is imported.")
    ] = "CPU",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every layer with its shape.")] = False,
) -> None:
    """Show what is in a model or exported blob.

    Inputs, outputs, variables, layers and size; of a blob what can be known.
    """
    with explained_failures():
        from ov_asr_score.cli.report_console import ReportConsole
        from ov_asr_score.job.inspection import inspect_model
        from ov_asr_score.report.console import render_facts

        console = ReportConsole()
        for title, facts in inspect_model(model, device, all_layers=verbose):
            render_facts(console, title, facts)

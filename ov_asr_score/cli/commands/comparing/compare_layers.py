"""``ov-asr-score compare-layers``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.model_jobs import CompareLayersJob


def compare_layers(job: CompareLayersJob, quiet: Quiet = False) -> None:
    """Find the first layer where two ways to compute the same scores diverge.

    `ov-asr-score compare-layers model.xml -i ark:features.ark --against precision=bf16`

    Shows the signal-to-noise ratio of every layer on the same utterances, in the order of computation, and the first
    layer that falls below the limit. docs/precision.md says what to do about it.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job import run_layer_comparison
    from ov_asr_score.kaldi_io import atomic_output
    from ov_asr_score.report.console.layers import layers_as_dict, render_layers, verdict_text
    from ov_asr_score.report.html.charts import import_matplotlib
    from ov_asr_score.report.html.layers import write_layers_page

    if job.page:
        import_matplotlib()  # what is missing is better known before
    comparison = run_layer_comparison(replace(job, scoring=replace(job.scoring, command=sys.argv)))
    if job.page:
        with atomic_output(job.page, "w") as file:
            write_layers_page(file, comparison)
    if job.report:
        with atomic_output(job.report, "w") as file:
            json.dump(layers_as_dict(comparison), file, indent=1, allow_nan=False)
            file.write("\n")
    if not quiet:
        render_layers(comparison, ReportConsole(stderr=job.report == "-"))
    elif comparison.verdict != "ok":
        say(verdict_text(comparison))
    if comparison.verdict != "ok":
        raise typer.Exit(EXIT_FAILED)

"""``ov-asr-score bench``."""

from __future__ import annotations

import json
from dataclasses import replace

import typer

from ov_asr_score.cli.caching import conversion_cache
from ov_asr_score.cli.flags import AsJson
from ov_asr_score.settings.caching import CacheSettings
from ov_asr_score.settings.model_jobs import BenchJob


def bench(job: BenchJob, caches: CacheSettings, as_json: AsJson = False) -> None:
    """Measure how fast a model scores on this machine.

    `ov-asr-score bench models/nnet3_tdnn/final.mdl`

    Shows the plan that `score` would choose, its frames per second and real-time factor (medians, on noise as long as
    read speech or on the tables of -i), and a table of what `--precision`, `--streams` and `-bs` would change.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job import run_bench
    from ov_asr_score.report.console.bench import bench_as_dict, render_bench

    scoring = replace(
        job.scoring,
        device=replace(job.scoring.device, cache_dir=caches.cache_dir),
        conversion_cache=conversion_cache(caches),
    )
    report = run_bench(replace(job, scoring=scoring))
    if as_json:
        typer.echo(json.dumps(bench_as_dict(report), indent=1, allow_nan=False))
        return
    render_bench(report, ReportConsole())

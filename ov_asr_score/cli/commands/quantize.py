"""``ov-asr-score quantize``."""

from __future__ import annotations

import sys
from dataclasses import replace

from ov_asr_score.cli.caching import conversion_cache
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.caching import CacheSettings
from ov_asr_score.settings.model_jobs import QuantizeJob


def quantize(job: QuantizeJob, caches: CacheSettings, quiet: Quiet = False) -> None:
    """Quantize a model to an int8 IR, with value ranges from calibration utterances.

    `ov-asr-score quantize model.xml -o model_int8.xml -i ark:calibration.ark`

    Needs NNCF (`pip install 'ov-asr-score[quantize]'`). Reports how much the scores of the calibration utterances
    change, and with `--graph` how many of their words. `score` takes the result just like the float model.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job import run_quantization
    from ov_asr_score.report.console.decoded_lines import MAX_LISTED, word_lines
    from ov_asr_score.report.console.run import render_comparison, render_facts, render_line

    scoring = replace(job.scoring, conversion_cache=conversion_cache(caches))
    report = run_quantization(replace(job, scoring=scoring, show_progress=sys.stderr.isatty() and not quiet))
    if not quiet:
        console = ReportConsole()
        for title, facts in report.sections():
            render_facts(console, title, facts)
        render_comparison(report.comparison, console)
        for text, style in () if report.words is None else word_lines(report.words, MAX_LISTED):
            render_line(console, text, style)
        for note in report.notes:
            console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)

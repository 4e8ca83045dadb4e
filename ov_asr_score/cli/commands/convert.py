"""``ov-asr-score convert``."""

from __future__ import annotations

from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.model_jobs import ConvertJob


def convert(job: ConvertJob, quiet: Quiet = False) -> None:
    """Convert a Kaldi model to OpenVINO IR.

    `ov-asr-score convert final.mdl -o model.xml --use-priors=true`

    The options are those of Kaldi's own programs. They become part of the model, which is then scored without them.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job import run_conversion
    from ov_asr_score.report.console.run import render_facts

    report = run_conversion(job)
    if not quiet:
        console = ReportConsole()
        for title, facts in report.sections():
            render_facts(console, title, facts)

"""``ov-asr-score egs-prob``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.egs_prob import EgsProbJob


def egs_prob(job: EgsProbJob, quiet: Quiet = False) -> None:
    """Compute the objective and accuracy of a Kaldi model on training examples (egs).

    `ov-asr-score egs-prob exp/tdnn/10.mdl ark:exp/tdnn/egs/valid_diagnostic.egs`

    The figures are those that nnet-compute-prob, nnet3-compute-prob and nnet3-chain-compute-prob log, as in
    compute_prob_valid.10.log: batch normalization and dropout are in test mode.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job.egs_prob import run_egs_prob
    from ov_asr_score.report.console.egs_prob import render_egs_prob

    report = run_egs_prob(replace(job, command=sys.argv))
    if not quiet:
        render_egs_prob(report, ReportConsole(stderr=job.report == "-"))
    elif report.failures:
        say(f"failed: {'; '.join(report.failures)}")
    if report.verdict != "ok":
        raise typer.Exit(EXIT_FAILED)

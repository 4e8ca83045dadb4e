"""``ov-asr-score compare``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures
from ov_asr_score.cli.options import shared as o


def compare(
    scores: Annotated[str, typer.Argument(metavar="SCORES", help="Table of scores, as for score -i.")],
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="Table to compare with.")],
    threshold: o.ThresholdOption = 1e-4,
    max_error: o.MaxErrorOption = None,
    max_rms_error: o.MaxRmsOption = None,
    max_relative_error: o.MaxRelativeOption = None,
    min_agreement: o.MinAgreementOption = None,
    max_kl: o.MaxKlOption = None,
    no_measures: o.NoMeasuresOption = False,
    pair: o.PairOption = o.Pairing.key,
    allow_missing: o.AllowMissingOption = False,
    allow_commands: o.AllowCommandsOption = False,
    report: o.ReportOption = "",
    report_scores: o.ReportScoresOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Compare two tables of scores.

    `ov-asr-score compare scores.ark reference.ark --max-error 1e-4`
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import present_comparison
        from ov_asr_score.comparison import Limits
        from ov_asr_score.job import CompareJob

        job = CompareJob(
            scores=scores,
            reference=reference,
            threshold=threshold,
            limits=Limits(max_error, max_rms_error, max_relative_error, min_agreement, max_kl),
            measures=not no_measures,
            by_position=pair is o.Pairing.position,
            allow_missing=allow_missing,
            allow_commands=allow_commands,
            report=report,
            report_scores=report_scores,
            command=sys.argv,
        )
        if present_comparison(job, quiet=quiet, verbose=verbose) != "ok":
            raise typer.Exit(EXIT_FAILED)

"""Whether a run is fine: limits kept, something compared, nothing missing, nothing failed."""

from __future__ import annotations

from collections.abc import Mapping

from ov_asr_score.comparison import Limits, exceeded_limits
from ov_asr_score.report.run_report import RunReport


def judge(
    report: RunReport, references: Mapping[str, str], limits: Limits, *, allow_missing: bool, may_be_empty: bool = False
) -> None:
    """Set the verdict of ``report`` and its messages; ``references`` are the reference tables by layer."""
    if not report.totals.utterances and not report.num_failures and not may_be_empty:
        report.limit_messages.append("there were no utterances")
    for layer, specifier in references.items():
        total = report.comparison.get(layer)
        name = f"{layer}: " if len(references) > 1 else ""
        if total is not None:
            report.limit_messages += [f"{name}{message}" for message in exceeded_limits(total, limits)]
        elif report.totals.utterances:
            report.limit_messages.append(f"{name}no utterance could be compared with {specifier}")
    gaps = (report.missing_keys or report.extra_keys) and not allow_missing
    if report.limit_messages or report.num_failures or gaps:
        report.verdict = "failed"

"""Whether a run is fine: limits kept, something compared, nothing missing, nothing failed."""

from __future__ import annotations

from collections.abc import Mapping

from ov_asr_score.comparison import Limits, exceeded_limits
from ov_asr_score.errors import UsageError
from ov_asr_score.job.run.word_verdict import exceeded_word_limits
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.settings.words.word_limits import WordLimits


def check_measures(measures: bool, limits: Limits) -> None:
    """Raise UsageError when a limit is on what is not to be measured."""
    needed = [name for name in ("min_agreement", "max_kl") if getattr(limits, name) is not None]
    if needed and not measures:
        raise UsageError(f"measures: {needed[0]} is a limit on measures; leave one out", fields=("measures", needed[0]))


def judge(
    report: RunReport,
    references: Mapping[str, str],
    limits: Limits,
    *,
    allow_missing: bool,
    may_be_empty: bool = False,
    words: WordLimits | None = None,
) -> None:
    """Set the verdict of ``report`` and its messages; ``references`` are the reference tables by layer.

    ``limits`` are those of scores; ``words`` those of words, where scores were decoded.
    """
    if not report.totals.utterances and not report.num_failures and not may_be_empty:
        report.limit_messages.append("there were no utterances")
    for layer, specifier in references.items():
        total = report.comparison.get(layer)
        name = f"{layer}: " if len(references) > 1 else ""
        if total is not None:
            messages = exceeded_limits(total, limits, report.measures.get(layer))
            report.limit_messages += [f"{name}{message}" for message in messages]
        elif report.totals.utterances:
            report.limit_messages.append(f"{name}no utterance could be compared with {specifier}")
    if report.words is not None and words is not None and report.totals.utterances:
        report.limit_messages += exceeded_word_limits(report.words, words)
    gaps = (report.missing_keys or report.extra_keys) and not allow_missing
    has_all_words = report.words is None or not report.words.num_failures
    if report.limit_messages or report.num_failures or gaps or not has_all_words:
        report.verdict = "failed"

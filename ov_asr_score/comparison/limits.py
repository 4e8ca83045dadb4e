"""What is said of scores that are farther from their reference than allowed."""

from __future__ import annotations

from ov_asr_score.comparison.differences import ScoreDifference, describe_location
from ov_asr_score.comparison.measures import ScoreMeasures
from ov_asr_score.settings.limits import Limits


def exceeded_limits(total: ScoreDifference, limits: Limits, measures: ScoreMeasures | None = None) -> list[str]:
    """One message for each limit that ``total`` and ``measures`` do not keep; an empty list when all is well.

    A non-finite mismatch is always reported, even with no limit set, and so is a limit with no frame, or no classes, to
    hold it against. A statistic that is not a number keeps no limit.
    """
    messages = []
    if total.num_nonfinite_mismatch:
        place = f" (first at {describe_location(total.worst)})" if total.worst else ""
        messages.append(f"scores and reference disagree in NaN or infinity: {total.num_nonfinite_mismatch}{place}")
    checks = (
        ("max error", total.max_abs, "--max-error", limits.max_error),
        ("rms error", total.rms, "--max-rms-error", limits.max_rms_error),
        ("max relative error", total.max_rel, "--max-relative-error", limits.max_relative_error),
    )
    for statistic, value, option, limit in checks:
        if limit is None:
            continue
        if total.frames == 0:
            messages.append(f"no frames were compared, so {option} {limit:g} cannot be kept")
        elif not value <= limit:
            messages.append(f"{statistic} {value:.6g} exceeds {option} {limit:g}")
    return messages + _class_messages(limits, measures or ScoreMeasures())


def _class_messages(limits: Limits, measures: ScoreMeasures) -> list[str]:
    messages = []
    agreement, divergence = measures.class_agreement, measures.mean_kl
    if limits.min_agreement is not None:
        limit = f"--min-agreement {limits.min_agreement:g}"
        if agreement is None:
            messages.append(f"no frames with classes were compared, so {limit} cannot be kept")
        elif not agreement >= limits.min_agreement:
            messages.append(f"best class agreement {agreement:.6g} is below {limit}")
    if limits.max_kl is not None:
        limit = f"--max-kl {limits.max_kl:g}"
        if divergence is None:
            messages.append(f"no frames with classes were compared, so {limit} cannot be kept")
        elif not divergence <= limits.max_kl:
            messages.append(f"mean KL divergence {divergence:.6g} exceeds {limit}")
    return messages

"""What is said of scores that are farther from their reference than allowed."""

from __future__ import annotations

from ov_asr_score.comparison.differences import ScoreDifference, describe_location
from ov_asr_score.comparison.measures import ScoreMeasures
from ov_asr_score.settings.limits import Limits
from ov_asr_score.settings.setting import settings_of

_OPTIONS = {each.name: each.setting.longest_name(each.name) for each in settings_of(Limits) if each.setting is not None}


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
        ("max_error", "max error", total.max_abs),
        ("max_rms_error", "rms error", total.rms),
        ("max_relative_error", "max relative error", total.max_rel),
    )
    for name, statistic, value in checks:
        limit = getattr(limits, name)
        if limit is None:
            continue
        if total.frames == 0:
            messages.append(f"{_named(name, limits)} cannot be checked: no frames were compared")
        elif not value <= limit:
            messages.append(f"{statistic} {value:.6g} exceeds {_named(name, limits)}")
    return messages + _class_messages(limits, measures or ScoreMeasures())


def _class_messages(limits: Limits, measures: ScoreMeasures) -> list[str]:
    messages = []
    agreement, divergence = measures.class_agreement, measures.mean_kl
    unchecked = "cannot be checked: no frames with classes were compared"
    if limits.min_agreement is not None:
        if agreement is None:
            messages.append(f"{_named('min_agreement', limits)} {unchecked}")
        elif not agreement >= limits.min_agreement:
            messages.append(f"best class agreement {agreement:.6g} is below {_named('min_agreement', limits)}")
    if limits.max_kl is not None:
        if divergence is None:
            messages.append(f"{_named('max_kl', limits)} {unchecked}")
        elif not divergence <= limits.max_kl:
            messages.append(f"mean KL divergence {divergence:.6g} exceeds {_named('max_kl', limits)}")
    return messages


def _named(name: str, limits: Limits) -> str:
    """A limit as reports name it, as the option with its value: ``--max-error 0.1``."""
    return f"{_OPTIONS[name]} {getattr(limits, name):g}"

"""Whether a run of a suite keeps what must hold. Nothing passes by not having been looked at.

Tests: tests/job/suite/test_run.py
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ov_asr_score.comparison import Limits, ScoreDifference, exceeded_limits
from ov_asr_score.job.run.nonfinite import nonfinite_notes
from ov_asr_score.job.run.word_verdict import ROUNDING, exceeded_word_limits
from ov_asr_score.job.suite.baseline import BaselineEntry
from ov_asr_score.job.suite.suite import SuiteRun, class_agreement
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.report.data.suite import ErrorPlace, RunResult, Status, WordResult
from ov_asr_score.report.data.words import WordTotals


def judge_run(
    run: SuiteRun, report: RunReport, widths: Mapping[str, int], baseline: BaselineEntry | None, speeds: Sequence[float]
) -> RunResult:
    """The result of a run that came to its end; ``widths`` are scores per frame by output.

    ``speeds`` are frames per second of all repeats. Speed in proportion to another run is judged later.
    """
    totals, compared = report.totals, report.comparison
    speed = sorted(speeds)[len(speeds) // 2] if speeds else 0.0
    reasons = [
        *_unsound(run, report, widths),
        *_exceeded(run, compared, widths),
        *_worse(run, compared, speed, baseline),
        *_words_exceeded(run, report.words, baseline),
    ]
    if report.verdict != "ok" and not reasons:
        reasons.append("the run failed")
    if run.limits.min_speed_ratio is not None and not speed > 0:
        reasons.append("no speed was measured")
    worst = max(compared.values(), key=lambda difference: difference.max_abs, default=None)
    place = worst.worst if worst is not None else None
    return RunResult(
        case=run.case,
        device=run.device,
        precision=run.precision,
        status="failed" if reasons else "passed",
        reasons=tuple(dict.fromkeys(reasons)),
        tags=run.tags,
        utterances=totals.utterances,
        frames=totals.frames,
        compared_frames=sum(difference.frames for difference in compared.values()),
        max_error=_largest(difference.max_abs for difference in compared.values()),
        rms_error=_largest(difference.rms for difference in compared.values()),
        max_relative_error=_largest(difference.max_rel for difference in compared.values()),
        class_agreement=min((class_agreement(difference) for difference in compared.values()), default=None),
        place=None if place is None else ErrorPlace(place.key, place.frame, place.column),
        frames_per_second=speed or None,
        real_time_factor=1 / (speed * totals.frame_shift_seconds) if speed else None,
        words=None if report.words is None else _word_result(run, report.words),
        seconds=totals.total_seconds,
        device_name=str(report.device.get("name") or ""),
        notes=tuple(report.notes),
    )


def judge_speed(run: SuiteRun, result: RunResult, others: Mapping[str, RunResult]) -> RunResult:
    """``result`` with its speed held against that of the run that the suite names."""
    least, name = run.limits.min_speed_ratio, run.limits.speed_reference
    if least is None or result.status in ("error", "skipped"):
        return result
    other = others.get(name)
    if other is None or other.status == "error" or not other.frames_per_second:
        how = "was not run" if other is None else f"{other.status}: {other.reason}"
        both = (result.status, None if other is None else other.status)
        status: Status = "skipped" if both == ("passed", "skipped") else "failed"
        reason = f"no speed of {name} to compare with ({how})"
        return replace(result, status=status, reasons=(*result.reasons, reason))
    ratio = (result.frames_per_second or 0.0) / other.frames_per_second
    result = replace(result, speed_ratio=ratio)
    if ratio >= least:
        return result
    reason = f"{ratio:.3g} times as fast as {name}, expected at least {least:g}"
    return replace(result, status="failed", reasons=(*result.reasons, reason))


def judge_other_words(run: SuiteRun, result: RunResult, others: Mapping[str, RunResult]) -> RunResult:
    """``result``, which does not pass where its words must be compared with those of a run that has none."""
    limits = run.limits
    is_needed = limits.max_wer_increase is not None or limits.max_changed_words is not None
    has_changes = result.words is not None and result.words.changes is not None
    if not run.against or not is_needed or has_changes or result.status in ("error", "skipped"):
        return result
    other = others.get(run.against)
    how = "was not run" if other is None else f"{other.status}: {other.reason}"
    both = (result.status, None if other is None else other.status)
    status: Status = "skipped" if both == ("passed", "skipped") else "failed"
    reason = f"no words of {run.against} to compare with ({how})"
    return replace(result, status=status, reasons=(*result.reasons, reason))


def require(result: RunResult) -> RunResult:
    """``result``, failed if it was skipped."""
    if result.status != "skipped":
        return result
    return replace(result, status="failed", reasons=(f"all runs are required: {result.reason}",))


def _unsound(run: SuiteRun, report: RunReport, widths: Mapping[str, int]) -> list[str]:
    """What is wrong whatever the limits are."""
    totals, compared = report.totals, report.comparison
    # messages about comparisons show values here, and are repeated below without them
    known = {message for total in compared.values() for message in exceeded_limits(total, Limits())}
    reasons = [text for text in report.limit_messages if not any(text.endswith(message) for message in known)]
    if report.num_failures:
        first = report.failures[0]
        reasons.append(f"{_counted(report.num_failures)} failed, first '{first.key}': {first.message}")
    if report.words is not None and report.words.num_failures:
        first = report.words.failures[0]
        reasons.append(f"{_counted(report.words.num_failures)} without words, first '{first.key}': {first.message}")
    if not run.job.allow_missing:
        gaps = (("missing in", report.missing_keys), ("only in", report.extra_keys))
        reasons += [
            f"{_counted(len(keys))} {how} {table}, first '{keys[0]}'"
            for how, tables in gaps
            for table, keys in tables.items()
            if keys
        ]
    if totals.utterances and not totals.frames:
        reasons.append("the utterances have no frames")
    if run.runs_only:
        reasons += nonfinite_notes(report)
        if totals.frames and not sum(widths.values()):
            reasons.append("there were no scores")
        return reasons
    for layer, total in compared.items():
        if total.num_nonfinite_mismatch:
            place = f", first at {_place(total)}" if total.worst else ""
            reasons.append(
                f"{_of(layer, compared)}scores and reference disagree in NaN or infinity: "
                f"{total.num_nonfinite_mismatch:,} of {total.num_nonfinite_mismatch + total.count:,}{place}"
            )
        if not total.count:
            reasons.append(f"{_of(layer, compared)}no finite scores were compared")
    if not compared and not reasons:
        reasons.append("nothing was compared")
    return reasons


def _exceeded(run: SuiteRun, compared: Mapping[str, ScoreDifference], widths: Mapping[str, int]) -> list[str]:
    limits, reasons = run.limits, []
    for layer, total in compared.items():
        checks = (
            ("max error", total.max_abs, limits.max_error),
            ("rms error", total.rms, limits.max_rms_error),
            ("max relative error", total.max_rel, limits.max_relative_error),
        )
        for what, value, limit in checks:
            if limit is not None and not value <= limit:
                where = f" at {_place(total)}" if what == "max error" and total.worst else ""
                reasons.append(f"{_of(layer, compared)}{what} {value:.3g}, expected at most {limit:g}{where}")
        if limits.max_relative_error is not None and not total.count_rel:
            reasons.append(
                f"{_of(layer, compared)}no reference is above the threshold {total.threshold:g}, so there are no "
                "relative errors"
            )
        least, agreement = limits.min_class_agreement, class_agreement(total)
        if least is not None and widths.get(layer, 0) < 2:
            reasons.append(
                f"{_of(layer, compared)}scores of {widths.get(layer, 0)} columns have no classes to agree on"
            )
        elif least is not None and not agreement >= least:
            reasons.append(
                f"{_of(layer, compared)}best class the same in {agreement:.4%} of frames, expected at least {least:.4%}"
            )
    return reasons


def _worse(
    run: SuiteRun, compared: Mapping[str, ScoreDifference], speed: float, baseline: BaselineEntry | None
) -> list[str]:
    """What is worse than in the baseline by more than a factor."""
    limits = run.limits
    if not limits.needs_baseline:
        return []
    if baseline is None:
        return ["no baseline of this run; update the baseline to record one"]
    reasons = []
    errors = (
        (
            "max error",
            (difference.max_abs for difference in compared.values()),
            limits.max_error_to_baseline,
            baseline.max_error,
        ),
        (
            "rms error",
            (difference.rms for difference in compared.values()),
            limits.max_rms_error_to_baseline,
            baseline.rms_error,
        ),
    )
    for what, values, factor, before in errors:
        if factor is None:
            continue
        value = _largest(values)
        if before is None:
            reasons.append(f"the baseline has no {what}; update the baseline to record it")
        elif value is None or not value <= factor * before:
            found = "none" if value is None else f"{value:.3g}"
            reasons.append(f"{what} {found}, expected at most {factor:g} times {before:.3g}, the baseline")
    factor, before = limits.min_speed_to_baseline, baseline.frames_per_second
    if factor is not None and not before:
        reasons.append("the baseline has no speed; update the baseline to record it")
    elif factor is not None and before and not speed >= factor * before:
        reasons.append(f"{speed:,.0f} frames/s, expected at least {factor:g} times {before:,.0f}, the baseline")
    return reasons


def _words_exceeded(run: SuiteRun, words: WordTotals | None, baseline: BaselineEntry | None) -> Iterator[str]:
    """What does not hold of words; what is relative to a run without words is judged later."""
    if words is None:
        return
    limits, most = run.limits.of_words, run.limits.max_wer_increase_to_baseline
    if run.against and words.changes is None:
        limits = replace(limits, max_wer_increase=None, max_changed_words=None)
    yield from exceeded_word_limits(words, limits)
    if most is None or baseline is None:  # which is told with the other limits
        return
    before, found = baseline.wer_percent, math.nan if words.errors is None else words.errors.wer_percent
    if before is None:
        yield "the baseline has no word error rate; update the baseline to record it"
    elif not found - before <= most + ROUNDING:
        yield f"WER {found:.2f} %, expected at most {most:g} more than {before:.2f} %, the baseline"


def _word_result(run: SuiteRun, words: WordTotals) -> WordResult:
    errors, changes = words.errors, words.changes
    if changes is not None and run.against:
        changes = replace(changes, hypothesis=run.against)
    return WordResult(
        words.utterances,
        None if errors is None else errors.wer_percent,
        None if errors is None else errors.insertions + errors.deletions + errors.substitutions,
        None if errors is None else errors.words,
        changes,
    )


def _place(total: ScoreDifference) -> str:
    """Where the largest error is, without the values there."""
    worst = total.worst
    return "" if worst is None else f"utterance '{worst.key}', frame {worst.frame}, column {worst.column}"


def _of(layer: str, compared: Mapping[str, ScoreDifference]) -> str:
    return f"{layer}: " if len(compared) > 1 else ""


def _counted(number: int) -> str:
    return f"{number:,} utterance{'' if number == 1 else 's'}"


def _largest(values: Iterable[float]) -> float | None:
    """The largest of an iterable of numbers, NaN if there is one, None if it is empty."""
    numbers = list(values)
    if any(math.isnan(value) for value in numbers):
        return math.nan
    return max(numbers, default=None)

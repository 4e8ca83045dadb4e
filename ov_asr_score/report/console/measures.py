"""Measures on the console: named values, and a histogram of the errors."""

from __future__ import annotations

from ov_asr_score.comparison import EDGE_FRAMES, ScoreMeasures, summarize
from ov_asr_score.comparison.error_histogram import by_decade

_BAR_WIDTH = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHOWN_COLUMNS = 5

HISTOGRAM_COLUMNS = ("error", "scores", "share", "of the largest")


def measure_facts(measures: ScoreMeasures, *, verbose: bool) -> dict[str, object]:
    """Texts by name, in the order in which they are shown; ``verbose`` adds where the errors are."""
    summary = summarize(measures)
    texts: dict[str, object] = {}
    if summary.top5_agreement is not None and summary.top5_overlap is not None:
        five = "best five" if summary.num_classes >= 5 else f"best {summary.num_classes}"
        texts[f"{five} classes"] = (
            f"contain the reference's best one in {summary.top5_agreement:.3%} of frames, overlap"
            f" {summary.top5_overlap:.3%}"
        )
        texts["KL divergence"] = f"mean {summary.mean_kl:.3g}, largest {summary.max_kl:.3g} nats"
    if summary.correlation is not None:
        texts["correlation"] = f"{summary.correlation:.9f}"
    if measures.moments.count:
        texts["error percentiles"] = ", ".join(f"{name} % {value:.3g}" for name, value in summary.percentiles.items())
    if verbose and measures.moments.count:
        texts["rms by position"] = (
            f"first {EDGE_FRAMES} frames {summary.rms_first_frames:.3g}, middle {summary.rms_middle_frames:.3g},"
            f" last {EDGE_FRAMES} {summary.rms_last_frames:.3g}"
        )
        texts["worst columns"] = ", ".join(
            f"{worst.column} (rms {worst.rms:.3g})" for worst in summary.worst_classes[:_SHOWN_COLUMNS]
        )
    if summary.skipped_frames:
        texts["frames not finite"] = f"{summary.skipped_frames:,}, excluded from classes and KL divergence"
    return texts


def histogram_rows(measures: ScoreMeasures, *, blocks: bool) -> list[tuple[str, str, str, str]]:
    """Rows for ``HISTOGRAM_COLUMNS``: exact scores, then one row per power of ten; empty without errors.

    Bars are drawn with block characters if ``blocks``, else with number signs.
    """
    decades = by_decade(measures.histogram)
    total = int(measures.histogram.sum())
    if not decades:
        return []
    named = {f"1e{power:+d} to 1e{power + 1:+d}": count for power, count in decades.items()}
    exact = int(measures.histogram[0])
    if exact:
        named = {"none": exact, **named}
    largest = max(named.values())
    return [
        (name, f"{count:,}", f"{count / total:.2%}", _bar(count / largest, blocks=blocks))
        for name, count in named.items()
    ]


def _bar(share: float, *, blocks: bool) -> str:
    """A bar of at most 40 characters, not empty unless ``share`` is zero."""
    if not blocks:
        return "#" * (max(1, round(share * _BAR_WIDTH)) if share > 0 else 0)
    eighths = max(1, round(share * _BAR_WIDTH * 8)) if share > 0 else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()

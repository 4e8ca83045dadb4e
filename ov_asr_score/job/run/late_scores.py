"""Find out that scores come later than their reference, and which context windows would put that right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.job.run.references import ReferenceTables
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.scoring.plan import conversion_of
from ov_asr_score.scoring.scorer import Scorer

_LONGEST_DELAY = 50  # frames, where the model does not tell how far its memory goes back


def note_delay(
    scorer: Scorer,
    references: ReferenceTables,
    key: str,
    scores: Mapping[str, NDArray[Any]],
    report: RunReport,
) -> None:
    """Tell the right windows when the utterance just compared equals its reference but for a delay."""
    plan = scorer.plan
    if not plan.stateful or plan.left_context or plan.right_context or conversion_of(plan) is not None:
        return
    for layer, matrix in scores.items():
        reference = references.last.get(layer)
        if reference is None or reference.shape != matrix.shape:
            continue
        delay = find_delay(matrix, reference, scorer.memory_frames or _LONGEST_DELAY)
        if delay is not None:
            left = max((scorer.memory_frames or 2 * delay) - delay, 0)
            report.notes = [note for note in report.notes if note != scorer.delay_note]  # this one says more
            report.notes.append(
                f"the scores of '{key}' are those of the reference {delay} frames late: give -cw_l {left} -cw_r {delay}"
            )
            return


def find_delay(scores: NDArray[Any], reference: NDArray[Any], longest: int) -> int | None:
    """Frames by which ``scores`` come later than ``reference``, both [T, N]; None when no shift explains it.

    Only frames whose memory is filled with the utterance itself are looked at, so the start is left out.
    """
    frames = min(len(scores), len(reference))
    start = min(longest, frames // 3)

    def distance(shift: int) -> float:
        late = scores[start + shift : frames].astype(np.float64)
        early = reference[start : frames - shift].astype(np.float64)
        return float(np.sqrt(np.mean((late - early) ** 2))) if late.size else float("inf")

    shifts = range(1, max(1, min(longest, frames - start - 8)) + 1)
    best = min(shifts, key=distance, default=None)
    if best is None or not distance(best) < 0.02 * distance(0):
        return None
    return best

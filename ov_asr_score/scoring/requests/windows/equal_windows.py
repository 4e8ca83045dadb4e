"""Utterances cut into overlapping windows of one length, for models whose shapes are static.

frames      0 ............................................... T
window 0    [==================~~~]                                 = rows of scores that count
window 1              [~~~============~~~]                          ~ rows without context, left out
window 2                          [~~~======================]       alike long, the last ends with the utterance
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import EqualWindows, UtterancePlan
from ov_asr_score.scoring.requests.cut import whole_scores
from ov_asr_score.scoring.requests.fill import whole_utterance
from ov_asr_score.scoring.requests.pending_scores import PendingScores, naming
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.requests.slots import FilledRequest, RequestSlots, RowPiece
from ov_asr_score.scoring.requests.windows.chunk_windows import checked_rows, num_score_rows
from ov_asr_score.scoring.utterances.joining import Utterance


@dataclass(frozen=True, slots=True)
class EqualWindow:
    """``frames`` frames from ``first`` on, of which the scores for the frames from ``used`` up to ``stop`` count.

    ``stop`` None: all that come; all three are counted from the beginning of the utterance.
    """

    first: int
    frames: int
    used: int
    stop: int | None


def equal_windows(num_frames: int, windows: EqualWindows) -> list[EqualWindow]:
    """The windows of an utterance of ``num_frames`` frames, context windows included; there is at least one."""
    if windows.pad:
        length = windows.frames
    elif num_frames < windows.frames:
        return [EqualWindow(0, num_frames, 0, None)]
    else:
        length = windows.frames + (num_frames - windows.frames) % windows.alignment
    step = (length - windows.left - windows.right) // windows.alignment * windows.alignment
    if step < 1:
        raise ValueError(f"windows of {windows.frames} frames have no room beside their context")
    firsts = [0]
    while firsts[-1] + length < num_frames:
        # where the last one ends with the utterance, it begins at a multiple of the alignment, too
        last = firsts[-1] + step if windows.pad else min(firsts[-1] + step, num_frames - length)
        firsts.append(last)
    used = [0, *(first + windows.left for first in firsts[1:])]
    stops = [*used[1:], None]
    return [EqualWindow(*span) for span in zip(firsts, [length] * len(firsts), used, stops, strict=True)]


def feed_windows(
    slots: RequestSlots,
    fits: Sequence[InputFit],
    plan: UtterancePlan,
    windows: EqualWindows,
    utterances: Iterable[Utterance],
) -> Iterator[PendingScores]:
    """One window per request, with the edges of utterances repeated for context windows."""
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        if not utterance.num_frames:
            yield PendingScores(utterance, 0)
            continue
        cut = equal_windows(utterance.num_frames + context, windows)
        pending = PendingScores(utterance, len(cut), context)
        joined = _JoinedScores(pending, plan, windows, len(cut))
        arrays = whole_utterance(utterance, fits, plan)
        for number, window in enumerate(cut):
            if pending.failed:
                break
            slot = slots.take_slot()
            with slots.skipping(slot, pending), naming(utterance):
                slots.runner.bind(slot, [_part(*pair, window) for pair in zip(arrays, fits, strict=True)])
            if not pending.failed:
                frames = min(window.stop or utterance.num_frames, utterance.num_frames) - window.used
                request = FilledRequest([RowPiece(pending, number, 0, 1)], max(frames, 1), partial(joined.take, window))
                slots.start(slot, request)
        yield pending


def _part(array: Float32Array, fit: InputFit, window: EqualWindow) -> Float32Array:
    """The frames of a window, its own to keep, filled up with the last one; a vector as it is."""
    if fit.kind == "vector" or fit.frame_axis is None:
        return array
    order = np.minimum(np.arange(window.first, window.first + window.frames), array.shape[fit.frame_axis] - 1)
    return np.ascontiguousarray(np.take(array, order, axis=fit.frame_axis))


@dataclass(slots=True)
class _JoinedScores:
    """The rows of each output that the windows of an utterance have given up to now, in their order."""

    pending: PendingScores
    plan: UtterancePlan
    windows: EqualWindows
    windows_left: int
    rows: list[list[Float32Array]] = field(default_factory=list)

    def take(self, window: EqualWindow, index: int, result: Float32Array, name: str) -> None:
        """Keep the rows of output ``index`` that count; the last window completes the scores.

        Raises ShapeMismatchError when the window gave too few.
        """
        if index == len(self.rows):
            self.rows.append([])
        if index == 0:
            self.windows_left -= 1
        utterance, factor = self.pending.utterance, self.windows.factors[index]
        matrix = result.reshape(-1, result.shape[-1] if result.ndim else 1)
        first = (window.used - window.first) // factor
        stop = None if window.stop is None else (window.stop - window.first) // factor
        if stop is not None and len(matrix) < stop:
            raise ShapeMismatchError(
                f"utterance '{utterance.key}': output '{name}' {shape_text(result.shape)}: expected at least {stop} "
                f"rows of scores of {window.frames} frames, found {len(matrix)}"
            )
        self.rows[index].append(np.array(matrix[first:stop], dtype=np.float32))
        if not self.windows_left:
            self._complete(index, name)

    def _complete(self, index: int, name: str) -> None:
        utterance, context = self.pending.utterance, self.pending.context_frames
        scores = np.concatenate(self.rows[index])
        self.rows[index] = []
        if self.windows.pad and self.plan.conversion is not None:
            scores = scores[: num_score_rows(utterance.num_frames, self.plan.conversion)]
        scores = whole_scores(scores, utterance.num_frames, context, name, utterance.key)
        self.pending.scores.append(checked_rows(scores, utterance.num_frames, self.plan.conversion, utterance.key))

"""Whole utterances that share requests: which of them go together, and windows of those that are too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import Grouping
from ov_asr_score.scoring.requests.fill import middle_frame
from ov_asr_score.scoring.requests.pending_scores import PendingScores
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.requests.windows.chunk_windows import num_score_rows
from ov_asr_score.scoring.utterances.joining import Utterance


@dataclass(frozen=True, slots=True)
class UtteranceWindow:
    """Frames ``first`` to ``stop`` of an utterance, which give its rows of scores from ``first_row`` on.

    The first ``skipped_rows`` of what they give lack context, and ``num_rows`` follow.
    """

    first: int
    stop: int
    first_row: int
    skipped_rows: int
    num_rows: int


class WaitingUtterances:
    """Utterances that wait for others of their length; the one that came first is always among the next."""

    def __init__(self, grouping: Grouping) -> None:
        """Nobody waits."""
        self._grouping = grouping
        self._waiting: list[PendingScores] = []
        self.frames = 0

    def __len__(self) -> int:
        """The number of utterances that wait."""
        return len(self._waiting)

    def add(self, pending: PendingScores) -> None:
        """Let an utterance wait."""
        self._waiting.append(pending)
        self.frames += pending.utterance.num_frames

    def take(self) -> list[PendingScores]:
        """The utterances of the next request: the one that came first, and those nearest to it in length.

        Utterances are added as long as the request stays below ``frames``, the shorter ones filled up to the longest,
        and as many as a power of two are taken: for every new shape of a request the plugin prepares its layers.
        """
        oldest = self._waiting[0]
        alone = self._grouping.max_utterances == 1 or len(self._waiting) == 1
        taken = [oldest] if alone else self._nearest(oldest)
        chosen = set(map(id, taken))
        self._waiting = [pending for pending in self._waiting if id(pending) not in chosen]
        self.frames -= sum(pending.utterance.num_frames for pending in taken)
        return taken

    def _nearest(self, oldest: PendingScores) -> list[PendingScores]:
        grouping = self._grouping
        by_length = sorted(self._waiting, key=lambda pending: pending.utterance.num_frames)
        lengths = [pending.utterance.num_frames for pending in by_length]
        place = next(index for index, pending in enumerate(by_length) if pending is oldest)
        first, stop, total = place, place + 1, lengths[place]
        whole = [(first, stop)]  # with as many utterances as a shape of requests has
        while stop - first < grouping.max_utterances:
            shorter = lengths[place] - lengths[first - 1] if first else None
            longer = lengths[stop] - lengths[place] if stop < len(lengths) else None
            if shorter is None and longer is None:
                break
            take_longer = shorter is None or (longer is not None and longer < shorter)
            longest = lengths[stop] if take_longer else lengths[stop - 1]
            added = lengths[stop] if take_longer else lengths[first - 1]
            filled = grouping.padded(longest) * (stop - first + 1)
            if filled > grouping.frames or filled - total - added > grouping.waste * filled:
                break
            first, stop, total = (first, stop + 1, total + added) if take_longer else (first - 1, stop, total + added)
            if (stop - first).bit_count() == 1 or stop - first == grouping.max_utterances:
                whole.append((first, stop))
        first, stop = whole[-1]
        return by_length[first:stop]


def group_arrays(
    utterances: Sequence[Utterance], fits: Sequence[InputFit], grouping: Grouping, conversion: ConversionFacts
) -> list[Float32Array]:
    """The arrays [B, T, D] and [B, D] of a request; what is shorter than the longest is filled with its last frame."""
    longest = grouping.padded(max(utterance.num_frames for utterance in utterances))
    factor = conversion.frame_subsampling_factor
    arrays = []
    for fit in fits:
        if fit.kind == "vector":
            rows = [middle_frame(utterance.features[fit.name], factor) for utterance in utterances]
            arrays.append(np.ascontiguousarray(np.stack(rows), np.float32))
            continue
        array = np.empty((len(utterances), longest, fit.width), np.float32)
        for row, utterance in zip(array, utterances, strict=True):
            value = utterance.features[fit.name]
            row[: utterance.num_frames] = value
            row[utterance.num_frames :] = value[-1:] if value.ndim == 2 else value
        arrays.append(array)
    return arrays


def group_scores(result: Float32Array, rows: Sequence[int], name: str, key: str) -> list[Float32Array]:
    """Copies of the scores of each utterance of a request [B, rows, N], without those of its filling.

    Raises ShapeMismatchError when there are not as many.
    """
    if result.ndim != 3 or len(result) != len(rows) or result.shape[1] < max(rows):
        raise ShapeMismatchError(
            f"utterance '{key}': output '{name}' {shape_text(result.shape)}: expected scores of {len(rows)} utterances "
            f"of at least {max(rows)} rows"
        )
    return [np.array(matrix[:count]) for matrix, count in zip(result, rows, strict=True)]


def window_arrays(
    utterance: Utterance, window: UtteranceWindow, fits: Sequence[InputFit], conversion: ConversionFacts
) -> list[Float32Array]:
    """The arrays of a request for a window of an utterance; i-vectors are those of the whole of it."""
    arrays = []
    for fit in fits:
        value = utterance.features[fit.name]
        if fit.kind == "vector":
            vector = middle_frame(value, conversion.frame_subsampling_factor)
            arrays.append(np.array(vector, np.float32, order="C").reshape(fit.shape))
        else:
            part = np.array(value[window.first : window.stop], np.float32, order="C")
            arrays.append(part.reshape(1, len(part), fit.width))
    return arrays


def cut_windows(num_frames: int, frames_each: int, conversion: ConversionFacts) -> Iterator[UtteranceWindow]:
    """The windows of a long utterance of a converted model whose scores look a fixed number of frames around.

    Each begins at a multiple of the model's ``alignment``, and has as many frames more on either side as a row of
    scores may depend on, so that the scores are those of the whole utterance.
    """
    unit, factor = conversion.alignment, conversion.frame_subsampling_factor
    left = -(-conversion.reach_left // unit) * unit
    right = conversion.reach_right + factor
    length = max(1, frames_each // unit) * unit
    rows = num_score_rows(num_frames, conversion)
    for start in range(0, num_frames, length):
        first, stop = max(0, start - left), min(num_frames, start + length + right)
        last_row = min(rows, (start + length) // factor)
        yield UtteranceWindow(first, stop, start // factor, (start - first) // factor, last_row - start // factor)


def can_cut(conversion: ConversionFacts) -> bool:
    """Whether the scores of an utterance can be computed in windows of it."""
    return conversion.reach_left >= 0 and conversion.reach_right >= 0 and conversion.pad_input

"""CMVN that looks back only, as apply-cmvn-online and Kaldi's online decoding do it.

A frame is normalized by the frames before it, up to ``cmn_window`` of them. Where there are fewer, statistics of the
speaker's earlier utterances fill the window, and then global ones. Source: feat/online-feature.cc, ``OnlineCmvn``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.features.steps.cmvn import check_count, check_norms, check_stats, norms, skipping
from ov_asr_score.features.steps.live_step import Rows
from ov_asr_score.features.steps.running_sums import BLOCK_ROWS, Sums, running_sums


@dataclass(frozen=True, slots=True)
class OnlineCmvnOptions:
    """The options of OnlineCmvnOptions, with Kaldi's defaults; frames are numbers of frames.

    Raises UsageError for what Kaldi refuses. ``modulus`` and ``ring_buffer_size``, by which Kaldi trades memory for
    time, are not there: they change no result.
    """

    cmn_window: int = 600
    speaker_frames: int = 600  # at most, of the speaker's earlier utterances
    global_frames: int = 200  # at most, of the global statistics
    norm_means: bool = True
    norm_vars: bool = False
    skip_dims: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that there is a window, and what is normalized."""
        check_norms(self.norm_means, self.norm_vars)
        if self.cmn_window < 1:
            raise UsageError(
                f"cmn_window {self.cmn_window}: expected a number of frames, 1 or more", fields=("cmn_window",)
            )


@dataclass(frozen=True, slots=True, eq=False)
class CmvnState:
    """What goes from one utterance of a speaker to the next: statistics float64 [2, D + 1], None where there are none.

    ``speaker`` is the sum over all earlier utterances of the speaker, ``frozen`` the statistics that count from
    ``LiveCmvn.freeze`` on. cmvn_state.py reads and writes it. Kaldi: OnlineCmvnState.
    """

    global_stats: Sums | None = None
    speaker: Sums | None = None
    frozen: Sums | None = None


DEFAULT_ONLINE_CMVN = OnlineCmvnOptions()


class LiveCmvn:
    """Online CMVN of one utterance, whose rows come in pieces of any size; no row waits."""

    delay = 0

    def __init__(self, options: OnlineCmvnOptions, state: CmvnState) -> None:
        """Begin an utterance where the speaker's ``state`` is what the utterances before left."""
        self.options = options
        self.restore(state)

    def restore(self, state: CmvnState) -> None:
        """Begin another utterance, after those that left ``state``."""
        self._begin = state
        self._frozen = state.frozen
        self._sums: Sums | None = None  # sums in the window, and sums of squares, [2, D]
        self._count = 0
        self._window: Rows | None = None  # the rows in it
        self._total: Sums | None = None  # statistics of the speaker up to now

    def accept(self, rows: Rows) -> Rows:
        """The normalized rows [n, D] of ``rows`` [n, D], which follow those before.

        Raises ShapeMismatchError (other widths) and OvAsrScoreError (no global statistics where the window is not full,
        variances that are not finite).
        """
        made = [self._block(rows[first : first + BLOCK_ROWS]) for first in range(0, len(rows), BLOCK_ROWS)]
        if not made:
            return np.zeros((0, rows.shape[1]), np.float32)
        return made[0] if len(made) == 1 else np.concatenate(made)

    def finish(self) -> Rows:
        """No rows: none has waited."""
        width = 0 if self._sums is None else self._sums.shape[1]
        return np.zeros((0, width), np.float32)

    def state(self) -> CmvnState:
        """What the next utterance of the speaker begins with, if this one ends here (``OnlineCmvn::GetState``)."""
        speaker = self._begin.speaker if self._total is None else self._total
        return replace(self._begin, speaker=speaker, frozen=self._frozen)

    def freeze(self) -> None:
        """Normalize from here on as the last row was normalized, in later utterances too.

        Kaldi then normalizes the rows before in the same way when it is asked for them again. Raises OvAsrScoreError
        before the first row.
        """
        if self._sums is None:
            raise OvAsrScoreError("expected a frame before CMVN is frozen, found none")
        counts = np.array([min(self._count, self.options.cmn_window)], np.float64)
        self._frozen = self._smoothed(self._sums[:, None], counts)[:, 0]

    def _block(self, rows: Rows) -> Rows:
        rows = np.asarray(rows, np.float32)
        width = rows.shape[1]
        sums, window = self._sums, self._window
        if sums is None or window is None:
            self._check(width)
            sums, window = np.zeros((2, width)), rows[:0]
        elif width != sums.shape[1]:
            raise ShapeMismatchError(f"expected features of {sums.shape[1]} columns as before, found {width}")
        self._add_to_speaker(rows)
        first = self._count
        joined = np.concatenate((window, rows))
        made, sums = self._window_sums(sums, joined, rows)
        self._sums = sums
        self._count = first + len(rows)
        self._window = joined[-self.options.cmn_window :]
        if not self.options.norm_means:
            return rows.copy()
        if self._frozen is not None:
            stats = self._frozen[:, None]
        else:
            counts = np.minimum(np.arange(first + 1, first + len(rows) + 1), self.options.cmn_window)
            stats = self._smoothed(made, counts.astype(np.float64))
        scale, offset = norms(skipping(stats, self.options.skip_dims), self.options.norm_vars)
        return np.asarray((rows if scale is None else rows * scale) + offset, np.float32)

    def _check(self, width: int) -> None:
        for stats in (self._begin.global_stats, self._begin.speaker, self._frozen):
            if stats is not None:
                check_stats(stats, width, self.options.norm_vars)
        if self._frozen is not None:
            check_count(float(self._frozen[0, -1]))

    def _add_to_speaker(self, rows: Rows) -> None:
        if self._total is None:
            before = self._begin.speaker
            self._total = np.zeros((2, rows.shape[1] + 1)) if before is None else before
        both = np.zeros((len(rows), 2, rows.shape[1] + 1))
        both[:, 0, :-1] = rows
        np.square(both[:, 0, :-1], out=both[:, 1, :-1])
        both[:, 0, -1] = 1
        flat = both.reshape(len(rows), -1)
        # row after row, as there are several columns: the last of the running sums
        self._total = np.add.reduce(np.concatenate((self._total.reshape(1, -1), flat)), axis=0).reshape(2, -1)

    def _window_sums(self, sums: Sums, joined: Rows, rows: Rows) -> tuple[Sums, Sums]:
        """The sums [2 or 1, n, D] in the window after each row, those of squares if they count; the last ones [2, D].

        ``joined`` are the rows that were in the window, and ``rows``.

        Kaldi adds a row and then subtracts the one that leaves the window: the same order gives the same bits.
        """
        width = rows.shape[1]
        squares = self.options.norm_vars
        leaving = joined[: max(len(joined) - self.options.cmn_window, 0)]
        growing = len(rows) - len(leaving)  # rows that no row leaves for
        steps = np.zeros((len(rows) + len(leaving), 1 + squares, width))
        steps[:growing, 0] = rows[:growing]
        steps[growing::2, 0] = rows[growing:]
        steps[growing + 1 :: 2, 0] = leaving
        if squares:
            np.square(steps[:, 0], out=steps[:, 1])
        np.negative(steps[growing + 1 :: 2], out=steps[growing + 1 :: 2])
        after = running_sums(sums[: 1 + squares].reshape(-1), steps.reshape(len(steps), -1))
        if len(leaving):
            after = after[np.concatenate((np.arange(growing), np.arange(growing + 1, len(steps), 2)))]
        made = after.reshape(len(rows), 1 + squares, width).transpose(1, 0, 2)
        last = np.zeros((2, width))
        last[: 1 + squares] = made[:, -1]
        return made, last

    def _smoothed(self, sums: Sums, counts: Sums) -> Sums:
        """Statistics [2 or 1, n, D + 1] of the window's sums [2 or 1, n, D], filled up where the window is not full.

        Source: feat/online-feature.cc, ``SmoothOnlineCmvnStats``.
        """
        options = self.options
        stats = np.zeros((len(sums), sums.shape[1], sums.shape[2] + 1))
        stats[:, :, :-1] = sums
        stats[0, :, -1] = counts
        speaker = self._begin.speaker
        filled = len(sums) if options.norm_vars or speaker is None or len(speaker) != 2 else 1
        if speaker is not None and len(speaker) and speaker[0, -1] > 0:
            missing = options.cmn_window - stats[0, :, -1]
            amount = np.minimum(np.minimum(missing, options.speaker_frames), speaker[0, -1])
            _add_share(stats[:filled], speaker[:filled], amount)
        missing = options.cmn_window - stats[0, :, -1]
        if (missing > 0).any():
            whole = self._begin.global_stats
            if whole is None or not len(whole):
                raise OvAsrScoreError("expected global CMVN statistics to begin with, found none")
            if not whole[0, -1] > 0:
                raise OvAsrScoreError(f"expected global CMVN statistics of frames, found a count of {whole[0, -1]:g}")
            _add_share(stats[:filled], whole[:filled], np.minimum(missing, options.global_frames))
        return stats


def online_cmvn(
    features: Rows, state: CmvnState, options: OnlineCmvnOptions = DEFAULT_ONLINE_CMVN
) -> tuple[Rows, CmvnState]:
    """The normalized features float32 [T, D] of an utterance, and the state for the next one of the speaker.

    Raises what ``LiveCmvn.accept`` raises. Source: online2bin/apply-cmvn-online.cc.
    """
    live = LiveCmvn(options, state)
    return live.accept(features), live.state()


def online_cmvn_of_speaker(
    utterances: Iterable[Rows], global_stats: NDArray[np.floating], options: OnlineCmvnOptions = DEFAULT_ONLINE_CMVN
) -> Iterable[Rows]:
    """The normalized features of one utterance of a speaker after the other, as with ``--spk2utt``."""
    state = CmvnState(np.asarray(global_stats, np.float64))
    for features in utterances:
        normalized, state = online_cmvn(features, state, options)
        yield normalized


def _add_share(stats: Sums, source: NDArray[np.floating], frames: Sums) -> None:
    """Add ``frames`` [n] of the frames in ``source`` [2, D + 1] to statistics [2, n, D + 1], where it is positive."""
    rows = np.flatnonzero(frames > 0)
    if len(rows):
        # nearly always those before the window is full, which are a slice
        where = slice(len(rows)) if rows[-1] == len(rows) - 1 else rows
        with np.errstate(all="ignore"):  # statistics of damaged states, which give numbers that are not finite
            shares = frames[where] / source[0, -1]
            stats[: len(source), where] += shares[:, None] * source[:, None]

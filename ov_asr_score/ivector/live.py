"""Online i-vectors of one utterance whose features come in pieces, as Kaldi's online decoding extracts them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.features.steps.online_cmvn import LiveCmvn
from ov_asr_score.ivector.adaptation_state import AdaptationState, check_state, first_state, limited
from ov_asr_score.ivector.estimation_stats import EstimationStats, GaussianSums, sums_of_group
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.gaussian_frames import BLOCK_ROWS, Frames, GaussianFrames
from ov_asr_score.ivector.pruned_posteriors import pruned_posteriors
from ov_asr_score.ivector.remembered_frames import RememberedFrames
from ov_asr_score.ivector.utterance_queue import check_features
from ov_asr_score.ivector.utterance_work import SystemSolver, normalized_by, unsolvable
from ov_asr_score.kaldi_model.double_arrays import DoubleArray

_REMEMBERED_FRAMES = 1500
_MOST_WAITING = 6000


class LiveIvectors:
    """Kaldi's OnlineIvectorFeature (online2/online-ivector-feature.cc), with the options of the extractor.

    Without ``use_most_recent_ivector``, i-vectors are those of ``extract_ivectors``, bit for bit, whatever the pieces.
    With it they depend on which frames are asked for when, as in Kaldi. The last ``remembered_frames`` are kept for
    weights that change, and as many i-vectors; frames that nobody asked for until 60 s of others followed are taken as
    if somebody had.
    """

    def __init__(
        self,
        extractor: Extractor,
        state: AdaptationState | None = None,
        *,
        remembered_frames: int = _REMEMBERED_FRAMES,
    ) -> None:
        """Begin an utterance; ``state`` is what the speaker's earlier ones left. Raises what ``restore`` raises."""
        self.extractor = extractor
        self._frames = _gaussian_frames(extractor)
        self._solver = SystemSolver(extractor, 1)
        self._remembered_frames = remembered_frames
        self.restore(state)

    def restore(self, state: AdaptationState | None = None) -> None:
        """Begin another utterance; None: of a new speaker.

        Raises ShapeMismatchError and TableFormatError for a state that does not belong to the extractor.
        """
        if state is not None:
            check_state(state, self.extractor, "state of the speaker")
        begin = first_state(self.extractor) if state is None else state
        self._cmvn = LiveCmvn(self.extractor.cmvn, begin.cmvn)
        self._stats: EstimationStats = begin.stats.copy()
        self._with_offset: DoubleArray = self.extractor.default_ivector
        self._known = RememberedFrames(self._frames.lda_dim, self._frames.num_gaussians)
        self._context: tuple[Frames, ...] | None = None  # rows before CMVN and after it that later frames need
        self._finished = False
        self._seen = 0  # frames that were asked for
        self._added = 0  # frames in the statistics
        self._is_due = False  # whether frames were added since the last i-vector without one being made
        self._history: list[Frames] = []
        self._first_in_history = 0
        self._deltas: list[tuple[int, float]] = []  # a heap
        self._last_weighted: int | None = None  # the newest frame with a weight; None: there are no weights

    @property
    def frames_ready(self) -> int:
        """How many frames i-vectors can be asked for: those with the context of the transform."""
        return self._known.end

    def accept(self, rows: Frames) -> None:
        """Take features [n, D] that follow those before.

        Raises ShapeMismatchError (width), TableFormatError (NaN), and OvAsrScoreError after the end.
        """
        if self._finished:
            raise OvAsrScoreError("expected no features after the end of an utterance, found some")
        rows = np.asarray(rows, np.float32)
        if rows.ndim == 2 and not len(rows):
            return
        check_features(rows, self.extractor, f"features from frame {self._known.end} on")
        if self._known.end - self._added > _MOST_WAITING:
            self._catch_up()
        normalized = normalized_by(self._cmvn, rows)
        if self._context is None:
            self._context = tuple(np.repeat(each[:1], self._frames.left, 0) for each in (rows, normalized))
        self._make_frames(*(np.concatenate(both) for both in zip(self._context, (rows, normalized), strict=True)))

    def finish(self) -> None:
        """Take that no features follow: frames to the end are ready."""
        if not self._finished and self._context is not None:
            right = self._frames.right
            self._make_frames(*(np.concatenate((each, np.repeat(each[-1:], right, 0))) for each in self._context))
        self._finished = True

    def update_weights(self, deltas: Iterable[tuple[int, float]]) -> None:
        """Add to the weights of frames, which are 0 at first, as a decoder learns what is silence.

        Either always before i-vectors of new frames are asked for, or never; frames need not be there yet. Raises
        OvAsrScoreError (negative frame, a weight that is not finite, weights after i-vectors without them).
        Source: ``OnlineIvectorFeature::UpdateFrameWeights``.
        """
        if self._last_weighted is None and self._added:
            raise OvAsrScoreError("expected weights of frames from the beginning, found i-vectors without them before")
        last = -1 if self._last_weighted is None else self._last_weighted
        given = list(deltas)
        with np.errstate(over="ignore"):
            singles = np.array([weight for _, weight in given], np.float32).tolist()
        for (frame, weight), single in zip(given, singles, strict=True):
            if frame < 0 or not math.isfinite(weight):
                raise OvAsrScoreError(f"frame {frame}: expected a frame from 0 on and a finite weight, found {weight}")
            heapq.heappush(self._deltas, (int(frame), single))
            last = max(last, int(frame))
        self._last_weighted = last

    def ivector(self, frame: int) -> Frames:
        """The i-vector for a frame, float32 [D], as ``OnlineIvectorFeature::GetFrame`` gives it.

        Raises OvAsrScoreError for a frame that is not ready, has no weight yet, or is forgotten.
        """
        if not 0 <= frame < self.frames_ready:
            raise OvAsrScoreError(f"frame {frame}: expected one of {self.frames_ready} frames that are ready")
        options = self.extractor.options
        until = self.frames_ready - 1 if options.greedy_ivector_extractor else frame
        if self._last_weighted is None:
            self._update(until)
        else:
            self._update_weighted(until, self._last_weighted)
        self._known.forget(self._added - (0 if self._last_weighted is None else self._remembered_frames))
        if self._is_newest:
            return self.extractor.without_offset(self._with_offset)
        index = frame // options.ivector_period - self._first_in_history
        if index < 0:
            raise OvAsrScoreError(f"frame {frame}: expected one of the last {self._remembered_frames}; it is forgotten")
        return self._history[index].copy()

    def state(self) -> AdaptationState:
        """What the speaker's next utterance begins with, if this one ends here.

        It holds features that were accepted, and statistics of frames that were asked for.
        Source: ``OnlineIvectorFeature::GetAdaptationState``.
        """
        stats = self._stats
        if self._added < self._seen:
            stats = stats.copy()
            stats.add(self.extractor.model, self._sums(self._added, self._seen))
        options = self.extractor.options
        state = AdaptationState(self._cmvn.state(), stats)
        return limited(state, options.max_remembered_frames, options.posterior_scale)

    @property
    def _is_newest(self) -> bool:
        options = self.extractor.options
        return options.use_most_recent_ivector or options.greedy_ivector_extractor

    def _catch_up(self) -> None:
        """Take frames that nobody asked for, and forget those that got no weight, so that memory does not grow.

        Where the newest i-vector counts, none is made of them: it would be what the next one begins with.
        """
        newest = self._known.end - 1
        until = newest if self._last_weighted is None else min(newest, self._last_weighted)
        if until >= self._added and not self._is_newest:
            self.ivector(until)
        elif until >= self._added:
            if self._last_weighted is None:
                self._stats.add(self.extractor.model, self._sums(self._added, until + 1))
            else:
                self._add_weighted(until)
            self._added = self._seen = until + 1
            self._is_due = True
            self._known.forget(self._added - (0 if self._last_weighted is None else self._remembered_frames))
        self._known.forget(newest - _MOST_WAITING)

    def _make_frames(self, raw: Frames, normalized: Frames) -> None:
        """Make frames of the rows that have their context, and keep what the next ones need."""
        count = len(raw) - self._frames.context + 1
        if count > 0:
            place = self._known.end % BLOCK_ROWS
            rows = self._frames.transformed(normalized, place)
            likelihoods = self._frames.log_likelihoods(rows, place)
            if not self.extractor.options.online_cmvn_iextractor:
                rows = self._frames.transformed(raw, place)
            self._known.append(rows, likelihoods)
            raw, normalized = raw[count:].copy(), normalized[count:].copy()
        self._context = raw, normalized

    def _update(self, frame: int) -> None:
        """Add frames up to one, without weights (``UpdateStatsUntilFrame``).

        Frames behind the last i-vector are added with those that come: so it does not matter when they were asked for.
        """
        self._seen = max(self._seen, frame + 1)
        for end in self._ends(frame):
            self._stats.add(self.extractor.model, self._sums(self._added, end + 1))
            self._added = end + 1
            self._estimate()
        if self._is_due:
            self._estimate()

    def _update_weighted(self, frame: int, last_weighted: int) -> None:
        """Add what has a weight up to a frame, also where weights of earlier ones changed.

        Source: ``UpdateStatsUntilFrameWeighted``.
        """
        if frame > last_weighted:
            raise OvAsrScoreError(f"frame {frame}: expected a weight for it, found weights up to {last_weighted}")
        for end in self._ends(frame):
            self._add_weighted(end)
            self._estimate()
        if self._is_due:
            self._estimate()
        if frame >= self._added:
            self._add_weighted(frame)
            self._added = self._seen = frame + 1

    def _ends(self, frame: int) -> Sequence[int]:
        """The frames up to one after which an i-vector is estimated, of those that are not in the statistics."""
        if self._is_newest:
            return [frame] if frame >= self._added else []
        period = self.extractor.options.ivector_period
        return range(-(-self._added // period) * period, frame + 1, period)

    def _add_weighted(self, until: int) -> None:
        """Add the weights of frames up to one (``UpdateStatsForFrames``)."""
        taken: list[tuple[int, float]] = []
        while self._deltas and self._deltas[0][0] <= until:
            taken.append(heapq.heappop(self._deltas))
        if not taken:
            return
        frames, weights = _merged(taken)
        rows, likelihoods = self._known.at(frames)
        self._stats.add(self.extractor.model, self._sums_of(rows, likelihoods, weights))

    def _sums(self, first: int, last: int) -> GaussianSums:
        return self._sums_of(*self._known.between(first, last), None)

    def _sums_of(self, rows: Frames, likelihoods: Frames, weights: NDArray[np.float32] | None) -> GaussianSums:
        options = self.extractor.options
        found = pruned_posteriors(likelihoods, options.num_gselect, options.min_post, options.posterior_scale, weights)
        return sums_of_group(found, rows)

    def _estimate(self) -> None:
        (found,) = self._solver.solve([(self._stats, self._with_offset)])
        if found is None:
            raise unsolvable()
        self._with_offset, self._is_due = found, False
        if self._is_newest:
            return
        self._history.append(self.extractor.without_offset(self._with_offset))
        surplus = len(self._history) - max(self._remembered_frames // self.extractor.options.ivector_period, 1)
        if surplus > 0:
            del self._history[:surplus]
            self._first_in_history += surplus


@lru_cache(maxsize=4)
def _gaussian_frames(extractor: Extractor) -> GaussianFrames:
    """The matrices as they are laid out for all utterances at a time."""
    return GaussianFrames(extractor)


def _merged(deltas: list[tuple[int, float]]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Frames, of one or more in their order, and their weights, summed up where there are several; none that is 0."""
    all_frames = np.array([frame for frame, _ in deltas], np.intp)
    weights = np.array([weight for _, weight in deltas], np.float32)
    begins = np.empty(len(deltas), np.bool_)
    begins[0] = True
    np.not_equal(all_frames[1:], all_frames[:-1], out=begins[1:])
    frames = all_frames[begins]
    if len(frames) < len(deltas):
        sums = np.zeros(len(frames), np.float32)
        np.add.at(sums, begins.cumsum() - 1, weights)
        weights = sums
    counting = weights != 0
    return frames[counting], weights[counting]

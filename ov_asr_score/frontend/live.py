"""Features and i-vectors of sound that comes in pieces: the numbers of whole recordings, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.frontend.frontend import Frontend, columns_for_ivectors
from ov_asr_score.frontend.live_sound import LiveSound, SoundRows
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.text import shown_key

if TYPE_CHECKING:  # most front ends have no steps or no i-vectors
    from ov_asr_score.features.steps.feature_chain import LiveChain
    from ov_asr_score.ivector.live import LiveIvectors
    from ov_asr_score.ivector.live_table import LiveIvectorTable

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ReadyFrames:
    """What is final now: ``features`` [t, D], of which the first is row ``first`` of the utterance.

    ``ivectors`` [n, I] are the next rows of the table of i-vectors, None where it is not asked for.
    """

    first: int
    features: Rows
    ivectors: Rows | None = None


class LiveFrontend:
    """A front end for one utterance after the other, of sound in pieces of any size.

    Features are the bits of ``read_features``, but pitch is that of Kaldi's online form. I-vectors are given when they
    are asked for, as Kaldi's online decoding does it (``ivector``); or, with ``ivector_table``, as rows of the table
    that ivector-extract-online2 writes, again the bits of ``read_features``. Memory does not grow with the sound.

    ``delays`` say for how many frames a row waits at most after the last sample of its frame, and what for; ``delay``
    is their sum. ``dim`` is the number of columns, ``num_rows`` that of the rows that were given. Source:
    online2/online-nnet2-feature-pipeline.cc.
    """

    def __init__(
        self,
        frontend: Frontend,
        rate: int,
        key: str,
        speaker: str = "",
        *,
        state: FrontendState | None = None,
        ivector_table: bool = False,
    ) -> None:
        """Begin the utterance ``key``, of ``rate`` samples a second; ``speaker`` is for tables that are by speaker.

        Raises UsageError (what must see the whole utterance before its first frame, such as CMVN by its own mean),
        SoundFormatError (another rate than that of the options), MissingUtteranceError (no warp, no matrix in a table),
        ShapeMismatchError (widths that do not fit), and what ``restore`` raises.
        """
        is_number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
        if not is_number or not 1 <= rate < math.inf or rate != int(rate):
            raise UsageError(f"rate {rate!r}: expected samples per second, 1 or more")
        self._frontend, self._rate = frontend, int(rate)
        self._asked: LiveIvectors | None = None
        self._table: LiveIvectorTable | None = None
        if frontend.ivectors is not None:
            from ov_asr_score.ivector.live import LiveIvectors
            from ov_asr_score.ivector.live_table import LiveIvectorTable

            if ivector_table:
                self._table = LiveIvectorTable(frontend.ivectors.extractor)
            else:
                self._asked = LiveIvectors(frontend.ivectors.extractor)
        elif ivector_table:
            raise UsageError(
                "ivector_table: is for ivector_extractor, which is not given", fields=("ivector_extractor",)
            )
        self.restore(state, key, speaker)

    def restore(self, state: FrontendState | None, key: str, speaker: str = "") -> None:
        """Begin another utterance; ``state`` is what the speaker's earlier ones left, None for a new speaker.

        Raises UsageError, ShapeMismatchError and TableFormatError for a state that does not belong to the front end.
        """
        begin = FrontendState() if state is None else state
        frontend, ivectors = self._frontend, self._ivectors
        chain = frontend.chain
        if begin.cmvn is not None and chain is None:
            raise UsageError("state: expected none of online CMVN, which is not among the steps", fields=("cmvn",))
        if begin.ivectors is not None and ivectors is None:
            raise UsageError("state: expected none of i-vectors, which are not computed", fields=("ivector_extractor",))
        self._key = key
        self._sound = LiveSound(frontend, self._rate, key)
        self._chain: LiveChain | None = None if chain is None else chain.live_from(begin.cmvn, key, speaker)
        if ivectors is not None:
            with self._place():
                ivectors.restore(begin.ivectors)
        self.delays = (*self._sound.delays, *(() if self._chain is None else self._chain.delays))
        self.delay = sum(frames for _, frames in self.delays)
        self.num_rows = self._num_frames = 0
        self._is_over = self._ivectors_of_pitch = False
        rows = self._sound.accept(np.zeros(0, np.float32))
        self._nothing = rows.pasted if self._chain is None else self._chain.accept(rows.pasted)
        self.dim = self._nothing.shape[1]
        if frontend.ivectors is not None:
            with self._place():
                width = columns_for_ivectors(frontend.ivectors, rows.plain.shape[1], rows.pasted.shape[1])
            self._ivectors_of_pitch = width > rows.plain.shape[1]

    @property
    def ivector_frames(self) -> int:
        """How many frames have the context that i-vectors need: a few fewer than there are, but at the end."""
        return 0 if self._ivectors is None else self._ivectors.frames_ready

    def accept(self, samples: ArrayLike) -> ReadyFrames:
        """What the samples [n] complete, which are on the scale of 16-bit integers; n may be 0.

        Raises SoundFormatError for what are no such numbers: nothing of the piece is taken then, and another one may
        follow. Raises OvAsrScoreError after the end.
        """
        self._check_open()
        rows = self._sound.accept(samples)
        ivectors = self._take(rows, is_last=False)
        features = rows.pasted if self._chain is None else self._chain.accept(rows.pasted)
        return self._given(rows, [features], ivectors)

    def finish(self, samples: ArrayLike = ()) -> ReadyFrames:
        """The rest, with the last samples if they were not accepted yet; ``restore`` begins another utterance.

        Pitch of the last piece is another where its end is known: Kaldi's programs tell both at once, too. Raises what
        ``accept`` raises; SoundFormatError (less sound than ``min_duration``), and ShapeMismatchError or
        TableFormatError where there is no frame, but steps or i-vectors.
        """
        self._check_open()
        last = self._sound.checked(samples)
        self._is_over = True
        rows = self._sound.finish(last)
        ivectors = self._take(rows, is_last=True)
        parts = [rows.pasted] if self._chain is None else [self._chain.accept(rows.pasted), self._chain.finish()]
        return self._given(rows, parts, ivectors)

    def ivector(self, frame: int | None = None) -> Rows:
        """The i-vector [I] that a network gets along with the features up to a frame; None: up to the newest one.

        Of frames that are not ready the newest that is counts, before the first one zeros: so Kaldi's decoding asks
        for one whenever it computes a chunk. The options of the extractor say which it is: that of all frames up to
        there (``use_most_recent_ivector``), of all that are ready (``greedy_ivector_extractor``), or of the frame's
        period. Asking is what makes an i-vector, from the one before: other questions, other digits, as in Kaldi.
        Raises UsageError where i-vectors are a table, or none, and OvAsrScoreError for a frame that has no weight.
        Source: nnet3/decodable-online-looped.cc, ``DecodableNnetLoopedOnlineBase::AdvanceChunk``.
        """
        asked = self._asked_ivectors()
        newest = min(self._num_frames, asked.frames_ready) - 1
        if frame is not None:
            newest = min(newest, max(0, frame))
        if newest < 0:
            return np.zeros(asked.extractor.ivector_dim, np.float32)
        with self._place():
            return asked.ivector(newest)

    def update_weights(self, deltas: Iterable[tuple[int, float]]) -> None:
        """Add to the weights that frames have in i-vectors, as a decoder learns what is silence: (frame, change).

        Weights are 0 at first; either every frame gets one before i-vectors of it are asked for, or none ever does.
        Raises UsageError where i-vectors are a table, or none, and what ``LiveIvectors.update_weights`` raises.
        """
        asked = self._asked_ivectors()
        with self._place():
            asked.update_weights(deltas)

    def state(self) -> FrontendState:
        """What the speaker's next utterance begins with, if this one ends here.

        Source: ``OnlineNnet2FeaturePipeline::GetAdaptationState`` and ``GetCmvnState``.
        """
        return FrontendState(
            None if self._chain is None else self._chain.cmvn_state(),
            None if self._ivectors is None else self._ivectors.state(),
        )

    @property
    def _ivectors(self) -> LiveIvectors | LiveIvectorTable | None:
        return self._asked if self._table is None else self._table

    def _asked_ivectors(self) -> LiveIvectors:
        if self._asked is None:
            found = "they are not computed" if self._table is None else "they come as rows of a table"
            raise UsageError(f"ivector_table: expected i-vectors that are given when asked for, but {found}")
        return self._asked

    def _check_open(self) -> None:
        if self._is_over:
            raise OvAsrScoreError(
                f"utterance {shown_key(self._key)}: expected no sound after its end; restore begins another one"
            )

    def _take(self, rows: SoundRows, *, is_last: bool) -> Rows | None:
        """The rows of the table of i-vectors that follow from more features; None where it is not asked for."""
        features = rows.pasted if self._ivectors_of_pitch else rows.plain
        made: Rows | None = None
        with self._place():
            if self._asked is not None:
                self._asked.accept(features)
                if is_last:
                    self._asked.finish()
            if self._table is not None:
                made = self._table.accept(features)
                if is_last:
                    made = np.concatenate((made, self._table.finish()))
            if is_last and self._ivectors is not None and not self.ivector_frames:
                raise TableFormatError("expected a frame or more, found none; it is too short")
        return made

    def _given(self, rows: SoundRows, parts: list[Rows], ivectors: Rows | None) -> ReadyFrames:
        self._num_frames += len(rows.pasted)
        features = np.concatenate([self._nothing, *(part for part in parts if len(part))])
        first, self.num_rows = self.num_rows, self.num_rows + len(features)
        return ReadyFrames(first, features, ivectors)

    def _place(self) -> _Place:
        return _Place(self._key)


class _Place:
    """A context whose errors say which utterance they are about; those of usage speak for themselves."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OvAsrScoreError) and not isinstance(error, UsageError):
            raise type(error)(f"utterance {shown_key(self._key)}: {error}", fields=error.fields) from error

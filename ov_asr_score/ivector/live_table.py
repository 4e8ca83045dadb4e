"""The rows of a table of online i-vectors, given while features come: those of ivector-extract-online2."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ov_asr_score.errors import UsageError
from ov_asr_score.ivector.adaptation_state import AdaptationState
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.gaussian_frames import Frames
from ov_asr_score.ivector.live import LiveIvectors

_BLOCK = 1024  # frames at a time


class LiveIvectorTable:
    """A row every ``ivector_period`` frames, or for every frame with ``repeat``: the bits of ``extract_ivectors``.

    A row is given when its frame and the context of the transform are there. Source:
    online2bin/ivector-extract-online2.cc.
    """

    def __init__(self, extractor: Extractor, state: AdaptationState | None = None) -> None:
        """Begin an utterance; ``state`` is what the speaker's earlier ones left.

        Raises UsageError for a greedy extractor, and what ``LiveIvectors`` raises.
        """
        options = extractor.options
        if options.greedy_ivector_extractor:
            raise UsageError(
                "greedy_ivector_extractor: every row of its table is the last i-vector of the utterance, which is not "
                "known before the end",
                fields=("greedy_ivector_extractor",),
            )
        self._step = 1 if options.repeat else options.ivector_period
        self._live = LiveIvectors(_for_tables(extractor), state)
        self._next = 0  # the frame of the next row

    @property
    def frames_ready(self) -> int:
        """How many frames have the context of the transform."""
        return self._live.frames_ready

    def accept(self, rows: Frames) -> Frames:
        """The i-vectors [n, D] of features [t, F] that follow those before. Raises what ``LiveIvectors`` raises."""
        made = [self._rows()]
        for first in range(0, len(rows), _BLOCK):
            self._live.accept(rows[first : first + _BLOCK])
            made.append(self._rows())
        return np.concatenate(made)

    def finish(self) -> Frames:
        """The rest of the i-vectors: no more features are accepted."""
        self._live.finish()
        return self._rows()

    def state(self) -> AdaptationState:
        """What the speaker's next utterance begins with, if this one ends here."""
        return self._live.state()

    def restore(self, state: AdaptationState | None = None) -> None:
        """Begin another utterance; None: of a new speaker. Raises what ``LiveIvectors.restore`` raises."""
        self._live.restore(state)
        self._next = 0

    def _rows(self) -> Frames:
        frames = range(self._next, self._live.frames_ready, self._step)
        self._next += len(frames) * self._step
        rows = np.zeros((len(frames), self._live.extractor.ivector_dim), np.float32)
        for place, frame in enumerate(frames):
            rows[place] = self._live.ivector(frame)
        return rows


@lru_cache(maxsize=4)
def _for_tables(extractor: Extractor) -> Extractor:
    """The extractor with the option that ivector-extract-online2 sets itself."""
    return replace(extractor, options=replace(extractor.options, use_most_recent_ivector=False))

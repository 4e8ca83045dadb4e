"""One stream of sound to words, step by step as Kaldi's online decoding takes them.

For each piece: features; weights of frames for i-vectors from the running search; as many steps of the network as have
their frames, each with the newest i-vector, and the search over their scores; one look at the rules for endpoints. After
an endpoint a new search begins, while features, i-vectors and network go on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.frontend.live import LiveFrontend, ReadyFrames
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.recognition.stream_parts import StreamParts

FloatMatrix = NDArray[np.float32]


class LiveStream:
    """A stream that is recognized while it comes in, in one thread.

    Source: online2bin/online2-tcp-nnet3-decode-faster.cc; without endpoints online2-wav-nnet3-latgen-faster.cc.
    """

    def __init__(self, parts: StreamParts, rate: int, key: str, state: FrontendState | None = None) -> None:
        """Begin the stream ``key``, of ``rate`` samples a second. Raises what ``LiveFrontend`` raises."""
        self._parts, self._key = parts, key
        self._frontend = LiveFrontend(parts.frontend, rate, key, state=state)
        self._network = parts.engine.model.begin()
        self._num_utterances = 0
        self._first_row = 0  # of the search
        self._begin_search()
        self.partial: Partial | None = None  # None: nothing was searched since the last final

    def accept(self, samples: NDArray[np.float32]) -> list[Partial | Final]:
        """What follows from more samples [n], on the scale of 16-bit integers: a partial result if its words changed,
        or the final one of an utterance that is over.

        Raises SoundFormatError for what is no sound: nothing of it is taken then; and what the network raises.
        """
        if not len(samples):
            return []
        if not self._advance(self._frontend.accept(samples), is_last=False):
            return []
        rule = self._parts.endpoint(self._search)
        if rule is not None:
            return [self._end_utterance(rule)]
        before = self.partial
        self.partial = self._parts.partial(self._search, self._first_row)
        is_news = self.partial.text != ("" if before is None else before.text)
        return [self.partial] if is_news else []

    def finish(self, samples: NDArray[np.float32]) -> list[Final]:
        """The final result of the rest, with the last samples; none where nothing was searched since the last one.

        Raises what ``accept`` raises.
        """
        try:
            ready = self._frontend.finish(samples)
        except (TableFormatError, ShapeMismatchError):
            if self._frontend.num_rows:
                raise
            return []  # i-vectors, or steps, of no frame at all
        if not self._frontend.num_rows:
            return []
        self._advance(ready, is_last=True)
        return [self._end_utterance(None)] if self._search.num_frames else []

    def state(self) -> FrontendState:
        """What the speaker's next stream begins with."""
        return self._frontend.state()

    def _advance(self, ready: ReadyFrames, *, is_last: bool) -> bool:
        """Whether the search went on."""
        self._network.accept(ready.features)
        if is_last:
            self._network.finish()
        self._update_weights()
        before = self._search.num_frames
        for scores in self._scores():
            self._search.advance(scores)
        return self._search.num_frames > before

    def _scores(self) -> Iterator[FloatMatrix]:
        """The scores [t, pdfs] of every step of the network whose frames are there."""
        while (request := self._network.next_chunk()) is not None:
            if request.ivector_frame is not None:
                request = request.with_ivector(self._frontend.ivector(request.ivector_frame))
            yield self._parts.engine.submit(request).result()

    def _update_weights(self) -> None:
        """Tell the i-vectors which frames the search takes for silence."""
        if self._weighting is None:
            return
        ready = min(self._frontend.num_rows, self._frontend.ivector_frames)
        self._weighting.update(self._search)
        self._frontend.update_weights(self._weighting.delta_weights(ready, self._first_row * self._parts.subsampling))

    def _begin_search(self) -> None:
        self._search, self._weighting = self._parts.begin_search(), self._parts.begin_weighting()

    def _end_utterance(self, rule: int | None) -> Final:
        """The final result of the search, after which another one begins."""
        key = self._key if self._parts.endpoints is None else f"{self._key}-{self._num_utterances}"
        found = self._parts.final(self._search, key, self._first_row, rule)
        self._num_utterances += 1
        self._first_row += self._search.num_frames
        self.partial = None
        self._begin_search()
        return found

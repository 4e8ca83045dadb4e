"""One stream of sound through features, network and search, step by step as Kaldi's online decoding takes them.

For each piece: features; weights of frames for i-vectors from the running search; as many steps of the network as have
their frames, each with the newest i-vector, and the search over their scores. Utterances end when the caller says so:
then a new search begins, while features, i-vectors and network go on.

Tests: tests/recognition/test_live_stream.py
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.frontend.live import LiveFrontend, ReadyFrames
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.recognition.stream_parts import StreamParts
from ov_asr_score.settings.recognition.endpointing import EndpointOptions

FloatMatrix = NDArray[np.float32]

_MOST_CHUNKS = 8  # steps of the network in a request, where a long piece brings so many


class SearchedStream:
    """A stream that is searched while it comes in, in one thread; ``first_row`` is where its open utterance begins.

    Source: online2bin/online2-tcp-nnet3-decode-faster.cc, and online2-wav-nnet3-latgen-faster.cc for one utterance.
    """

    def __init__(self, parts: StreamParts, rate: int, key: str, state: FrontendState | None = None) -> None:
        """Begin the stream ``key``, of ``rate`` samples a second. Raises what ``LiveFrontend`` raises."""
        self._parts, self._key = parts, key
        self._frontend = LiveFrontend(parts.frontend, rate, key, state=state)
        self._network = parts.engine.model.begin()
        self.first_row = self.num_utterances = 0
        self._begin_search()

    @property
    def search(self) -> UtteranceSearch:
        """The search of the open utterance."""
        return self._search

    @property
    def num_rows(self) -> int:
        """Rows of scores of the open utterance that were searched."""
        return self._search.num_frames

    def accept(self, samples: NDArray[np.float32]) -> bool:
        """Whether samples [n], on the scale of 16-bit integers, took the search on so that another look is due.

        In an utterance that lasts for minutes the best path is looked at less often (`UtteranceSearch`). Raises
        SoundFormatError for what is no sound: nothing of it is taken then; and what the network raises.
        """
        return bool(len(samples)) and self._advance(self._frontend.accept(samples), is_last=False)

    def finish_sound(self, samples: NDArray[np.float32] | None = None) -> bool:
        """The same with the last samples, and all that is left: no sound follows. Raises what ``accept`` raises."""
        try:
            ready = self._frontend.finish(np.zeros(0, np.float32) if samples is None else samples)
        except (TableFormatError, ShapeMismatchError):
            if self._frontend.num_rows:
                raise
            return False  # i-vectors, or steps, of no frame at all
        return bool(self._frontend.num_rows) and self._advance(ready, is_last=True)

    def endpoint(self, options: EndpointOptions | None = None) -> int | None:
        """The rule that ends the open utterance here, by ``options`` or those of the parts; None: none."""
        return self._parts.endpoint(self._search, options)

    def is_endpoint(self, options: EndpointOptions) -> bool:
        """Whether the open utterance ends here by ``options``."""
        return self.endpoint(options) is not None

    def best_path(self) -> BestPath | None:
        """The best path of the open utterance so far, to a final state or not; None: nothing was searched."""
        return self._search.path_so_far()

    def lattice_so_far(self) -> Decoded | None:
        """What was said so far in the open utterance with its lattice; None where there is none."""
        return self._search.lattice_so_far(f"{self._key}-{self.num_utterances}")

    def end_utterance(self) -> Decoded:
        """What was said in the open utterance, after which another one begins."""
        decoded = self._search.finish(f"{self._key}-{self.num_utterances}")
        self.drop_utterance()
        return decoded

    def drop_utterance(self) -> None:
        """Begin another utterance, and forget what was said in this one."""
        self.num_utterances += 1
        self.first_row += self._search.num_frames
        self._begin_search()

    def state(self) -> FrontendState:
        """What the speaker's next stream begins with."""
        return self._frontend.state()

    def close(self) -> None:
        """Let go what is held; nothing is accepted any more."""
        self._parts.engine.forget(self._network)
        self._begin_search()

    def _begin_search(self) -> None:
        self._search, self._weighting = self._parts.begin_search(), self._parts.begin_weighting()

    def _advance(self, ready: ReadyFrames, *, is_last: bool) -> bool:
        self._network.accept(ready.features)
        if is_last:
            self._network.finish()
        self._update_weights()
        before = self._search.num_frames
        for scores in self._scores():
            self._search.advance(scores)
        is_due = self._search.num_frames > before and self._search.is_due
        if is_due and self._weighting is not None:
            self._weighting.update(self._search)
        return is_due

    def _scores(self) -> Iterator[FloatMatrix]:
        """The scores [t, pdfs] of the steps of the network whose frames are there, all with the newest i-vector."""
        while (request := self._network.next_chunk(_MOST_CHUNKS)) is not None:
            if request.ivector_frame is not None:
                request = request.with_ivector(self._frontend.ivector(request.ivector_frame))
            yield self._parts.engine.score(request)

    def _update_weights(self) -> None:
        """Tell the i-vectors which frames the search takes for silence."""
        if self._weighting is None:
            return
        ready = min(self._frontend.num_rows, self._frontend.ivector_frames)
        self._frontend.update_weights(self._weighting.delta_weights(ready, self.first_row * self._parts.subsampling))

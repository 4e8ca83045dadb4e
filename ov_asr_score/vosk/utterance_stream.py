"""What a recognizer of vosk does with sound: features, scores and search of one stream, utterance by utterance."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.frontend.live import LiveFrontend, ReadyFrames
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.recognition.stream_parts import StreamParts
from ov_asr_score.settings.recognition.endpointing import EndpointOptions

Samples = NDArray[np.float32]

_MOST_CHUNKS = 8  # steps of the network in a request, where a long piece brings so many


class UtteranceStream(Protocol):
    """Sound and the search in it. Features and i-vectors go on over ends of utterances."""

    @property
    def num_rows(self) -> int:
        """Rows of scores of this utterance that were searched."""
        ...

    def accept(self, samples: Samples) -> None:
        """Take samples [n] on the scale of 16-bit integers, and search what can be scored."""
        ...

    def finish_sound(self) -> None:
        """Search what is left: no sound follows."""
        ...

    def is_endpoint(self, options: EndpointOptions) -> bool:
        """Whether the utterance ends here."""
        ...

    def best_path(self) -> BestPath | None:
        """The best path so far, whether or not it ends in a final state; None before the first row."""
        ...

    def lattice_so_far(self) -> Decoded | None:
        """What was said so far, with its lattice; None where none is kept."""
        ...

    def end_utterance(self) -> Decoded:
        """What was said, with its lattice; what is accepted from now on is another utterance."""
        ...

    def drop_utterance(self) -> None:
        """Forget what was said; what is accepted from now on is another utterance."""
        ...

    def close(self) -> None:
        """Give back what the stream holds."""
        ...


class SearchedStream:
    """The stream of a recognizer. Errors are those of `LiveFrontend` and of the network.

    Source: vosk-api, src/recognizer.cc (``AcceptWaveform``, ``UpdateSilenceWeights``, ``CleanUp``).
    """

    def __init__(self, parts: StreamParts, rate: int, key: str) -> None:
        """Begin the stream ``key``, of ``rate`` samples a second; searches of ``parts`` keep lattices."""
        self._parts, self._key = parts, key
        self._frontend = LiveFrontend(parts.frontend, rate, key)
        self._network = parts.engine.model.begin()
        self._first_row = 0
        self._begin_search()

    @property
    def num_rows(self) -> int:
        """Rows of scores of this utterance that were searched."""
        return self._search.num_frames

    def accept(self, samples: Samples) -> None:
        """Take samples [n] on the scale of 16-bit integers, and search what can be scored."""
        if len(samples):
            self._advance(self._frontend.accept(samples))

    def finish_sound(self) -> None:
        """Search what is left: no sound follows."""
        try:
            ready = self._frontend.finish()
        except (TableFormatError, ShapeMismatchError):
            if self._frontend.num_rows:
                raise
            return  # i-vectors, or steps, of no frame at all
        if self._frontend.num_rows:
            self._advance(ready, is_last=True)

    def is_endpoint(self, options: EndpointOptions) -> bool:
        """Whether the utterance ends here."""
        return replace(self._parts, endpoints=options).endpoint(self._search) is not None

    def best_path(self) -> BestPath | None:
        """The best path so far, whether or not it ends in a final state; None before the first row."""
        return self._search.best_path(use_final=False) if self._search.num_frames else None

    def lattice_so_far(self) -> Decoded | None:
        """What was said so far, with its lattice; None where none is kept."""
        return self._search.lattice_so_far(self._key)

    def end_utterance(self) -> Decoded:
        """What was said, with its lattice; what is accepted from now on is another utterance."""
        decoded = self._search.finish(self._key)
        self.drop_utterance()
        return decoded

    def drop_utterance(self) -> None:
        """Forget what was said; what is accepted from now on is another utterance."""
        self._first_row += self._search.num_frames
        self._begin_search()

    def close(self) -> None:
        """Forget what was said."""
        self._begin_search()

    def _begin_search(self) -> None:
        self._search, self._weighting = self._parts.begin_search(), self._parts.begin_weighting()

    def _advance(self, ready: ReadyFrames, *, is_last: bool = False) -> None:
        self._network.accept(ready.features)
        if is_last:
            self._network.finish()
        if self._weighting is not None and self._frontend.num_rows:
            self._weighting.update(self._search)
            frames = min(self._frontend.num_rows, self._frontend.ivector_frames)
            first = self._first_row * self._parts.subsampling
            self._frontend.update_weights(self._weighting.delta_weights(frames, first))
        while (request := self._network.next_chunk(_MOST_CHUNKS)) is not None:
            if request.ivector_frame is not None:
                request = request.with_ivector(self._frontend.ivector(request.ivector_frame))
            self._search.advance(self._parts.engine.submit(request).result())

"""Partial and final results of one stream of sound, by endpoints: one look at their rules for each piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.recognition.searched_stream import SearchedStream
from ov_asr_score.recognition.stream_parts import StreamParts


class LiveStream:
    """A stream that is recognized while it comes in, in one thread.

    ``partial`` is what is said in the open utterance, None: nothing was searched of it yet.
    """

    def __init__(self, parts: StreamParts, rate: int, key: str, state: FrontendState | None = None) -> None:
        """Begin the stream ``key``, of ``rate`` samples a second. Raises what ``SearchedStream`` raises."""
        self._parts, self._key = parts, key
        self._stream = SearchedStream(parts, rate, key, state)
        self.partial: Partial | None = None

    def accept(self, samples: NDArray[np.float32]) -> list[Partial | Final]:
        """What follows from more samples [n], on the scale of 16-bit integers: the final result of an utterance that
        ends here, or a partial one if its words are others than before.

        Raises SoundFormatError for what is no sound: nothing of it is taken then; and what the network raises.
        """
        stream = self._stream
        if not stream.accept(samples):
            return []
        rule = stream.endpoint()
        if rule is not None:
            return [self._end_utterance(rule)]
        before = "" if self.partial is None else self.partial.text
        self.partial = self._parts.partial(stream.search, stream.first_row)
        return [self.partial] if self.partial.text != before else []

    def finish(self, samples: NDArray[np.float32]) -> list[Final]:
        """The final result of the rest, with the last samples; none where nothing was searched since the last one.

        Raises what ``accept`` raises.
        """
        self._stream.finish_sound(samples)
        return [self._end_utterance(None)] if self._stream.num_rows else []

    def state(self) -> FrontendState:
        """What the speaker's next stream begins with."""
        return self._stream.state()

    def close(self) -> None:
        """Let go what is held; nothing is accepted any more."""
        self._stream.close()

    def _end_utterance(self, rule: int | None) -> Final:
        """The final result of the open utterance, after which another one begins."""
        stream = self._stream
        key = self._key if self._parts.endpoints is None else f"{self._key}-{stream.num_utterances}"
        found = self._parts.final(stream.search, key, stream.first_row, rule)
        stream.drop_utterance()
        self.partial = None
        return found

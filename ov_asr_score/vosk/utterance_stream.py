"""What a recognizer of vosk does with sound: one stream, searched utterance by utterance.

`ov_asr_score.recognition.searched_stream.SearchedStream` is one.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.settings.recognition.endpointing import EndpointOptions

Samples = NDArray[np.float32]


class UtteranceStream(Protocol):
    """Sound and the search in it. Features and i-vectors go on over ends of utterances."""

    @property
    def num_rows(self) -> int:
        """Rows of scores of this utterance that were searched."""
        ...

    def accept(self, samples: Samples) -> object:
        """Take samples [n] on the scale of 16-bit integers, and search what can be scored."""
        ...

    def finish_sound(self) -> object:
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


class SilentStream:
    """A stream in which nothing was said and nothing is accepted."""

    num_rows = 0

    def accept(self, samples: Samples) -> None:
        """Take nothing."""

    def finish_sound(self) -> None:
        """End."""

    def is_endpoint(self, options: EndpointOptions) -> bool:
        """Never."""
        return False

    def best_path(self) -> BestPath | None:
        """None."""
        return None

    def lattice_so_far(self) -> Decoded | None:
        """None."""
        return None

    def end_utterance(self) -> Decoded:
        """Nothing."""
        return Decoded("", 0, None)

    def drop_utterance(self) -> None:
        """Go on."""

    def close(self) -> None:
        """Go on."""

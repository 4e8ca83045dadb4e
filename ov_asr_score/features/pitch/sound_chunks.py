"""Sound in pieces of any size as chunks of one size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

NO_SAMPLES: Samples = np.zeros(0, np.float32)


class SoundChunks:
    """Chunks of the options' size, the last one after the end only: Kaldi gives its rows when the sound is over."""

    def __init__(self, size: int) -> None:
        """``size`` in samples; 0: every piece is a chunk."""
        self._size = size
        self._held: list[Samples] = []
        self._num_held = 0

    def accept(self, samples: Samples) -> list[Samples]:
        """The chunks that are not the last one, with these samples [n] after those before."""
        samples = np.asarray(samples, np.float32)
        if not self._size:
            return [samples]
        self._held.append(samples)
        self._num_held += len(samples)
        if self._num_held <= self._size:
            return []
        held = np.concatenate(self._held)
        chunks = [held[begin : begin + self._size] for begin in range(0, len(held), self._size)]
        last = chunks.pop()
        self._held, self._num_held = [last], len(last)
        return chunks

    def finish(self, samples: Samples = NO_SAMPLES) -> list[Samples]:
        """The chunks that are left when these samples [n] are the last ones: one at least, which may be empty."""
        chunks = self.accept(samples)
        if self._size:
            chunks.append(np.concatenate(self._held))
        return chunks

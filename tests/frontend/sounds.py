"""Sound in pieces, through live front ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.frontend.live import LiveFrontend

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]

SIZES = (0, 0, 1, 7, 160, 400, 1000, 2879, 8000)


def sound(path: Path) -> tuple[Samples, int]:
    """The samples [N] of a file, and how many a second has."""
    audio = read_audio(path)
    return audio.samples[0], audio.rate


def cut(samples: Samples, seed: int) -> Iterator[Samples]:
    """The samples in pieces of sizes from none to half a second."""
    random = np.random.default_rng(seed)
    first = 0
    while first < len(samples):
        size = int(random.choice(SIZES))
        yield samples[first : first + size]
        first += size


def live_rows(live: LiveFrontend, samples: Samples, seed: int) -> tuple[Rows, Rows]:
    """The features [T, D], and the rows of i-vectors [N, I] (none without a table), of sound in pieces."""
    given = [live.accept(piece) for piece in cut(samples, seed)]
    given.append(live.finish())
    rows = 0
    for ready in given:
        assert ready.first == rows
        assert ready.features.dtype == np.float32 and ready.features.shape[1] == live.dim
        rows += len(ready.features)
    ivectors = [ready.ivectors for ready in given if ready.ivectors is not None]
    return (
        np.concatenate([ready.features for ready in given]),
        np.concatenate(ivectors) if ivectors else np.zeros((0, 0), np.float32),
    )

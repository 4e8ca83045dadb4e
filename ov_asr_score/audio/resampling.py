"""Sound at another rate by soxr (its quality HQ): whole, or piece by piece with the same numbers.

Kaldi's own way of ``allow-downsample`` and ``allow-upsample`` is ``features/linear_resample.py``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import MissingExtraError

_QUALITY = "HQ"


def import_soxr() -> Any:
    """The module ``soxr``. Raises MissingExtraError if it cannot be imported."""
    try:
        import soxr
    except ImportError as error:
        raise MissingExtraError(
            f'the resampler soxr cannot be imported ({error}); pip install "ov-asr-score[audio]"'
        ) from error
    return soxr


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Float32 [n] or [C, n] at the rate ``wanted``: n * wanted / rate samples, rounded. Raises MissingExtraError."""
    if rate == wanted:
        return samples
    resampler = SoxrResampler(rate, wanted, 1 if samples.ndim == 1 else len(samples))
    pieces = [resampler.accept(samples), resampler.finish()]
    return np.concatenate(pieces, axis=-1)


@lru_cache(maxsize=16)
def _measured_lookahead(rate: int, wanted: int) -> float:
    """How far samples are behind at most when sound comes millisecond by millisecond; soxr does not tell it."""
    resampler = SoxrResampler(rate, wanted)
    piece = np.zeros(max(1, rate // 1000), np.float32)
    given, most = 0, 0.0
    for count in range(1, 2 * rate // len(piece)):
        most = max(most, count * len(piece) / rate - given / wanted)
        given += len(resampler.accept(piece))
    return most


class SoxrResampler:
    """Changes the rate of a stream of ``channels`` channels; what comes out does not depend on how it is cut."""

    def __init__(self, rate: int, wanted: int, channels: int = 1) -> None:
        """Raises MissingExtraError."""
        self._rates = rate, wanted
        self._channels = channels
        self._stream = import_soxr().ResampleStream(rate, wanted, channels, dtype="float32", quality=_QUALITY)
        self._shape: tuple[int, ...] = (channels, 0)

    @property
    def lookahead(self) -> float:
        """How many seconds of sound a sample waits for at most: 0.04 to 0.2, by the rates."""
        return _measured_lookahead(*self._rates)

    def accept(self, samples: Samples) -> Samples:
        """The samples that are final now: float32 [n] for [n], [C, n] for [C, n]."""
        self._shape = (*samples.shape[:-1], 0)
        return self._turned(samples, last=False)

    def finish(self) -> Samples:
        """The rest, in the shape of what was given last."""
        return self._turned(np.zeros(self._shape, np.float32), last=True)

    def _turned(self, samples: Samples, last: bool) -> Samples:
        is_flat = samples.ndim == 1
        columns = samples if is_flat and self._channels == 1 else np.ascontiguousarray(samples.T)
        made: Samples = self._stream.resample_chunk(np.ascontiguousarray(columns, np.float32), last=last)
        return made if made.ndim == 1 else np.ascontiguousarray(made.T)

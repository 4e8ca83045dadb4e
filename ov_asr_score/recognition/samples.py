"""Samples as callers have them, bytes or arrays, to numbers on the scale of 16-bit integers.

Nothing is guessed: bytes are 16-bit integers, low byte first; of arrays the type of the numbers says the scale.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.text import shown_key

Samples: TypeAlias = bytes | bytearray | memoryview | NDArray[Any]

_FULL_SCALE = 32768.0  # of 16-bit integers
_SAMPLE_BYTES = 2
_LOUDEST = 16.0  # times the full scale: sound that is louder is on another scale


class SampleReader:
    """The samples of one stream, whose pieces may end within a sample.

    Bytes are 16-bit little-endian integers of one channel. Arrays have one axis: int16 as they are, int32 with the full
    scale 2**31, floats with the full scale ``float_full_scale``: 1 for sound from -1 to 1 (soundfile, librosa, torch),
    32768 for Kaldi's numbers.
    """

    def __init__(self, key: str, float_full_scale: float = 1.0) -> None:
        """Begin a stream; ``key`` names it in messages. Raises SoundFormatError for a full scale that is none."""
        if not 0 < float_full_scale < np.inf:
            raise SoundFormatError(
                f"float_full_scale: expected a number above 0, found {float_full_scale}", fields=("float_full_scale",)
            )
        self._key, self._float_full_scale = key, float(float_full_scale)
        self._half = b""

    @property
    def has_half(self) -> bool:
        """Whether the pieces so far end within a sample."""
        return bool(self._half)

    def read(self, piece: Samples) -> NDArray[np.float32]:
        """The samples [n] that are complete with ``piece``.

        Raises SoundFormatError for anything else than samples; nothing of the piece is taken then.
        """
        if isinstance(piece, (bytes, bytearray, memoryview)):
            return self._of_bytes(piece)
        if not isinstance(piece, np.ndarray):
            raise self._error(f"expected bytes or an array of numpy, found {type(piece).__name__}")
        if piece.ndim != 1:
            raise self._error(f"expected samples of one channel, an array [N], found one of shape {piece.shape}")
        if self._half and len(piece):
            raise self._error("expected the second byte of a sample, found an array: bytes before it ended within one")
        if piece.dtype.kind == "i" and piece.dtype.itemsize == 2:
            return piece.astype(np.float32)
        if piece.dtype.kind == "i" and piece.dtype.itemsize == 4:
            return piece.astype(np.float32) * np.float32(2.0**-16)
        if piece.dtype.kind == "f":
            return self._of_floats(piece)
        raise self._error(f"expected samples of int16, int32 or floats, found {piece.dtype}")

    def _of_bytes(self, piece: bytes | bytearray | memoryview) -> NDArray[np.float32]:
        try:
            data = self._half + bytes(piece)
        except (TypeError, ValueError, BufferError) as error:
            raise self._error(f"expected bytes, found something else ({error})") from error
        whole = len(data) - len(data) % _SAMPLE_BYTES
        self._half = data[whole:]
        return np.frombuffer(data[:whole], "<i2").astype(np.float32)

    def _of_floats(self, piece: NDArray[Any]) -> NDArray[np.float32]:
        with np.errstate(over="ignore", invalid="ignore"):
            loudest = float(np.abs(piece).max(initial=0.0)) / self._float_full_scale
            samples = (piece * (_FULL_SCALE / self._float_full_scale)).astype(np.float32)
        if not loudest <= _LOUDEST:
            bad = ~(np.abs(piece) <= _LOUDEST * self._float_full_scale)
            found = float(piece[int(np.argmax(bad))])
            raise self._error(
                f"expected samples from -{self._float_full_scale:g} to {self._float_full_scale:g}, found {found:g}; "
                "float_full_scale says which number is the full scale"
            )
        return samples

    def _error(self, text: str) -> SoundFormatError:
        return SoundFormatError(f"session {shown_key(self._key)}: {text}")

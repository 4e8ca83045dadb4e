"""Samples as bytes in all forms that uncompressed sound has, to float32 on the scale of 16-bit integers.

Integers of 16 bits keep their values, as in Kaldi (feat/wave-reader.cc, WaveData::Read). Kaldi reads no other samples:
here the full scale of all of them is 32768, so that the same sound in another form has the same features. A-law and
mu-law become the integers of ITU-T G.711 in 16 bits, which sph2pipe and sox give, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32768.0
"""What stands for the number 1 of floating samples."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """One form: ``width`` in bytes, ``words`` for people, and ``decode`` from the bytes of whole samples to [n]."""

    width: int
    words: str
    decode: Callable[[bytes], Samples]
    is_float: bool = False


def _scaled(dtype: str, scale: float, offset: int = 0) -> Callable[[bytes], Samples]:
    def decode(data: bytes) -> Samples:
        values: NDArray[Any] = np.frombuffer(data, dtype)
        if values.dtype.itemsize == 8:  # the product may be in the range of float32 where the number is not
            with np.errstate(over="ignore", invalid="ignore"):
                return (values * scale).astype(np.float32)
        samples = values.astype(np.float32)
        if offset:
            samples -= offset
        if scale != 1:
            with np.errstate(over="ignore", invalid="ignore"):
                samples *= np.float32(scale)
        return samples

    return decode


def _three_bytes(big_endian: bool) -> Callable[[bytes], Samples]:
    def decode(data: bytes) -> Samples:
        packed = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(packed), 4), np.uint8)
        wide[:, 1:] = packed[:, ::-1] if big_endian else packed
        return wide.view("<i4")[:, 0].astype(np.float32) * np.float32(2.0**-16)

    return decode


def _by_table(table: Callable[[], Samples]) -> Callable[[bytes], Samples]:
    def decode(data: bytes) -> Samples:
        samples: Samples = table()[np.frombuffer(data, np.uint8)]
        return samples

    return decode


@cache
def _mulaw_table() -> Samples:
    code = ~np.arange(256) & 0xFF
    size = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    table: Samples = np.where(code & 0x80, -size, size).astype(np.float32)
    return table


@cache
def _alaw_table() -> Samples:
    code = np.arange(256) ^ 0x55
    segment = (code & 0x70) >> 4
    size = ((code & 0x0F) << 4) + 8 + np.where(segment > 0, 0x100, 0)
    size = size << np.maximum(segment - 1, 0)
    table: Samples = np.where(code & 0x80, size, -size).astype(np.float32)
    return table


FORMATS: dict[str, SampleFormat] = {
    "s16le": SampleFormat(2, "16-bit integers", _scaled("<i2", 1)),
    "s16be": SampleFormat(2, "16-bit integers, big-endian", _scaled(">i2", 1)),
    "u8": SampleFormat(1, "8-bit unsigned integers", _scaled("u1", 256, 128)),
    "s8": SampleFormat(1, "8-bit integers", _scaled("i1", 256)),
    "s24le": SampleFormat(3, "24-bit integers", _three_bytes(False)),
    "s24be": SampleFormat(3, "24-bit integers, big-endian", _three_bytes(True)),
    "s32le": SampleFormat(4, "32-bit integers", _scaled("<i4", 2.0**-16)),
    "s32be": SampleFormat(4, "32-bit integers, big-endian", _scaled(">i4", 2.0**-16)),
    "f32le": SampleFormat(4, "32-bit floats", _scaled("<f4", FULL_SCALE), True),
    "f32be": SampleFormat(4, "32-bit floats, big-endian", _scaled(">f4", FULL_SCALE), True),
    "f64le": SampleFormat(8, "64-bit floats", _scaled("<f8", FULL_SCALE), True),
    "f64be": SampleFormat(8, "64-bit floats, big-endian", _scaled(">f8", FULL_SCALE), True),
    "alaw": SampleFormat(1, "A-law", _by_table(_alaw_table)),
    "mulaw": SampleFormat(1, "mu-law", _by_table(_mulaw_table)),
}
"""By the names of ``settings.speech.sound.RawFormat``."""


def samples_of(data: bytes, name: str, channels: int) -> Samples:
    """Float32 [C, n] of interleaved samples in the form ``name``, n whole frames; a rest of a frame is left out."""
    form = FORMATS[name]
    frame_bytes = form.width * channels
    whole = len(data) - len(data) % frame_bytes
    flat = form.decode(data[:whole] if whole < len(data) else data)
    return np.ascontiguousarray(flat.reshape(-1, channels).T)


def round_to_int16(samples: Samples) -> Samples:
    """The values that 16-bit integers can have, nearest to ``samples`` (halves to even) and limited to their range.

    What a program gives that decodes into a wav file of 16 bits, without noise added.
    """
    rounded: Samples = np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1)
    return rounded

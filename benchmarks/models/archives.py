"""Archives of random features with lengths spread like read speech; ``python -m benchmarks.models.archives DIM BYTES``.

Run as a program, it writes an archive of about BYTES bytes to standard output, as fast as the pipe allows.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SHORTEST, LONGEST, MEAN = 200, 3500, 1200
"""Frames of an utterance: 2 to 35 s at 100 frames/s, 12 s on average."""

_SPREAD = 0.55  # of the logarithm of the length
_SEED = 30


def speech_lengths(frames: int, seed: int = _SEED) -> list[int]:
    """Log-normally distributed lengths of utterances in frames; the last one completes the sum to ``frames``."""
    random = np.random.default_rng(seed)
    lengths: list[int] = []
    left = frames
    while left > 0:
        drawn = random.lognormal(np.log(MEAN) - _SPREAD**2 / 2, _SPREAD)
        length = min(int(np.clip(drawn, SHORTEST, LONGEST)), left)
        lengths.append(length)
        left -= length
    return lengths


def utterance_keys(count: int) -> Iterator[str]:
    """Keys in sorted order."""
    return (f"utt{number:07d}" for number in range(count))


def write_features(path: Path, dim: int, lengths: Sequence[int]) -> Path:
    """``path``, an archive with float32 matrices [length, dim] of normally distributed values.

    An existing file of the expected size is kept. Utterances are parts of one block of random values.
    """
    keys = list(utterance_keys(len(lengths)))
    size = sum(len(_head(key, length, dim)) + 4 * length * dim for key, length in zip(keys, lengths, strict=True))
    if path.is_file() and path.stat().st_size == size:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    block = _block(dim)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        for key, length in zip(keys, lengths, strict=True):
            file.write(_head(key, length, dim))
            file.write(_cut(block, key, length).data)
    return temporary.rename(path)


def write_vectors(path: Path, dim: int, count: int) -> Path:
    """``path``, an archive with one float32 vector [dim] for each of ``count`` utterances."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(_SEED + 1).standard_normal((count, dim)).astype("<f4")
    with path.open("wb") as file:
        for key, vector in zip(utterance_keys(count), values, strict=True):
            file.write(f"{key} ".encode() + b"\0BFV \4" + struct.pack("<i", dim) + vector.tobytes())
    return path


def stream_features(file: BinaryIO, dim: int, size: int) -> int:
    """The number of frames written to ``file``: an archive of at least ``size`` bytes, an utterance at a time."""
    block = _block(dim)
    lengths = speech_lengths(100 * MEAN)
    written = frames = number = 0
    while written < size:
        key, length = f"utt{number:07d}", lengths[number % len(lengths)]
        head, values = _head(key, length, dim), _cut(block, key, length)
        file.write(head)
        file.write(values.data)
        written, frames, number = written + len(head) + values.nbytes, frames + length, number + 1
    return frames


def _block(dim: int) -> NDArray[np.float32]:
    return np.random.default_rng(_SEED + 2).standard_normal((2 * LONGEST, dim)).astype("<f4")


def _cut(block: NDArray[np.float32], key: str, length: int) -> NDArray[np.float32]:
    """``length`` rows of ``block``, starting at a row that depends on the key."""
    start = int(key[3:]) * 37 % (len(block) - length + 1)
    return block[start : start + length]


def _head(key: str, length: int, dim: int) -> bytes:
    return f"{key} ".encode() + b"\0BFM \4" + struct.pack("<i", length) + b"\4" + struct.pack("<i", dim)


if __name__ == "__main__":
    stream_features(sys.stdout.buffer, int(sys.argv[1]), int(sys.argv[2]))

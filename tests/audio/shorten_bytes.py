"""Samples compressed as the program shorten does it (version 2), in NIST SPHERE files; no library writes that."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256
_S16_LITTLE_ENDIAN = 5
_DIFF1, _QUIT, _BLOCKSIZE = 1, 4, 5
_K = 7


def _unsigned(value: int, bits: int) -> str:
    """A Rice code: the upper part in zeros, a one, the lower ``bits``."""
    return "0" * (value >> bits) + "1" + (f"{value & (1 << bits) - 1:0{bits}b}" if bits else "")


def _long(value: int) -> str:
    bits = max(value.bit_length() - 1, 0)
    return _unsigned(bits, 2) + _unsigned(value, bits)


def shortened(samples: NDArray[np.int16]) -> bytes:
    """The bytes for samples [C, N]."""
    bits = [_long(value) for value in (_S16_LITTLE_ENDIAN, len(samples), _BLOCK, 0, 0, 0)]
    last = np.zeros(len(samples), np.int64)
    for first in range(0, samples.shape[1], _BLOCK):
        block = samples[:, first : first + _BLOCK].astype(np.int64)
        if block.shape[1] < _BLOCK:
            bits += [_unsigned(_BLOCKSIZE, 2), _long(block.shape[1])]
        for channel, row in enumerate(block):
            bits += [_unsigned(_DIFF1, 2), _unsigned(_K, 3)]
            for step in np.diff(row, prepend=last[channel]).tolist():
                bits.append(_unsigned(2 * step if step >= 0 else -2 * step - 1, _K + 1))
            last[channel] = row[-1]
    bits.append(_unsigned(_QUIT, 2))
    text = "".join(bits)
    text += "0" * (-len(text) % 32)
    return b"ajkg\2" + int(text, 2).to_bytes(len(text) // 8, "big")


def sphere(data: bytes, fields: Mapping[str, object], size: int = 1024, end: str = "end_head\n") -> bytes:
    """A SPHERE file; fields are integers and texts, such as ``{"sample_rate": 16000}``."""
    lines = [f"NIST_1A\n{size:7}\n"]
    for name, value in fields.items():
        lines.append(f"{name} -i {value}\n" if isinstance(value, int) else f"{name} -s{len(str(value))} {value}\n")
    return "".join([*lines, end]).encode().ljust(size) + data

"""Vectors of pairs of integers, such as phones with their numbers of frames.

Binary: ``\\0B``, the number of pairs, and all numbers, each behind a byte 4. Text: ``1 9 ; 23 6`` to the end of the
line. Source: util/kaldi-holder-inl.h (``BasicPairVectorHolder``).
"""

from __future__ import annotations

import re
import struct

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, INTEGER
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.text import clipped

_PAIR = re.compile(rb"\s*([+-]?[0-9]{1,10})\s+([+-]?[0-9]{1,10})\s*")


def encode_pairs(pairs: NDArray[np.int32], *, text: bool = False) -> bytes:
    """The bytes of pairs [P, 2], as Kaldi writes them."""
    if text:
        return b"; ".join(b"%d %d " % (first, second) for first, second in pairs.tolist()) + b"\n"
    integers = np.empty(pairs.size, INTEGER)
    integers["size"], integers["value"] = 4, pairs.ravel()
    return BINARY_MARK + struct.pack("<Bi", 4, len(pairs)) + integers.tobytes()


def read_pairs(stream: KaldiStream) -> NDArray[np.int32]:
    """The pairs [P, 2] at the stream's position, binary or text. Raises TableFormatError."""
    start = stream.offset
    if stream.peek(len(BINARY_MARK)) != BINARY_MARK:
        return _parse_line(stream, stream.read_line(), start)
    stream.read(len(BINARY_MARK))
    count = stream.read_int32()
    if count < 0:
        raise stream.error("a number of pairs", str(count), "the file is damaged", offset=start)
    items = stream.read_bytes(2 * count * INTEGER.itemsize).view(INTEGER)
    if not (items["size"] == 4).all():
        raise stream.error("integers of four bytes", "other sizes", "the file is damaged", offset=start)
    return np.ascontiguousarray(items["value"], np.int32).reshape(-1, 2)


def _parse_line(stream: KaldiStream, line: bytes, start: int) -> NDArray[np.int32]:
    if not line.strip():
        return np.zeros((0, 2), np.int32)
    numbers = []
    for part in line.split(b";"):
        match = _PAIR.fullmatch(part)
        if not match or not all(-(2**31) <= int(number) < 2**31 for number in match.groups()):
            raise stream.error("pairs of integers with ';' between", clipped(part), offset=start)
        numbers.append([int(number) for number in match.groups()])
    return np.array(numbers, np.int32)

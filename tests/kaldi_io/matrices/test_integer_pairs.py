from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.integer_pairs import encode_pairs, read_pairs
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.tables.writer import TableWriter

PAIRS = np.array([[1, 9], [-23, 6]], np.int32)


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "pairs")


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("pairs", [PAIRS, PAIRS[:1], PAIRS[:0]])
def test_read_what_was_written(pairs: np.ndarray, text: bool) -> None:
    stream = stream_of(encode_pairs(pairs, text=text) + b"next")
    found = read_pairs(stream)
    assert (found.tolist(), found.shape, found.dtype.name) == (pairs.tolist(), pairs.shape, "int32")
    assert stream.read_all() == b"next"


def test_text_as_kaldi_writes_it() -> None:
    assert encode_pairs(PAIRS, text=True) == b"1 9 ; -23 6 \n"


def test_tables(tmp_path: Path) -> None:
    with TableWriter(f"ark,t:{tmp_path}/out") as writer:
        writer.write_pairs("utt", PAIRS)
        writer.write("floats", PAIRS)
    assert (tmp_path / "out").read_text() == "utt 1 9 ; -23 6 \nfloats  [\n  1.0 9.0 \n  -23.0 6.0 ]\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1 9 ; 23\n", "pairs: at byte 0: expected pairs of integers with ';' between, found ' 23'"),
        (b"1 9 ;\n", "pairs: at byte 0: expected pairs of integers with ';' between, found ''"),
        (b"1 9 2 6\n", "pairs: at byte 0: expected pairs of integers with ';' between, found '1 9 2 6'"),
        (b"1 9999999999\n", "pairs: at byte 0: expected pairs of integers with ';' between, found '1 9999999999'"),
        (b"\0B\4\xff\xff\xff\xff", "pairs: at byte 0: expected a number of pairs, found -1; the file is damaged"),
        (b"\0B\4\1\0\0\0" + b"\4\1\0\0\0\5\1\0\0\0", "pairs: at byte 0: expected integers of four bytes"),
        (b"\0B\4\1\0\0\0" + b"\4\1\0\0\0", "pairs: at byte 7: expected 10 bytes, found 5"),
    ],
)
def test_damage(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as caught:
        read_pairs(stream_of(data))
    assert str(caught.value).startswith(message)

"""Whatever happens to the bytes: right utterances or an error of ours, and no more memory than the file is worth."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.matrices.matrix import encode_array
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.kaldi_io.tables.sequential import read_table

RANDOM = np.random.default_rng(0)
MATRIX = RANDOM.normal(size=(5, 2)).astype(np.float32)
SPARSE = b"\0BSM \4\1\0\0\0SV \4\5\0\0\0\4\1\0\0\0\4\2\0\0\0\4\0\0\x80\x3f"

OBJECTS = {
    "float": b"".join(encode_array(MATRIX)),
    "double": b"".join(encode_array(MATRIX.astype(np.float64))),
    "vector": b"".join(encode_array(MATRIX[0])),
    "integers": b"".join(encode_array(np.arange(5, dtype=np.int32))),
    "cm": b"".join(encode_array(MATRIX, compression_method=2)),
    "cm2": b"".join(encode_array(MATRIX, compression_method=3)),
    "cm3": b"".join(encode_array(MATRIX, compression_method=5)),
    "text": b"".join(encode_array(MATRIX, text=True)),
    "text-vector": b"".join(encode_array(MATRIX[0], text=True)),
    "text-integers": b"1 2 345\n",
    "sparse": SPARSE,
    "sparse-text": b"rows=1 dim=5 [ 2 1 ] \n",
}


def archive(kind: str) -> tuple[bytes, list[int]]:
    """Three utterances, and the places where each of them ends."""
    entries = [f"utt{number} ".encode() + OBJECTS[kind] for number in range(3)]
    ends = np.cumsum([0, *map(len, entries)])
    return b"".join(entries), ends.tolist()


def same_table(path: Path) -> dict[str, NDArray[Any]]:
    return dict(read_table(f"ark:{path}"))


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_truncation_gives_whole_utterances_or_an_error(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.ark"
    data, ends = archive(kind)
    path.write_bytes(data)
    whole = same_table(path)
    assert list(whole) == ["utt0", "utt1", "utt2"]
    for length in range(len(data)):
        path.write_bytes(data[:length])
        seen: list[str] = []
        complete = True
        try:
            for key, array in read_table(f"ark:{path}"):
                if not caplog.messages:
                    np.testing.assert_array_equal(array, whole[key])
                seen.append(key)
        except OvAsrScoreError as error:
            complete = False
            assert "\n" not in str(error)
            assert "x.ark: " in str(error)
        # The line break after a closing bracket says nothing; all else is missed.
        if caplog.messages:  # integers may lack it, too, and those that were cut are warned of
            assert kind == "text-integers" and data[length : length + 1] in b"0123456789 \n"
            caplog.clear()
            continue
        lacks_line_break_only = kind.startswith("text") and data[length - 1 : length + 1] == b"]\n"
        assert complete == (length in ends or lacks_line_break_only), length
        assert len(seen) == sum(end <= length + lacks_line_break_only for end in ends[1:]), length


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("access", ["in order", "by key", "pipe"])
def test_flipped_bytes_never_give_another_exception(tmp_path: Path, kind: str, access: str) -> None:
    path = tmp_path / "x.ark.gz" if access == "pipe" else tmp_path / "x.ark"
    data, _ = archive(kind)
    random = np.random.default_rng(2)
    refused = 0
    tracemalloc.start()
    for place in range(len(data)):
        damaged = bytearray(data)
        for offset in range(int(random.integers(1, 4))):
            damaged[(place + offset) % len(data)] = int(random.integers(0, 256))
        path.write_bytes(gzip.compress(damaged, 1) if access == "pipe" else damaged)
        try:
            if access == "by key":
                with open_table(f"ark:{path}") as table:
                    table.get("utt1")
                    table.unused_keys()
            else:
                for _ in read_table(f"ark:{path}"):
                    pass
        except OvAsrScoreError:
            refused += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused > 0
    # A pipe may ask for one piece of 16 MB before it finds out; sparse rows may claim to be wide.
    limit = 1 << 30 if kind.startswith("sparse") else 64 << 20
    assert peak < limit


@pytest.mark.parametrize("kind", OBJECTS)
def test_skipping_damage_never_raises_another_exception(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.ark"
    data, _ = archive(kind)
    random = np.random.default_rng(3)
    outcomes = set()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            list(read_table(f"ark:{path}", on_skip=lambda key, error: outcomes.add("skipped")))
            outcomes.add("read")
        except OvAsrScoreError:
            outcomes.add("raised")
    assert "read" in outcomes or "skipped" in outcomes


@pytest.mark.parametrize("compressed", [True, False])
def test_random_bytes_are_no_table(tmp_path: Path, compressed: bool) -> None:
    random = np.random.default_rng(4)
    path = tmp_path / "x"
    for _ in range(300):
        data = random.bytes(int(random.integers(1, 200)))
        path.write_bytes(gzip.compress(data) if compressed else data)
        for form in ("ark", "scp", "npz"):
            with pytest.raises(OvAsrScoreError):
                list(read_table(f"{form}:{path}"))


@pytest.mark.parametrize("name", ["base.ark", "cm1.ark", "text.ark", "ali.ark", "smat.ark", "empty.cm.ark"])
def test_truncated_tables_of_kaldi(readers: Path, tmp_path: Path, name: str) -> None:
    data = (readers / name).read_bytes()
    whole = same_table(readers / name)
    path = tmp_path / "x.ark"
    for length in np.random.default_rng(5).integers(1, len(data), 40):
        path.write_bytes(data[:length])
        try:
            for key, array in read_table(f"ark:{path}"):
                np.testing.assert_array_equal(array, whole[key])
        except OvAsrScoreError as error:
            assert str(error).count("\n") == 0

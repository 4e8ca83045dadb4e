from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.tables.float_map import read_float_map

VTLN_MAP = Path(__file__).parents[2] / "kaldi_speech" / "features" / "vtln_map"


def test_text_of_kaldi() -> None:
    expected = {"spkA": 0.9, "spkB": 1.15, "spkC": 1.0}
    assert read_float_map(str(VTLN_MAP)) == expected
    assert read_float_map(f"ark:{VTLN_MAP}") == expected


def test_binary_and_script(tmp_path: Path) -> None:
    archive = tmp_path / "warps.ark"
    archive.write_bytes(b"a \0B\4" + struct.pack("<f", 0.5) + b"b \0B\x08" + struct.pack("<d", 0.1))
    assert read_float_map(f"ark:{archive}") == {"a": 0.5, "b": 0.1}
    script = tmp_path / "warps.scp"
    script.write_text(f"b {archive}:11\na {archive}:2\n")
    assert read_float_map(f"scp:{script}") == {"b": 0.1, "a": 0.5}


def test_blanks_signs_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "map"
    path.write_bytes(b"a\t+.5 \r\n\nb  1e-1")
    assert read_float_map(str(path)) == {"a": 0.5, "b": 0.1}
    path.write_bytes(b"")
    assert read_float_map(str(path)) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a x\n", "'a' at byte 2: expected a number, found 'x'"),
        (b"a 1 2\n", "'a' at byte 2: expected a number, found '1 2'"),
        (b"a 1\nb \n", "'b' at byte 6: expected a number, found the end of the line"),
        (b"a 1e999\n", "expected a finite number, found inf"),
        (b"a nan\n", "expected a number, found 'nan'"),
        (b"a \0B\4" + struct.pack("<f", float("nan")), "expected a finite number, found nan"),
        (b"a \0B\4\0\0", "expected 5 bytes, found 3"),
        (b"a 1\na 2\n", "key 'a' came before"),
    ],
)
def test_bad_numbers_have_their_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "map"
    path.write_bytes(content)
    with pytest.raises(TableFormatError, match=message):
        read_float_map(str(path))


def test_other_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecifierError, match="must be a text file"):
        read_float_map("npz:x.npz")
    script = tmp_path / "x.scp"
    script.write_text("a x.ark:2[0:1]\n")
    with pytest.raises(TableFormatError, match="line 1: a range cannot be taken from a number"):
        read_float_map(f"scp:{script}")

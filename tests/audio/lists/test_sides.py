from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.sides import RecordingSide, read_recording_sides
from ov_asr_score.errors import TableFormatError


def test_files_and_sides(tmp_path: Path) -> None:
    path = tmp_path / "reco2file_and_channel"
    path.write_bytes(b"sw02001-A sw02001 A\r\nsw02001-B\tsw02001\tB\n")
    assert list(read_recording_sides(str(path)).items()) == [
        ("sw02001-A", RecordingSide("sw02001", "A")),
        ("sw02001-B", RecordingSide("sw02001", "B")),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b\n", r"line 1: expected a recording, its file and its side \(A or B\), found 2 words in 'a b'"),
        ("a b A\na b B\n", "line 2: recording 'a' came before"),
    ],
)
def test_bad_lines(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "reco2file_and_channel"
    path.write_text(text)
    with pytest.raises(TableFormatError, match=message):
        read_recording_sides(str(path))

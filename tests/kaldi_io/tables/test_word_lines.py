from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.script import read_script
from ov_asr_score.kaldi_io.tables.word_lines import WordLine, word_lines


def test_words_numbers_and_places(tmp_path: Path) -> None:
    path = tmp_path / "segments"
    path.write_bytes(b"a b\t c \r\n\n \t\n\xff d")
    lines = list(word_lines(str(path)))
    assert lines == [WordLine(("a", "b", "c"), 1, str(path)), WordLine(("\udcff", "d"), 4, str(path))]
    assert lines[1].place == f"{path}: line 4"
    assert lines[0].shown == "'a b c'"


def test_byte_order_mark_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "utt2spk"
    path.write_bytes(b"\xef\xbb\xbfa b\n")
    with caplog.at_level(logging.WARNING):
        assert read_token_table(str(path)) == {"a": "b"}
        assert [line.key for line in read_script(str(path))] == ["a"]
    assert caplog.text.count("begins with a byte order mark, which is left out") == 2


def test_binary_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "segments"
    path.write_bytes(b"a b \0\1\2")
    with pytest.raises(TableFormatError, match="segments: at byte 0: expected lines of text, found binary data"):
        list(word_lines(str(path)))
    path.write_bytes(b"a RIFF\4\0\0\0WAVEfmt ")
    with pytest.raises(TableFormatError, match="archive of sounds"):
        list(word_lines(str(path)))

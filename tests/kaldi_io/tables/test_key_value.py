from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.tables.key_value import read_token_table


@pytest.mark.parametrize("form", ["{}", "ark:{}", "ark,t:{}", "t,ark:cat {} |"])
def test_words_of_every_key_in_order(tmp_path: Path, form: str) -> None:
    path = tmp_path / "utt2spk"
    path.write_bytes(b"b spk1\na\tspk2\r\n\xff  \xc3\xa4 \n")
    table = read_token_table(form.format(path), allow_commands=True)
    assert list(table.items()) == [("b", "spk1"), ("a", "spk2"), ("\udcff", "ä")]


def test_gzip_and_empty(tmp_path: Path) -> None:
    path = tmp_path / "utt2spk.gz"
    path.write_bytes(gzip.compress(b"a b\n"))
    assert read_token_table(str(path)) == {"a": "b"}
    path.write_bytes(b"")
    assert read_token_table(str(path)) == {}


def test_empty_lines_are_passed_over_as_in_kaldi(tmp_path: Path) -> None:
    path = tmp_path / "utt2spk"
    path.write_bytes(b"\na b\n \nc d\n\n")
    assert read_token_table(str(path)) == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a b\nc\n", "line 2: expected two words"),
        (b"a b\n\nc\n", "line 3: expected two words"),
        (b"a b c\n", "line 1: expected two words, a key and its value, found 3"),
        (b"a b\na c\n", "line 2: key 'a' came before"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "utt2spk"
    path.write_bytes(text)
    with pytest.raises(TableFormatError, match=message):
        read_token_table(str(path))


def test_other_sources_are_refused(tmp_path: Path) -> None:
    for specifier in ("scp:x", "npz:x"):
        with pytest.raises(SpecifierError):
            read_token_table(specifier)
    with pytest.raises(FileAccessError):
        read_token_table(str(tmp_path / "none"))

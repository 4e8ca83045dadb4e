"""Tests of files of tokens, of all forms, and of what they leave open."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ov_asr_score.decoding.ctc.tokens import Tokens, load_tokens
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, ShapeMismatchError, TableFormatError, UsageError


def load(tmp_path: Path, text: str | bytes, blank: str = "", separator: str = "") -> Tokens:
    path = tmp_path / "tokens"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_tokens(str(path), blank, separator)


def test_icefall_and_sherpa(tmp_path: Path) -> None:
    found = load(tmp_path, "<blk> 0\n<sos/eos> 1\n<unk> 2\n▁THE 3\nS 4\n#0 5\n#1 6\n")
    assert found.texts == ("<blk>", "<sos/eos>", "<unk>", "▁THE", "S", "#0", "#1")
    assert (found.blank, found.num_needed, found.words.marking) == (0, 5, "pieces")
    for width in (5, 6, 7):
        found.check_width((1, width), "u1")
    for width in (4, 8):
        with pytest.raises(ShapeMismatchError, match=rf"each of the {width} columns .* utterance u1, found 7"):
            found.check_width((1, width), "u1")


def test_order_of_lines_does_not_matter(tmp_path: Path) -> None:
    assert load(tmp_path, "b|\t2\r\n  3\n<blank>  0\na 1\n", separator=" ").texts == ("<blank>", "a", "b|", " ")


def test_wenet(tmp_path: Path) -> None:
    found = load(tmp_path, "<blank> 0\n<unk> 1\n啊 2\n阿 3\n<sos/eos> 4\n", separator="each-token")
    assert found.blank == 0
    assert [word.text for word in found.words.words([2, 3, 4])] == ["啊", "阿"]


def test_hugging_face(tmp_path: Path) -> None:
    found = load(tmp_path, '{"|": 1, "E": 2, "[PAD]": 0, "T": 3, "[UNK]": 4}')
    assert found.texts == ("[PAD]", "|", "E", "T", "[UNK]")
    assert (found.blank, found.words.marking) == (0, "separator")
    # what is called blank counts more than what fills up
    assert load(tmp_path, '{"<pad>": 0, "|": 1, "<blk>": 2}').blank == 2


def test_nemo_has_the_blank_behind_all(tmp_path: Path) -> None:
    found = load(tmp_path, "▁the\n▁a\ns\n")
    assert (found.blank, found.texts) == (3, ("▁the", "▁a", "s", ""))
    assert "names no blank: it is column 3, behind all tokens" in found.notes[0]
    with pytest.raises(ShapeMismatchError, match="with the blank behind the others; say with blank which of them"):
        found.check_width((1, 3), "u1")
    assert load(tmp_path, '[" ", "a", "b"]').blank == 3
    assert load(tmp_path, " \na\nb\n").words.marking == "separator"
    assert load(tmp_path, "[PAD]\n[UNK]\na\n##b\n").blank == 4


def test_sentencepiece(tmp_path: Path) -> None:
    found = load(tmp_path, "<unk>\t0\n▁t\t-0\nhe\t-1\n5\t-2.5e-3\n")
    assert (found.texts, found.blank) == (("<unk>", "▁t", "he", "5", ""), 4)


def test_espnet_names_its_blank(tmp_path: Path) -> None:
    assert load(tmp_path, "<blank>\n<unk>\n▁\nA\n<sos/eos>\n").blank == 0


def test_phones_of_icefall(tmp_path: Path) -> None:
    assert load(tmp_path, "<eps> 0\nAA 1\n", separator="each-token").blank == 0


def test_numbers_of_a_graph(tmp_path: Path) -> None:
    found = load(tmp_path, "<eps> 0\n<blk> 1\na 2\n| 3\n#0 4\n")
    assert (found.texts, found.blank, found.num_needed) == (("<blk>", "a", "|", "#0"), 0, 3)
    assert found.notes[0].endswith("has the numbers of a graph: columns of scores are counted from <blk> on")


def test_blank_that_is_asked_for(tmp_path: Path) -> None:
    text = "a 0\nb 1\n| 2\n"
    assert load(tmp_path, text, "b").blank == 1
    assert load(tmp_path, text, "0").blank == 0
    assert load(tmp_path, text, "3").texts == ("a", "b", "|", "")
    with pytest.raises(UsageError, match=r"blank 'c': expected a token of .*tokens or a number up to 3") as caught:
        load(tmp_path, text, "c")
    assert caught.value.fields == ("blank",)
    with pytest.raises(UsageError, match=r"blank '4': expected a token"):
        load(tmp_path, text, "4")


def test_blank_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"blank: expected a blank in .*, such as <blk> or <blank>, found none"):
        load(tmp_path, "a 0\n| 1\n")
    with pytest.raises(UsageError, match=r"expected one blank in .*, found '<blk>' and '<blank>'; say which"):
        load(tmp_path, "<blk> 0\n<blank> 1\n| 2\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected tokens, found none"),
        ("\n \n", "expected tokens, found none"),
        ("{}", "expected tokens, found none"),
        ("a 0\nb\n", "line 2: expected a token and its number, as in line 1, found 'b'"),
        ("a\nb c d\n", "line 2: expected one token, as in line 1, found 'b c d'"),
        ("a\n\nb\n", "line 2: expected one token, as in line 1, found ''"),
        ("<blk> 0\na 1\nb 1\n", "expected each number once, found 1 for 'a' and 'b'"),
        ("<blk> 0\na 1\na 2\n", "line 3: expected another token, found 'a' of line 2 again"),
        ("<blk> 0\na 1\nb 3\n", "expected a token for every number up to 3, found none for 2"),
        ("<blk> 1\na 2\n", "every number up to 2, found none for 0"),
        ("a\nb\na\n", "line 3: expected another token, found 'a' of line 1 again"),
        ('{"a": 0, "b": 2}', "every number up to 2, found none for 1"),
        ('{"a": 0, "a": 1}', "expected each token once, found 'a' twice"),
        ('{"a": "0"}', "token 'a': expected its number, found"),
        ('{"a": true}', "token 'a': expected its number, found 'true'"),
        ('{"a": -1}', "token 'a': expected its number, found '-1'"),
        ('{"a": 0', "line 1, column 8: expected JSON, found none"),
        ('["a", 1]', "expected a list of tokens, found other values in it"),
        ('["a", "a"]', "expected another token, found 'a'"),
        ("[" * 100_000, "JSON nested too deeply"),
        (b"a\0b", "expected lines with tokens, found binary data"),
        (b"a 0\n\xff 1\n", "byte 4: expected tokens as UTF-8 text"),
        ('{"a": ' + "9" * 5000 + "}", "expected JSON, found none|every number up to"),
    ],
)
def test_bad_files(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "tokens"))
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"nothing\.txt: no such file"):
        load_tokens(str(tmp_path / "nothing.txt"))


def test_every_cut_gives_tokens_or_one_line(tmp_path: Path) -> None:
    for whole in (b'{"<pad>": 0, "|": 1, "\xc3\xa9": 2}', "<blk> 0\n▁é 1\n".encode(), gzip.compress(b"<blk> 0\n| 1\n")):
        for end in range(len(whole)):
            try:
                load(tmp_path, whole[:end])
            except OvAsrScoreError as error:
                assert "\n" not in str(error)

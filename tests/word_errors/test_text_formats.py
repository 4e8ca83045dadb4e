from __future__ import annotations

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.word_errors.text_formats import (
    CtmWord,
    StmSegment,
    UtteranceText,
    ctm_texts,
    ctm_texts_in,
    parse_ctm,
    parse_kaldi_text,
    parse_stm,
    parse_trn,
    stm_texts,
)


def lines(text: str) -> list[tuple[str, list[str]]]:
    return [(f"x: line {number}", line.split()) for number, line in enumerate(text.splitlines(), start=1)]


STM = """;; a comment
call A ann 0.0 2.5 <o,f0> guten tag
call B bob 1.5 3.0 hallo
call A ann 2.5 4 IGNORE_TIME_SEGMENT_IN_SCORING
other 1 cid 0 9 allein"""
CTM = """;; a comment
call 1 0.2 0.4 guten 0.9
call 1 1.0 0.5 tag
call 2 1.6 0.2 hallo 1.0
call A 3.0 0.1 weg
call 1 8.0 0.1 draussen
other 1 5 1 spaeter
other 1 1 1 frueher"""


def test_kaldi_text() -> None:
    assert parse_kaldi_text(lines("b x y\na")) == {"b": UtteranceText("b", ("x", "y")), "a": UtteranceText("a", ())}


def test_trn() -> None:
    assert parse_trn(lines(";; c\nx y (b-1)\n(a)")) == {
        "b-1": UtteranceText("b-1", ("x", "y")),
        "a": UtteranceText("a", ()),
    }


def test_stm() -> None:
    segments = list(parse_stm(lines(STM)))
    assert segments[0] == StmSegment("call", "A", "ann", 0.0, 2.5, ("guten", "tag"), False)
    assert [segment.is_ignored for segment in segments] == [False, False, True, False]
    assert stm_texts(segments, "x.stm") == {
        "call-A-0000000-0002500": UtteranceText("call-A-0000000-0002500", ("guten", "tag"), "ann"),
        "call-B-0001500-0003000": UtteranceText("call-B-0001500-0003000", ("hallo",), "bob"),
        "other": UtteranceText("other", ("allein",), "cid"),
    }


def test_ctm() -> None:
    words = list(parse_ctm(lines(CTM)))
    assert words[0] == CtmWord("call", "1", 0.2, 0.4, "guten")
    assert ctm_texts(words)["other"] == UtteranceText("other", ("frueher", "spaeter"))
    assert ctm_texts(words)["call-2"] == UtteranceText("call-2", ("hallo",))


def test_ctm_cut_by_stm() -> None:
    texts, outside = ctm_texts_in(list(parse_stm(lines(STM))), parse_ctm(lines(CTM)))
    assert {key: text.words for key, text in texts.items()} == {
        "call-A-0000000-0002500": ("guten", "tag"),
        "call-B-0001500-0003000": ("hallo",),
        "other": ("frueher", "spaeter"),
    }
    assert outside == 1  # the word of the ignored segment is in a segment


def test_a_word_belongs_where_its_middle_is() -> None:
    segments = list(parse_stm(lines("r 1 s 0 1 a\nr 1 s 1 2 b")))
    texts, outside = ctm_texts_in(segments, [CtmWord("r", "1", 0.8, 0.3, "x"), CtmWord("r", "1", 0.9, 0.2, "y")])
    assert [text.words for text in texts.values()] == [("y",), ("x",)] or outside == 0
    texts, outside = ctm_texts_in(segments, [CtmWord("r", "1", 0.8, 0.5, "x"), CtmWord("r", "1", 0.7, 0.4, "y")])
    assert ([text.words for text in texts.values()], outside) == ([("y",), ("x",)], 0)


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_kaldi_text, "a x\nb\na y", "x: line 3: key 'a' came before"),
        (parse_trn, "x (a)\ny (a)", "x: line 2: key 'a' came before"),
        (parse_trn, "x y", "x: line 1: expected the key in parentheses at the end, found 'y'"),
        (parse_trn, "x ()", "x: line 1: expected the key in parentheses at the end, found '()'"),
        (parse_trn, "{ x / y } (a)", "x: line 1: expected words, found alternatives in braces; keep one of them"),
        (parse_stm, "a b c 1", "x: line 1: expected recording, channel, speaker, start and end, found 'a b c 1'"),
        (parse_stm, "a b c 1 x", "x: line 1: expected seconds, found 'x'"),
        (parse_stm, "a b c -1 2", "x: line 1: expected seconds, found '-1'"),
        (parse_stm, "a b c 1 inf", "x: line 1: expected seconds, found 'inf'"),
        (parse_stm, "a b c 2 1", "x: line 1: expected an end from 2 seconds on, found 1"),
        (parse_stm, "a b c 1 2 { d / e }", "x: line 1: expected words, found alternatives in braces"),
        (parse_ctm, "a 1 0.1 0.2", "x: line 1: expected recording, channel, start, duration and word, found"),
        (parse_ctm, "a 1 0.1 nan w", "x: line 1: expected seconds, found 'nan'"),
        (parse_ctm, "a 1 * * <ALT_BEGIN>", "x: line 1: expected a word, found alternatives; keep one of them"),
    ],
)
def test_a_bad_line(parse: object, text: str, message: str) -> None:
    assert callable(parse)
    with pytest.raises(TableFormatError) as caught:
        list(parse(lines(text)))
    assert str(caught.value).startswith(message)


def test_a_segment_twice() -> None:
    segments = list(parse_stm(lines("a 1 s 0 1 x\na 1 s 0 1 y")))
    with pytest.raises(TableFormatError, match=r"x\.stm: key 'a-1-0000000-0001000' came before"):
        stm_texts(segments, "x.stm")

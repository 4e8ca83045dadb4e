from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.specifier import (
    Range,
    ReadSpecifier,
    apply_range,
    is_table,
    parse_range,
    parse_read_specifier,
    parse_write_specifier,
)


@pytest.mark.parametrize(
    ("text", "form", "filename"),
    [
        ("ark:foo|", "ark", "foo|"),
        ("b,ark:foo|", "ark", "foo|"),
        ("ark,b:foo|", "ark", "foo|"),
        ("scp,b:foo|", "scp", "foo|"),
        ("b ark:x", "ark", "x"),
        ("b, ark:x", "ark", "x"),
        ("t,scp:a", "scp", "a"),
        ("scp:", "scp", ""),
        ("ark:-", "ark", "-"),
        ("ark:gunzip -c x.gz |", "ark", "gunzip -c x.gz |"),
        ("npz:x.npz", "npz", "x.npz"),
        ("p,npz:x", "npz", "x"),
        ("x.scp", "scp", "x.scp"),
        ("x.npz", "npz", "x.npz"),
        ("x.ark", "ark", "x.ark"),
        ("x.ark.gz", "ark", "x.ark.gz"),
        ("my feats", "ark", "my feats"),
        ("a:b", "ark", "a:b"),
        ("-", "ark", "-"),
        ("copy-feats ark:x ark:- |", "ark", "copy-feats ark:x ark:- |"),
    ],
)
def test_read_specifier_gives_form_and_name(text: str, form: str, filename: str) -> None:
    given = parse_read_specifier(text)
    assert (given.form, given.filename, given.original) == (form, filename, text)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("o", {"once": True}),
        ("o,no", {}),
        ("s,no", {"sorted": True}),
        ("s,cs", {"sorted": True, "called_sorted": True}),
        ("cs,s,ns,ncs", {}),
        ("p", {"permissive": True}),
        ("p,np", {}),
        ("bg", {"background": True}),
        ("b,t", {}),
    ],
)
@pytest.mark.parametrize("order", ["{},scp:foo", "scp,{}:foo"])
def test_read_options_stand_on_either_side(options: str, expected: dict[str, Any], order: str) -> None:
    text = order.format(options)
    assert parse_read_specifier(text) == replace(ReadSpecifier("scp", "foo", original=text), **expected)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "expected ark:<file>"),
        ("ark", "expected a colon"),
        ("scp", "expected a colon"),
        ("scp,scp,b:foo|", "exactly one"),
        ("ark,scp,b:foo|x", "exactly one"),
        ("s,cs:foo", "exactly one"),
        ("ark:foo ", "blank"),
        (" ark:foo", "blank"),
        ("ark:foo\nbar", "line breaks"),
        ("ark,q:foo", "unknown option 'q'"),
        ("ARK:foo", "did you mean 'ark'"),
        ("ark,f:foo", "unknown option 'f'"),
    ],
)
def test_bad_read_specifier_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(SpecifierError, match=hint):
        parse_read_specifier(text)


@pytest.mark.parametrize(
    ("text", "archive", "script", "is_text", "flush"),
    [
        ("b,ark:|foo", "|foo", None, False, True),
        ("t,ark:|foo", "|foo", None, True, True),
        ("t,scp:a b c d", None, "a b c d", True, True),
        ("t,ark,scp:a b,c,d", "a b", "c,d", True, True),
        ("b,ark,scp:,", "", "", False, True),
        ("f,b,ark,scp:,", "", "", False, True),
        ("nf,b,ark,scp:,", "", "", False, False),
        ("ark,t,b:x", "x", None, False, True),
        ("x.ark", "x.ark", None, False, True),
        ("-", "-", None, False, True),
        ("| gzip -c > x", "| gzip -c > x", None, False, True),
    ],
)
def test_write_specifier(text: str, archive: str | None, script: str | None, is_text: bool, flush: bool) -> None:
    given = parse_write_specifier(text)
    assert (given.archive, given.script, given.text, given.flush) == (archive, script, is_text, flush)
    assert given.form == "kaldi"


@pytest.mark.parametrize("text", ["npz:out", "out.npz"])
def test_write_specifier_for_npz(text: str) -> None:
    given = parse_write_specifier(text)
    assert (given.form, given.script) == ("npz", None)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "expected ark:<file>"),
        (" t,ark:boo", "blank"),
        ("t,ark:boo ", "blank"),
        ("scp,ark:a,b", "in this order"),
        ("ark,ark:a", "in this order"),
        ("ark,scp:a", "two names"),
        ("ark,o:a", "unknown option 'o'"),
        ("x.scp", "use ark,scp:x.ark,x.scp"),
    ],
)
def test_bad_write_specifier_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(SpecifierError, match=hint):
        parse_write_specifier(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:9", Range((0, 9), None)),
        ("[0:9]", Range((0, 9), None)),
        ("3:7,0:4", Range((3, 7), (0, 4))),
        (":,2:2", Range(None, (2, 2))),
        (":", Range(None, None)),
        ("1:2,:", Range((1, 2), None)),
    ],
)
def test_range(text: str, expected: Range) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["", ",1:1", "1:1,", "3", "5:3", "-1:3", "0:1,0:1,0:1", "0:x", "0:99999999999"])
def test_bad_range_is_refused(text: str) -> None:
    with pytest.raises(SpecifierError, match="range"):
        parse_range(text)


def test_range_takes_inclusive_rows_and_columns() -> None:
    matrix = np.arange(40, dtype=np.float32).reshape(10, 4)
    part = apply_range(matrix, Range((3, 7), (1, 2)))
    np.testing.assert_array_equal(part, matrix[3:8, 1:3])
    assert part.flags.c_contiguous
    part[0, 0] = -1
    assert matrix[3, 1] == 13


@pytest.mark.parametrize(("last", "rows"), [(9, 10), (10, 10), (12, 10)])
def test_rows_may_overrun_by_less_than_three(last: int, rows: int) -> None:
    assert len(apply_range(np.zeros((10, 4)), Range((0, last), None))) == rows
    assert len(apply_range(np.zeros(10), Range((0, last), None))) == rows


@pytest.mark.parametrize("part", [Range((0, 13), None), Range((11, 12), None), Range(None, (0, 4))])
def test_range_beyond_the_matrix_is_refused(part: Range) -> None:
    with pytest.raises(TableFormatError, match="expected to lie within"):
        apply_range(np.zeros((10, 4)), part)


def test_columns_of_a_vector_are_refused() -> None:
    with pytest.raises(TableFormatError, match="vector"):
        apply_range(np.zeros(10), Range((0, 1), (0, 1)))


@pytest.mark.parametrize("text", ["ark:x", "scp:x", "s,cs,ark:copy-matrix x - |", "b, ark:x", "trans.scp", "x.npz"])
def test_what_is_a_table(text: str) -> None:
    assert is_table(text)


@pytest.mark.parametrize("text", ["final.mat", "a.ark:1234", "gunzip -c final.mat.gz |", "-", "x.npy", "cmvn:1"])
def test_what_is_a_file_of_one_object(text: str) -> None:
    assert not is_table(text)

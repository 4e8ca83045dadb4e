"""Descriptors: read, written, brought into the form that Kaldi uses inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.descriptors import format_descriptor, parse_descriptor
from ov_asr_score.kaldi_model.network import (
    Append,
    Const,
    Descriptor,
    Failover,
    IfDefined,
    NodeRef,
    Offset,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)


@pytest.mark.parametrize(
    ("text", "descriptor"),
    [
        ("input", NodeRef("input")),
        ("tdnn1.affine-2", NodeRef("tdnn1.affine-2")),
        ("Append(a, b)", Append((NodeRef("a"), NodeRef("b")))),
        ("Sum(a, b, c)", Sum((NodeRef("a"), NodeRef("b"), NodeRef("c")))),
        ("Offset(a, -3)", Offset(NodeRef("a"), -3)),
        ("Offset(a, 2, 1)", Offset(NodeRef("a"), 2, 1)),
        ("Scale(-0.5, a)", Scale(-0.5, NodeRef("a"))),
        ("Scale(1e-05, a)", Scale(1e-05, NodeRef("a"))),
        ("Const(0.25, 4)", Const(0.25, 4)),
        ("IfDefined(Offset(a, -1))", IfDefined(Offset(NodeRef("a"), -1))),
        ("Failover(Offset(a, 1), a)", Failover(Offset(NodeRef("a"), 1), NodeRef("a"))),
        ("Switch(a, Offset(a, 1))", Switch((NodeRef("a"), Offset(NodeRef("a"), 1)))),
        ("Round(a, 3)", Round(NodeRef("a"), 3)),
        ("ReplaceIndex(ivector, t, 0)", ReplaceIndex(NodeRef("ivector"), "t", 0)),
        ("ReplaceIndex(a, x, 2)", ReplaceIndex(NodeRef("a"), "x", 2)),
    ],
)
def test_forms(text: str, descriptor: Descriptor) -> None:
    assert parse_descriptor(text) == descriptor
    assert format_descriptor(descriptor) == text


@pytest.mark.parametrize("text", ["Append(a,b)", " Append( a ,b ) ", "Append(a\t,  b)"])
def test_blanks_do_not_matter(text: str) -> None:
    assert parse_descriptor(text) == parse_descriptor("Append(a, b)")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        # nnet3-info prints the second form after nnet3-init has read the first.
        ("Append(a, Append(b, c))", "Append(a, b, c)"),
        ("Append(a)", "a"),
        ("Offset(Append(a, b), 1)", "Append(Offset(a, 1), Offset(b, 1))"),
        ("IfDefined(Append(a, b))", "Append(IfDefined(a), IfDefined(b))"),
        ("Sum(Append(a, b), Append(c, d))", "Append(Sum(a, c), Sum(b, d))"),
        ("Failover(Append(a, b), Append(c, d))", "Append(Failover(a, c), Failover(b, d))"),
        ("Switch(Append(a, b), Append(c, d))", "Append(Switch(a, c), Switch(b, d))"),
        ("Scale(2, Append(a, b))", "Append(Scale(2, a), Scale(2, b))"),
        ("Round(Append(a, b), 3)", "Append(Round(a, 3), Round(b, 3))"),
        ("ReplaceIndex(Append(a, b), t, 0)", "Append(ReplaceIndex(a, t, 0), ReplaceIndex(b, t, 0))"),
    ],
)
def test_append_comes_to_the_top(text: str, form: str) -> None:
    assert format_descriptor(parse_descriptor(text)) == form


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a name, found the end"),
        ("Append(", "expected a name, found the end"),
        ("Append()", r"expected a name of a node, found '\)'"),
        ("Append(a", r"expected '\)', found the end"),
        ("Append(a,)", r"expected a name of a node, found '\)'"),
        ("Append(a b)", r"expected '\)', found 'b'"),
        ("a b", "expected the end, found 'b'"),
        ("Append(a, b))", r"expected the end, found '\)'"),
        ("-3", "expected a name of a node, found '-3'"),
        ("3a", "expected a name of a node, found '3a'"),
        ("Foo(a)", "expected Append, Sum, Scale, .*, found 'Foo'"),
        ("append(a)", "expected Append, Sum, Scale, .*, found 'append'"),
        ("Offset(a)", r"expected ',', found '\)'"),
        ("Offset(a, b)", "expected an integer, found 'b'"),
        ("Offset(a, 1.5)", "expected an integer, found '1.5'"),
        ("Offset(a, 99999999999)", "expected an integer, found '99999999999'"),
        ("Offset(a, 1, 2, 3)", r"expected '\)', found ','"),
        ("Scale(a, 2)", "expected a number, found 'a'"),
        ("Scale(2)", r"expected ',', found '\)'"),
        ("Const(1, 0)", "expected an integer of 1 or more, found '0'"),
        ("Const(1, -2)", "expected an integer of 1 or more, found '-2'"),
        ("Round(a, 0)", "expected an integer of 1 or more, found '0'"),
        ("Switch()", r"expected a name of a node, found '\)'"),
        ("Failover(a)", r"expected ',', found '\)'"),
        ("Failover(a, b, c)", r"expected '\)', found ','"),
        ("IfDefined(a, b)", r"expected '\)', found ','"),
        ("ReplaceIndex(a, n, 0)", "expected t or x, found 'n'"),
        ("ReplaceIndex(a, t)", r"expected ',', found '\)'"),
        ("Sum(Append(a, b), c)", "expected arguments of Sum with equally many parts, found 1 and 2"),
    ],
)
def test_what_is_no_descriptor(text: str, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message) as failure:
        parse_descriptor(text)
    assert str(failure.value).startswith("descriptor '")
    assert "\n" not in str(failure.value)


def test_depth_has_an_end() -> None:
    with pytest.raises(ModelFormatError, match="at most 100 nested descriptors"):
        parse_descriptor("IfDefined(" * 5000 + "a" + ")" * 5000)


def test_appends_of_appends_have_an_end() -> None:
    """Each level doubles the parts: a line of a few hundred letters must not fill the memory."""
    text = "a"
    for _ in range(30):
        text = f"Append({text}, {text})"
        if len(text) > 100_000:
            break
    with pytest.raises(ModelFormatError, match="at most 10000 parts"):
        parse_descriptor(text)


@given(st.text(alphabet="Appendfst()xaO, -1.9e\t\n\0é", max_size=60))
def test_any_text_is_a_descriptor_or_an_error(text: str) -> None:
    try:
        descriptor = parse_descriptor(text)
    except ModelFormatError as error:
        assert "\n" not in str(error)
    else:
        assert parse_descriptor(format_descriptor(descriptor)) == descriptor


_NAMES = st.sampled_from(["input", "a", "tdnn1.relu", "_x-1"]).map(NodeRef)
_INTEGERS = st.integers(-(2**31), 2**31 - 1)
_FLOATS = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:g}"))


def _without_append(inner: st.SearchStrategy[Descriptor]) -> st.SearchStrategy[Descriptor]:
    parts = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        parts.map(Sum),
        parts.map(Switch),
        st.builds(Offset, inner, _INTEGERS, _INTEGERS),
        st.builds(Scale, _FLOATS, inner),
        st.builds(IfDefined, inner),
        st.builds(Failover, inner, inner),
        st.builds(Round, inner, st.integers(1, 2**31 - 1)),
        st.builds(ReplaceIndex, inner, st.sampled_from(["t", "x"]), _INTEGERS),
    )


_LEAVES: st.SearchStrategy[Descriptor] = st.one_of(_NAMES, st.builds(Const, _FLOATS, st.integers(1, 2**31 - 1)))
_PLAIN = st.recursive(_LEAVES, _without_append, max_leaves=12)
_DESCRIPTORS = st.one_of(_PLAIN, st.lists(_PLAIN, min_size=2, max_size=4).map(tuple).map(Append))


@given(_DESCRIPTORS)
def test_what_is_written_is_read_again(descriptor: Descriptor) -> None:
    assert parse_descriptor(format_descriptor(descriptor)) == descriptor

"""Lines of a configuration, as util/text-utils.cc reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.reading.config_lines import parse_config_line


@pytest.mark.parametrize(
    ("text", "kind", "settings"),
    [
        ("input-node name=input dim=40", "input-node", {"name": "input", "dim": "40"}),
        ("  input-node\tname=input   dim=40  ", "input-node", {"name": "input", "dim": "40"}),
        (
            "component-node name=a component=b input=Append(x, Offset(y, 1))",
            "component-node",
            {"name": "a", "component": "b", "input": "Append(x, Offset(y, 1))"},
        ),
        ("output-node name=a input=Sum(a, b) objective=linear", "output-node", {"input": "Sum(a, b)"}),
        ("input-node name='a b' dim=\"4 = 5\"", "input-node", {"name": "a b", "dim": "4 = 5"}),
        ("input-node name= dim=4", "input-node", {"name": "", "dim": "4"}),
        ("input-node name=a # comment = 3", "input-node", {"name": "a"}),
        ("input-node name=a name=b", "input-node", {"name": "a"}),
        ("nothing-else", "nothing-else", {}),
        ("x a.b-c_1=1", "x", {"a.b-c_1": "1"}),
    ],
)
def test_lines(text: str, kind: str, settings: dict[str, str]) -> None:
    line = parse_config_line(text)
    assert line is not None
    assert line.kind == kind
    assert settings.items() <= line.settings.items()


@pytest.mark.parametrize("text", ["", "   ", "\t", "# input-node name=input", "  # x"])
def test_lines_that_say_nothing(text: str) -> None:
    assert parse_config_line(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name=input", "expected a word such as component-node"),
        ("3 name=input", "expected a word such as component-node"),
        ("input-node input", "expected name=value, found 'input'"),
        ("input-node =4", "expected name=value, found ''"),
        ("input-node 3=4", "expected name=value, found '3'"),
        ("input-node name='a", "expected a second '"),
        ("\0\1", "expected a word such as component-node"),
    ],
)
def test_what_is_no_line(text: str, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message) as failure:
        parse_config_line(text)
    assert "\n" not in str(failure.value)
    assert str(failure.value).isprintable()


def test_settings_of_a_line() -> None:
    line = parse_config_line("input-node name=input dim=40 empty= big=99999999999 word=x")
    assert line is not None
    assert (line.name("name"), line.integer("dim")) == ("input", 40)
    for name, message in {
        "missing": "expected missing=…, found none",
        "empty": "expected empty=…, found none",
        "big": "expected an integer after big=, found '99999999999'",
        "word": "expected an integer after word=, found 'x'",
    }.items():
        with pytest.raises(ModelFormatError, match=message):
            line.integer(name)
    with pytest.raises(ModelFormatError, match="expected name, dim, found the setting 'empty'"):
        line.check_known(("name", "dim"))


def test_names_can_be_shown() -> None:
    line = parse_config_line("input-node name=a\x1bb dim=4")
    assert line is not None
    with pytest.raises(ModelFormatError, match="expected a printable name") as failure:
        line.name("name")
    assert str(failure.value).isprintable()


@given(st.text(alphabet="ab-=#'\" \t\0\né1", max_size=40))
def test_any_text_is_a_line_or_an_error(text: str) -> None:
    try:
        parse_config_line(text)
    except ModelFormatError as error:
        assert "\n" not in str(error)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.toml.toml_lines import KeyPath, key_lines, parse_toml

TEXT = (
    '''# [not] a = table
top = 1
"quoted \\u0041 # = [" = 'x # ] }'
a.b.c = """
text = 1
[[x]]
""" # d = 3
'lit.eral' = \'\'\'
'''
    + "''two''''"
    + """
list = [ # comment ]
  1, [2,
    3],
  { inner = 1, "other key".deep = "}" },
]
[case]
x = 2024-01-01 10:00:00
[[case.parts]]
y = "a\\"b" # "
[[case.parts]]
[case.parts . "sub part"]
z = -1.5e3
[[case.parts]]
limits = { max_error = 1 }
"""
)


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every key and every element of what a TOML reader gave."""
    found = {path} if path else set()
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found |= paths_of(item, (*path, key))
    return found


def test_every_key_has_its_line() -> None:
    lines = key_lines(TEXT)
    assert set(lines) == paths_of(parse_toml(TEXT))
    numbered = dict(enumerate(TEXT.split("\n"), start=1))
    for path, number in lines.items():
        last = path[-1]
        if isinstance(last, str):
            word = {"quoted A # = [": "quoted"}.get(last, last)
            assert word in numbered[number], (path, number)
    assert lines["top",] == 2
    assert lines["a", "b", "c"] == 4
    assert numbered[lines["case", "parts", 1]] == "[[case.parts]]"
    assert lines["case", "parts", 2, "limits", "max_error"] == len(TEXT.split("\n")) - 1


KEYS = st.text("abc_-1", min_size=1, max_size=3) | st.text("a.\"'= []{}#\\é", max_size=4)
SCALARS = st.integers(-5, 5) | st.booleans() | st.text("a\"'[]{}#=,\n\\", max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def quoted(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def key_text(key: str) -> str:
    return key if key and all(each.isascii() and (each.isalnum() or each in "_-") for each in key) else quoted(key)


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key_text(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", # ] }\n ".join(as_toml(item) + "\n" for item in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower()


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_document(top: dict[str, Any], inner: dict[str, Any]) -> None:
    lines = [f"{key_text(key)} = {as_toml(value)}" for key, value in top.items()]
    lines += [
        "# end of the top",
        '[["new table"]]',
        *(f"{key_text(key)} = {as_toml(value)}" for key, value in inner.items()),
    ]
    text = "\n".join(lines)
    try:
        data = parse_toml(text)
    except ValueError:
        return  # an inline table over several lines
    found = key_lines(text)
    assert set(found) == paths_of(data)
    numbered = text.split("\n")
    for path, number in found.items():
        if len(path) == 1 and path != ("new table",):
            assert numbered[number - 1].startswith(key_text(str(path[0])))


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "a = 1\r\nb = 2\r\n", "a=1#x\n[b]#y\nc=[]"])
def test_small_documents(text: str) -> None:
    assert set(key_lines(text)) == paths_of(parse_toml(text))

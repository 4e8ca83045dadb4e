"""Building blocks of HTML pages: order, escaping, tables, numbers."""

from __future__ import annotations

import base64
import hashlib
import io
import re

import pytest

from ov_asr_score.report.html import page
from ov_asr_score.report.html.page import Html, KeyFigure, PageVerdict, Section
from tests.report.pages import Page, check_self_contained

HOSTILE = "<script>alert('x')</script>&\"'\x1b[31m\u202e\ud800</td></table>"


def written(*sections: Section, subject: str = "model", verdict: PageVerdict | None = None) -> str:
    file = io.StringIO()
    figures = [KeyFigure("largest error", "0.5", "at a"), KeyFigure(HOSTILE, HOSTILE, HOSTILE)]
    page.write_page(file, subject, verdict or PageVerdict(True, "OK"), figures, sections)
    return file.getvalue()


def test_page_order() -> None:
    markup = written(Section("One", Html("<p>a</p>")), Section("None", Html("")), Section("Two", Html("<p>b</p>")))
    parsed = Page(markup)
    order = [tag for tag, _ in parsed.tags if tag in ("h1", "dl", "section")]
    assert order == ["h1", "dl", "section", "section"]
    assert parsed.headings == ["One", "Two"]
    assert parsed.text_of["title"] == ["OK: model"]
    check_self_contained(markup)


@pytest.mark.parametrize(("passed", "kind"), [(True, "passed"), (False, "failed")])
def test_verdict_colour_and_word(passed: bool, kind: str) -> None:
    parsed = Page(written(verdict=PageVerdict(passed, "Word", ["reason one", "reason two"])))
    assert ("header", {"class": kind}) in parsed.tags
    assert parsed.text_of["h1"][0].split()[-1] == "Word"
    assert parsed.text_of["li"] == ["reason one", "reason two"]


def test_all_text_is_escaped() -> None:
    harmless = written(
        Section("t", page.table(["c"], [["a"]], filters="f")),
        Section("u", page.join([page.facts("f", {"n": "v"}), page.lines("note", ["l"])]), "i"),
        verdict=PageVerdict(True, "OK", ["r"]),
    )
    markup = written(
        Section(HOSTILE, page.table([HOSTILE], [[HOSTILE]], filters=HOSTILE)),
        Section("u", page.join([page.facts(HOSTILE, {HOSTILE: HOSTILE}), page.lines("note", [HOSTILE])]), HOSTILE),
        subject=HOSTILE,
        verdict=PageVerdict(True, HOSTILE, [HOSTILE]),
    )
    parsed = Page(markup)
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in Page(harmless).tags]
    shown = "<script>alert('x')</script>&\"'\\x1b[31m\\u202e\\ud800</td></table>"
    assert parsed.tables == [[[shown], [shown]]]
    assert "\x1b" not in markup
    markup.encode()  # no halves of characters


def test_content_security_policy() -> None:
    markup = written()
    policy = next(tag for name, tag in Page(markup).tags if name == "meta" and "http-equiv" in tag)["content"] or ""
    (script,) = re.findall(r"<script>(.*?)</script>", markup, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_table_numbers_align_right_and_sort_numerically() -> None:
    table = page.table(["name", "value"], [["a", 12345], ["b", 0.000123456], ["c", float("inf")], ["d", None]])
    parsed = Page(table)
    assert parsed.tables[0] == [["name", "value"], ["a", "12,345"], ["b", "0.0001235"], ["c", "∞"], ["d", ""]]
    values = [attributes.get("data-v") for tag, attributes in parsed.tags if tag == "td"]
    assert values == [None, "12345", None, "0.000123456", None, "inf", None, None]
    heads = [attributes for tag, attributes in parsed.tags if tag == "th"]
    assert heads == [{"scope": "col"}, {"scope": "col", "class": "n"}]


def test_table_counts_omitted_rows() -> None:
    assert "9,000 more are not in this table" in page.table(["a"], [["x"]], filters="Filter", left_out=9000)
    assert page.table(["a"], []) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (1.5e-7, "1.5e-07"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (1e5, "100,000"),
    ],
)
def test_number_format(value: float, text: str) -> None:
    assert page.number(value) == text

"""The page of word errors."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from ov_asr_score.report.html.word_errors import write_word_errors_page
from tests.report.pages import Page
from tests.report.word_error_reports import FIRST, HOSTILE, SECOND, SWEPT, word_errors_report


def page_of(*hypotheses: object, **options: object) -> tuple[str, Page]:
    file = io.StringIO()
    write_word_errors_page(file, word_errors_report(*hypotheses, **options))  # type: ignore[arg-type]
    assert HOSTILE not in file.getvalue()
    return file.getvalue(), Page(file.getvalue())


def test_one_hypothesis() -> None:
    text, page = page_of(FIRST)
    assert "WER 10.00 %" in page.text_of["h1"][0]
    assert page.text_of["b"] == ["grüße", "日本", "\u00a0", "weg"]
    assert page.text_of["i"] == ["grüße", HOSTILE, "a", "\u00a0"]
    kinds = re.findall(r'<span class="(equal|substituted|inserted|deleted)">', text)
    assert kinds == ["equal", "substituted", "inserted", "deleted"]
    tables = {tuple(table[0]): table[1:] for table in page.tables}
    assert tables["substituted", "by", "times"] == [["日本", "x", "1,234"]]
    assert tables["deleted", "times"] == [["weg", "2"]]
    assert tables["inserted", "times"] == [["a", "1"]]
    assert ["ann", "30", "100", "12", "3", "10", "1"] in [row for rows in tables.values() for row in rows]
    assert {"5.25 – 15.75", "6.00", "50.00"} <= set(page.text_of["dd"])
    assert "%WER 10.00 [ 4 / 40, 1 ins, 2 del, 1 sub ]" in page.text_of["pre"][0]
    assert "a note" in page.text_of["li"]


def test_characters_have_a_column_where_they_are_counted() -> None:
    for characters in (FIRST.speakers[0].characters, None):
        speakers = [replace(each, characters=characters) for each in FIRST.speakers]
        _, page = page_of(replace(FIRST, speakers=speakers))
        heads = next(table[0] for table in page.tables if table[0][0] == "speaker")
        assert ("CER, %" in heads) is (characters is not None)


def test_a_sweep() -> None:
    _, page = page_of(SWEPT)
    tables = {tuple(table[0]): table[1:] for table in page.tables}
    assert tables["weight", "penalty 0", "penalty 0.5"] == [["4", "10", "10"], ["8.5", "20", "20"]]
    assert "The best: weight 4, penalty 0.5." in page.text_of["p"]


def test_two_hypotheses_and_failures() -> None:
    _, page = page_of(FIRST, SECOND, failures=("new.txt: too bad",))
    assert "Failed: WER 10.00 %, nan %" in page.text_of["h1"][0]
    assert "new.txt: too bad" in page.text_of["li"]
    assert "hyp.txt → new.txt" in page.text_of["h3"]
    assert {"97.5", "0.2188"} <= set(page.text_of["dd"])

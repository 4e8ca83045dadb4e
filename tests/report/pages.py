"""HTML pages parsed by Python's html.parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# What an HTML document may leave open.
_VOID = {"meta", "link", "input", "br", "use", "path", "image"}


class Page(HTMLParser):
    """Texts by tag, tags with their attributes, and tables as lists of rows; unbalanced tags fail the test."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text_of: dict[str, list[str]] = {}
        self.tables: list[list[list[str]]] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text_of.setdefault(tag, []).append("")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open, tag
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.text_of[tag][-1] += data
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    @property
    def headings(self) -> list[str]:
        return [text.strip() for text in self.text_of.get("h2", [])]


def check_self_contained(markup: str) -> None:
    """Nothing in the page names another place: no address, no file, no import."""
    without_pictures = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=\s]*", "", markup)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", without_pictures, re.IGNORECASE)
    for tag, attributes in Page(markup).tags:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            target = attributes.get(name) or ""
            assert not target or target.startswith(("data:image/png;base64,", "data:,", "#")), (tag, target)

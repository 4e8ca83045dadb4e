"""A self-contained page: verdict, key figures, then sections.

All escaping is done here: functions that take ``str`` accept any text, and markup has its own type.
"""

from __future__ import annotations

import base64
import hashlib
import html
import math
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TextIO, TypeAlias

from ov_asr_score import __version__


class Html(str):
    """Markup that is safe to show: made by this module or by ``charts``."""

    __slots__ = ()


Cell: TypeAlias = str | int | float | None

_ORDER = ' aria-sort="descending"'
_MAX_LARGE = 9  # characters of a key figure that fit in the large font


@dataclass(frozen=True, slots=True)
class PageVerdict:
    """The top of the page: ``passed`` determines the colour, ``word`` is shown large, ``reasons`` below it."""

    passed: bool
    word: str
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A key figure with its name and a note below it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section with a heading; sections with an empty body are left out."""

    title: str
    body: Html
    intro: str = ""


def write_page(
    file: TextIO, subject: str, verdict: PageVerdict, figures: Sequence[KeyFigure], sections: Iterable[Section]
) -> None:
    """Write the page to an open text file, in the order of the arguments. Passes OSError on."""
    write_document(file, f"{verdict.word}: {subject}", _parts(subject, verdict, figures, sections), ["page"])


def write_document(
    file: TextIO, title: str, parts: Iterable[str], looks: Sequence[str], *, media_sources: str = ""
) -> None:
    """Write an HTML document with the markup ``parts`` to an open text file. Passes OSError on.

    ``looks`` name the style sheets in this folder, the last of them the script, too. ``media_sources`` are places of
    sound, in the words of a Content-Security-Policy.
    """
    style = "".join(files(__package__).joinpath(f"{name}.css").read_text("utf-8") for name in looks)
    script = files(__package__).joinpath(f"{looks[-1]}.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # The browser itself refuses to load anything or to run any other script.
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    if media_sources:
        policy += f"; media-src {media_sources}"
    file.write(
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta name="generator" content="ov-asr-score {escape(__version__)}">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
    )
    for part in parts:
        file.write(part)
    file.write(
        f"<footer>ov-asr-score {escape(__version__)}</footer>\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _parts(
    subject: str, verdict: PageVerdict, figures: Sequence[KeyFigure], sections: Iterable[Section]
) -> Iterator[str]:
    yield _verdict(subject, verdict)
    yield key_figures(figures)
    for section in sections:
        if section.body:
            intro = f'<p class="intro">{escape(section.intro)}</p>\n' if section.intro else ""
            yield f"<section>\n<h2>{escape(section.title)}</h2>\n{intro}{section.body}\n</section>\n"


def key_figures(figures: Sequence[KeyFigure]) -> Html:
    """A row of key figures; empty for none."""
    return Html('<dl class="figures">\n' + "".join(map(_figure, figures)) + "</dl>\n" if figures else "")


def escape(text: str) -> Html:
    """The text as markup; control characters and lone surrogates are shown as escapes."""
    shown = "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)
    return Html(html.escape(shown))


def join(parts: Iterable[Html]) -> Html:
    """The parts that are not empty, one per line."""
    return Html("\n".join(part for part in parts if part))


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    filters: str = "",
    left_out: int = 0,
    descending: str = "",
) -> Html:
    """A table that sorts on a click on a header, in a scrollable box; empty without rows.

    Numbers are right-aligned and sort numerically. ``filters`` is the label of a field that filters rows by their text,
    ``left_out`` the number of further rows that are not shown, and ``descending`` the column by which rows are sorted.
    """
    if not rows:
        return Html("")
    numeric = [any(_is_number(row[index]) for row in rows) for index in range(len(heads))]
    head = "".join(
        f'<th scope="col"{_right(number)}{_ORDER if name == descending else ""}>'
        f'<button type="button">{escape(name)}</button></th>'
        for name, number in zip(heads, numeric, strict=True)
    )
    body = "\n".join(
        "<tr>" + "".join(_cell(value, number) for value, number in zip(row, numeric, strict=True)) + "</tr>"
        for row in rows
    )
    tools = ""
    if filters:
        more = f" ({left_out:,} more are not in this table)" if left_out else ""
        tools = (
            f'<p class="tools"><input type="search" placeholder="{escape(filters)}" aria-label="{escape(filters)}">'
            f"<span><output>{len(rows):,}</output> of {len(rows):,} rows{more}</span></p>\n"
        )
    return Html(
        f'<div class="sortable">{tools}<div class="scroll" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div></div>"
    )


def facts(title: str, named: Mapping[str, object]) -> Html:
    """A list of names and values under a small heading; values that are None or empty are left out."""
    texts = {name.replace("_", " "): phrase(value) for name, value in named.items() if value is not None}
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in texts.items() if text)
    return Html(f'<div class="facts"><h3>{escape(title)}</h3><dl>{lines}</dl></div>' if lines else "")


def grid(parts: Iterable[Html]) -> Html:
    """Parts in a grid, filled row by row."""
    return _within("grid", parts)


def columns(parts: Iterable[Html]) -> Html:
    """Parts in two columns where the page is wide enough, filled column by column."""
    return _within("columns", parts)


def command_line(words: Sequence[str]) -> Html:
    """A command line, quoted for the shell; empty without words."""
    return Html(f'<p class="command"><code>{escape(shlex.join(words))}</code></p>' if words else "")


def lines(kind: str, texts: Sequence[str]) -> Html:
    """A list of lines in the style ``note`` or ``bad``; empty without texts."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return Html(f'<ul class="{kind}">{items}</ul>' if items else "")


def figure(chart: Html, caption: Html) -> Html:
    """A chart with its caption above it."""
    return Html(f'<figure><figcaption>{caption}</figcaption><div class="scroll" tabindex="0">{chart}</div></figure>')


def share_bar(share: float) -> Html:
    """A bar whose length is ``share`` (0 to 1), and the percentage; sorts as a number."""
    percent = 100 * min(max(share, 0.0), 1.0)
    return Html(f'<i class="bar" style="--share:{percent:.2f}%"></i><data value="{percent:.6g}">{percent:.1f}%</data>')


def phrase(value: object) -> str:
    """A value as text: lists and mappings separated by commas, numbers rounded."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={phrase(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(phrase, value))
    if _is_number(value):
        return number(value)  # type: ignore[arg-type]
    return str(value)


def percentage(share: float) -> float:
    """``share`` in percent, rounded down, so that only 1 is shown as 100 %."""
    return math.floor(share * 1e4) / 1e2


def number(value: float) -> str:
    """A rounded number: integers with thousands separators, others with four significant digits."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return {"inf": "∞", "-inf": "−∞"}.get(str(value), "NaN")
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _within(kind: str, parts: Iterable[Html]) -> Html:
    inner = join(parts)
    return Html(f'<div class="{kind}">\n{inner}\n</div>' if inner else "")


def _verdict(subject: str, verdict: PageVerdict) -> str:
    kind, sign = ("passed", "✓") if verdict.passed else ("failed", "✕")
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in verdict.reasons)
    return (
        f'<header class="{kind}">\n<p class="subject">{escape(subject)}</p>\n'
        f'<h1><span aria-hidden="true">{sign}</span> {escape(verdict.word)}</h1>\n'
        + (f"<ul>{reasons}</ul>\n" if reasons else "")
        + "</header>\n"
    )


def _figure(figure: KeyFigure) -> str:
    note = f'<dd class="note">{escape(figure.note)}</dd>' if figure.note else ""
    long = ' class="long"' if len(figure.value) > _MAX_LARGE else ""
    return f"<div><dt>{escape(figure.name)}</dt><dd{long}>{escape(figure.value)}</dd>{note}</div>\n"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _right(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _cell(value: Cell, numeric: bool) -> str:
    if value is None:
        return f"<td{_right(numeric)}></td>"
    if isinstance(value, int | float):
        return f'<td{_right(numeric)} data-v="{float(value):.9g}">{number(value)}</td>'
    return f"<td{_right(numeric)}>{value if isinstance(value, Html) else escape(value)}</td>"

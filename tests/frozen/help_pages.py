"""Pages of ``--help`` in a form that does not depend on how Typer and rich draw them."""

from __future__ import annotations

import re
from importlib.metadata import version

from tests.frozen.command_line import HELP_WIDTH, commands, run_main

_FRAME = re.compile("[\u2500-\u257f]")
_TYPES = re.compile(r"(?:<(?:bool|str|int|float)(?: [^>]*)?>|\b(?:TEXT|INTEGER|FLOAT|BOOLEAN)\b)(?: RANGE)?")
_CHOICES = re.compile(r"<([\w.-]+(?:\|[\w.-]+)+)>")
_CONTINUES = 12  # blanks before a line that goes on with the text of an option


def pages() -> dict[str, str]:
    """The page of the program itself (``root``) and of each command."""
    found = {"root": page()}
    return found | {name: page(name) for name in commands()}


def page(*words: str) -> str:
    """A page with one line for a paragraph or an option, without frames, widths and the types' notation."""
    finished = run_main(*words, "--help", width=HELP_WIDTH)
    assert finished.code == 0, finished.stderr
    return normalized(finished.stdout)


def normalized(text: str) -> str:
    """``text`` with lines that were broken to fit the width joined again."""
    lines: list[str] = []
    joins = in_list = False
    for raw in text.splitlines():
        line = _FRAME.sub(" ", raw)
        words = " ".join(line.split())
        if not words:
            joins = in_list = False
            continue
        heading = (line[0] != raw[0] and not raw.startswith("\u2502")) or words in ("Options:", "Commands:")
        entry = in_list and len(line) - len(line.lstrip()) < _CONTINUES
        if joins and not heading and not entry:
            lines[-1] += f" {words}"
        else:
            lines.append(words)
        joins, in_list = not heading, in_list or heading
    return "".join(f"{' '.join(_plain_types(line).split())}\n" for line in lines)


def _plain_types(line: str) -> str:
    line = _CHOICES.sub(r"[\1]", _TYPES.sub(" ", line))
    return re.sub(r"\{(\S+)\}", r"\1", line).replace("......", "...") if line.startswith("Usage:") else line


def comparable(text: str) -> str:
    """``text`` without the lines of arguments where Typer is too old to say of them what it says now."""
    if tuple(map(int, version("typer").split(".")[:2])) >= (0, 29):
        return text
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("* "))

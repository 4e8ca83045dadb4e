from __future__ import annotations

import pytest

from tests.frozen.command_line import FROZEN, commands
from tests.frozen.help_pages import comparable, normalized, page

RECORDED = {path.stem: path.read_text(encoding="utf-8") for path in (FROZEN / "help").glob("*.txt")}


def test_every_command_has_a_page_of_its_own() -> None:
    assert set(RECORDED) == {"root", *commands()}


@pytest.mark.parametrize("command", sorted(RECORDED))
def test_help_says_what_it_said(command: str) -> None:
    found = page(*([] if command == "root" else [command]))
    assert comparable(found) == comparable(RECORDED[command])


def test_widths_and_frames_do_not_matter() -> None:
    wide = "╭─ Options ───────╮\n│ --seconds   S  <float>  Time for all of it. │\n╰─────╯\n"
    narrow = "╭─ Options ─╮\n│ --seconds   S  FLOAT  Time for    │\n│                       all of it. │\n╰────╯\n"
    assert normalized(wide) == normalized(narrow) == "Options\n--seconds S Time for all of it.\n"

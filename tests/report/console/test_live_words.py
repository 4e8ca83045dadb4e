"""Words on terminals and in pipes, final or not."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from ov_asr_score.report.console.live_words import LiveWords
from ov_asr_score.transcript.transcript import Alternative, Segment, Word

FINAL = Segment(
    "stdin-0001",
    0.0,
    1.0,
    (Alternative((Word("turn", 0.1, 0.4, 0.9), Word("left", 0.4, 0.9, 0.75))),),
    recording="stdin",
)


def consoles(*, terminal: bool, width: int = 80) -> tuple[Console, Console]:
    words = Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=width,
        highlight=False,
        color_system=None,
        _environ={"TERM": "xterm"},
    )
    return words, Console(file=io.StringIO(), width=200, highlight=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def speak(words: LiveWords) -> None:
    with words as listener:
        for partial in ("turn", "turn", "turn left"):
            listener.partial(partial)
        listener.final(FINAL)
        listener.note("sound was lost")


def test_pipes_get_final_words_alone() -> None:
    words, notes = consoles(terminal=False)
    speak(LiveWords(words, notes))
    assert text(words) == "turn left\n"
    assert text(notes) == "note: sound was lost\n"


def test_changes_in_lines_where_they_are_asked_for() -> None:
    words, notes = consoles(terminal=False)
    speak(LiveWords(words, notes, "always"))
    assert text(words) == "turn left\n"
    assert text(notes) == "… turn\n… turn left\nnote: sound was lost\n"


def test_each_word_with_its_times() -> None:
    words, notes = consoles(terminal=False)
    speak(LiveWords(words, notes, each_word=True))
    assert [line.split() for line in text(words).splitlines()] == [
        ["stdin", "1", "0.10", "0.30", "turn", "0.90"],
        ["stdin", "1", "0.40", "0.50", "left", "0.75"],
    ]


def test_terminals_show_words_in_place() -> None:
    words, notes = consoles(terminal=True)
    speak(LiveWords(words, notes))
    shown = text(words)
    assert shown.index("turn") < shown.index("turn left") < shown.rindex("turn left")
    assert "\x1b[2K" in shown  # the line is cleared before it is written anew
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", shown)
    assert "turn left\n" in plain


@pytest.mark.parametrize("terminal", [True, False])
def test_words_that_change_can_be_left_out(terminal: bool) -> None:
    words, notes = consoles(terminal=terminal)
    speak(LiveWords(words, notes, "never"))
    assert text(words) == "turn left\n"


def test_long_words_stay_in_one_line() -> None:
    words, notes = consoles(terminal=True, width=20)
    with LiveWords(words, notes) as listener:
        listener.partial("one two three four five six")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", text(words))
    assert "… four five six" in shown and "three" not in shown


def test_terminals_are_not_obeyed_by_words() -> None:
    words, notes = consoles(terminal=True)
    with LiveWords(words, notes) as listener:
        listener.partial("\x1b[31mred\n")
    assert "\x1b[31m" not in text(words)

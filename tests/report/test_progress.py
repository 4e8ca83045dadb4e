from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from ov_asr_score.report.progress import ScoringProgress


class Clock:
    """Seconds that pass only when told to, and how often they were looked at."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def console_for(terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=100, force_terminal=terminal, _environ={"TERM": "xterm"}), file


def run(
    seconds_and_frames: list[tuple[float, int]],
    *,
    terminal: bool = False,
    total: int | None = None,
    quiet: bool = False,
) -> str:
    clock = Clock()
    console, file = console_for(terminal)
    with ScoringProgress(total=total, quiet=quiet, console=console, clock=clock) as progress:
        for seconds, frames in seconds_and_frames:
            clock.now += seconds
            progress.update(1, frames)
    return file.getvalue()


def test_outside_a_terminal_one_plain_line_every_ten_seconds() -> None:
    text = run([(4.0, 1000)] * 7, total=14)
    assert text.splitlines() == [
        "utterances 3/14, 250 frames/s, RTF 0.4, 12 s elapsed, 44 s left",
        "utterances 6/14, 250 frames/s, RTF 0.4, 24 s elapsed, 32 s left",
    ]


def test_without_a_total_there_is_no_time_left() -> None:
    assert run([(10.0, 20000)]) == "utterances 1, 2,000 frames/s, RTF 0.05, 10 s elapsed\n"


def test_more_utterances_than_expected_leave_no_negative_time() -> None:
    assert run([(5.0, 10), (5.0, 10)], total=1).endswith(", 0 s left\n")


def test_a_short_run_prints_nothing_outside_a_terminal() -> None:
    assert run([(1.0, 1000)] * 9, total=9) == ""


def test_utterances_without_frames_do_not_divide_by_zero() -> None:
    assert run([(11.0, 0)]) == "utterances 1, 0 frames/s, 11 s elapsed\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    clock = Clock()
    with ScoringProgress(console=console, clock=clock) as progress:
        clock.now += 10.0
        progress.update(1, 1000)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "utterances 1, 100 frames/s, RTF 1, 10 s elapsed\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_shows_nothing(terminal: bool) -> None:
    assert run([(60.0, 1000)] * 3, terminal=terminal, total=3, quiet=True) == ""


def test_on_a_terminal_a_bar_shows_counts_and_speed_and_goes_away() -> None:
    text = run([(1.0, 500)] * 4, terminal=True, total=4)
    final = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "4/4" in final
    assert "500 frames/s, RTF 0.2" in final
    assert text.rstrip("\r\n").endswith("\x1b[2K")  # the bar's line is erased last
    assert "\x1b[?25h" in text  # and the cursor is back


def test_the_bar_goes_away_when_the_run_fails() -> None:
    console, file = console_for(terminal=True)
    with pytest.raises(ValueError, match="broken"), ScoringProgress(total=3, console=console) as progress:
        progress.update(1, 10)
        raise ValueError("broken")
    assert file.getvalue().rstrip("\r\n").endswith("\x1b[2K")


def test_standard_output_is_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    stdout = sys.stdout
    console, _ = console_for(terminal=True)
    with ScoringProgress(console=console) as progress:
        progress.update(1, 10)
        assert sys.stdout is stdout
    assert capsys.readouterr().out == ""


def test_counts_are_there_for_the_caller() -> None:
    console, _ = console_for(terminal=False)
    with ScoringProgress(console=console) as progress:
        progress.update(2, 30)
        progress.update(1, 5)
    assert (progress.utterances, progress.frames) == (3, 35)


def test_updates_between_refreshes_draw_nothing() -> None:
    clock = Clock()
    console, file = console_for(terminal=False)
    with ScoringProgress(console=console, clock=clock) as progress:
        clock.now += 10.0
        for _ in range(1000):
            progress.update(1, 10)
    assert len(file.getvalue().splitlines()) == 1

"""Progress on a terminal and in a log file."""

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


def test_log_file_gets_a_line_every_ten_seconds() -> None:
    text = run([(4.0, 1000)] * 7, total=14)
    assert text.splitlines() == [
        "utterances 3/14, 250 frames/s, RTF 0.4, 12 s elapsed, 44 s left",
        "utterances 6/14, 250 frames/s, RTF 0.4, 24 s elapsed, 32 s left",
    ]


def test_unknown_total_shows_no_time_left() -> None:
    assert run([(10.0, 20000)]) == "utterances 1, 2,000 frames/s, RTF 0.05, 10 s elapsed\n"


def test_time_left_is_never_negative() -> None:
    assert run([(5.0, 10), (5.0, 10)], total=1).endswith(", 0 s left\n")


def test_short_run_prints_nothing_to_log_file() -> None:
    assert run([(1.0, 1000)] * 9, total=9) == ""


def test_utterances_without_frames() -> None:
    assert run([(11.0, 0)]) == "utterances 1, 0 frames/s, 11 s elapsed\n"


def test_dumb_terminal_gets_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    clock = Clock()
    with ScoringProgress(console=console, clock=clock) as progress:
        clock.now += 10.0
        progress.update(1, 1000)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "utterances 1, 100 frames/s, RTF 1, 10 s elapsed\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet(terminal: bool) -> None:
    assert run([(60.0, 1000)] * 3, terminal=terminal, total=3, quiet=True) == ""


def test_terminal_bar_is_transient() -> None:
    text = run([(1.0, 500)] * 4, terminal=True, total=4)
    final = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "4/4" in final
    assert "500 frames/s, RTF 0.2" in final
    assert text.rstrip("\r\n").endswith("\x1b[2K")  # the bar's line is erased last
    assert "\x1b[?25h" in text  # and the cursor is back


def test_bar_is_removed_when_run_fails() -> None:
    console, file = console_for(terminal=True)
    with pytest.raises(ValueError, match="broken"), ScoringProgress(total=3, console=console) as progress:
        progress.update(1, 10)
        raise ValueError("broken")
    assert file.getvalue().rstrip("\r\n").endswith("\x1b[2K")


def test_standard_output_is_untouched(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    stdout = sys.stdout
    console, _ = console_for(terminal=True)
    with ScoringProgress(console=console) as progress:
        progress.update(1, 10)
        assert sys.stdout is stdout
    assert capsys.readouterr().out == ""


def test_counts_are_public() -> None:
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

"""How far a run has come, on standard error: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_BAR_SECONDS = 0.25
_LINE_SECONDS = 10.0


class ScoringProgress:
    """Shows utterances done, speed, elapsed time and, when ``total`` utterances are known, the time left.

    Use it as a context manager and call ``update`` after each utterance or group of them; the calls between two
    refreshes only add two numbers. On a terminal it draws a bar, which is gone at the end; elsewhere it prints a line
    at most every ten seconds; with ``quiet`` it shows nothing. ``frame_shift_seconds`` is the speech that a frame
    stands for. ``console`` (standard error unless given) and ``clock`` (seconds) are there for tests.
    """

    def __init__(
        self,
        *,
        total: int | None = None,
        frame_shift_seconds: float = 0.01,
        quiet: bool = False,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is shown before the ``with`` block begins."""
        self.utterances = 0
        self.frames = 0
        self._total = total
        self._frame_shift_seconds = frame_shift_seconds
        self._quiet = quiet
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._started = 0.0
        self._next_refresh = math.inf
        self._interval = math.inf  # until the block begins, and always when quiet: never
        self._show: Callable[[float], None] = self._print_line
        self._cleanup = ExitStack()

    def __enter__(self) -> ScoringProgress:
        """The progress itself, its clock started."""
        if not self._quiet:
            if self._console.is_terminal and not self._console.is_dumb_terminal:
                self._interval, self._show = _BAR_SECONDS, self._start_bar()
            else:
                self._interval, self._show = _LINE_SECONDS, self._print_line
        self._started = self._clock()
        self._next_refresh = self._started + self._interval
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._cleanup.close()

    def update(self, utterances: int, frames: int) -> None:
        """Add what was finished since the last call: so many utterances with so many frames together."""
        self.utterances += utterances
        self.frames += frames
        now = self._clock()
        if now >= self._next_refresh:
            self._next_refresh = now + self._interval
            self._show(now - self._started)

    def _start_bar(self) -> Callable[[float], None]:
        progress = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            console=self._console,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,  # standard output may be an archive
        )
        self._cleanup.enter_context(progress)
        task = progress.add_task("", total=self._total, speed="")

        def show(seconds: float) -> None:
            progress.update(task, completed=self.utterances, speed=self._speed(seconds))

        return show

    def _print_line(self, seconds: float) -> None:
        done = f"{self.utterances}" if self._total is None else f"{self.utterances}/{self._total}"
        line = f"utterances {done}, {self._speed(seconds)}, {seconds:.0f} s elapsed"
        if self._total is not None and self.utterances:
            left = seconds * max(0, self._total - self.utterances) / self.utterances
            line += f", {left:.0f} s left"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _speed(self, seconds: float) -> str:
        if not self.frames or seconds <= 0:
            return "0 frames/s"
        real_time_factor = seconds / (self.frames * self._frame_shift_seconds)
        return f"{self.frames / seconds:,.0f} frames/s, RTF {real_time_factor:.2g}"

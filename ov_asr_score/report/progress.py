"""Progress of a run on standard error: a bar on a terminal, otherwise a line every ten seconds."""

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
    """Shows finished utterances, speed, elapsed time and, if the ``total`` number is known, the time left.

    Use it as a context manager and call ``update`` after each utterance or group of utterances; calls between two
    refreshes only add two numbers. On a terminal it draws a bar, removed at the end; elsewhere it prints a line
    at most every ten seconds; with ``quiet`` it shows nothing. ``frame_shift_seconds`` is the duration of speech per
    frame. ``console`` (by default standard error) and ``clock`` (seconds) are parameters for tests.
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
        """Start without output; the ``with`` block begins it."""
        self.utterances = 0
        self.frames = 0
        self._total = total
        self._frame_shift_seconds = frame_shift_seconds
        self._quiet = quiet
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._started = 0.0
        self._next_refresh = math.inf
        self._interval = math.inf  # never: before the block begins, and with ``quiet``
        self._show: Callable[[float], None] = self._print_line
        self._cleanup = ExitStack()

    def __enter__(self) -> ScoringProgress:
        """This object, with its clock started."""
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
        """Remove the bar."""
        self._cleanup.close()

    def update(self, utterances: int, frames: int) -> None:
        """Add the utterances finished since the last call, and their total number of frames."""
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

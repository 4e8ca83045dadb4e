"""The console that reports go to.

Tests: tests/cli/test_careful_use.py
"""

from __future__ import annotations

from rich.console import Console


class ReportConsole(Console):
    """A console for reports, on standard output unless ``stderr``; raises BrokenPipeError when its reader is gone."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Numbers and paths are not coloured: a report reads the same everywhere."""
        super().__init__(stderr=stderr, highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise the error again, where rich would leave with exit code 1: a failed comparison."""
        raise BrokenPipeError

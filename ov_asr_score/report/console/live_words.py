"""Words on the console while somebody speaks."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.text import Text

from ov_asr_score.report.console.run import render_line
from ov_asr_score.text import printable_name
from ov_asr_score.transcript.lines.ctm import ctm
from ov_asr_score.transcript.transcript import Segment, Transcript


class LiveWords:
    """Prints words that are final, a line for each utterance, on ``console``; notes go to ``notes``.

    Words that are not final yet stand in the last line of a terminal, where they are rewritten in place; elsewhere each
    change is a line of ``notes`` if ``partials`` is ``always``. With ``each_word`` utterances are lines of CTM.
    """

    def __init__(
        self,
        console: Console,
        notes: Console,
        partials: Literal["auto", "always", "never"] = "auto",
        *,
        each_word: bool = False,
    ) -> None:
        """Print nothing yet."""
        self._console, self._notes, self._each_word = console, notes, each_word
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal and partials != "never":
            self._live = Live(console=console, auto_refresh=False, transient=True)
        self._in_lines = partials == "always" and self._live is None
        self._last = ""

    def __enter__(self) -> LiveWords:
        """Itself, with a line of the terminal for words that are not final."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was, with the words that are final."""
        if self._live is not None:
            self._live.stop()

    def partial(self, text: str) -> None:
        """Show the words that may still change."""
        if text == self._last:
            return
        self._last = text
        if self._live is not None:
            self._live.update(Text(_tail(text, self._console.width), style="dim", no_wrap=True), refresh=True)
        elif self._in_lines and text:
            render_line(self._notes, f"… {text}")

    def final(self, segment: Segment) -> None:
        """Print the words of an utterance, which reach their reader at once. Raises BrokenPipeError."""
        self.partial("")
        lines = ctm(Transcript((segment,))).splitlines() if self._each_word else [segment.text]
        for line in lines:
            render_line(self._console, line)
        self._console.file.flush()

    def note(self, text: str) -> None:
        """Print what does not stop the listening."""
        render_line(self._notes, f"note: {text}", "yellow")


def _tail(text: str, width: int) -> str:
    """The last words that fit into a line."""
    shown = printable_name(text) if text else ""
    if cell_len(shown) < width:
        return shown
    words = shown.split(" ")
    while len(words) > 1 and cell_len(" ".join(words)) + 2 >= width:
        del words[0]
    return f"… {' '.join(words)}"

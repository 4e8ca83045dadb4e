"""Runs the command line inside the test process, or in a separate process where that matters."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from ov_asr_score.cli.app import make_app
from ov_asr_score.cli.spellings import modern_arguments

ROOT = Path(__file__).parent.parent
MODELS, DATA = ROOT / "models", ROOT / "data"
COMMAND = [sys.executable, "-m", "ov_asr_score"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command line did."""

    code: int
    stdout_bytes: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        """Standard output as text."""
        return self.stdout_bytes.decode()

    @property
    def error(self) -> str:
        """The only line on standard error, which must be an ``error:``; without that word."""
        assert self.stderr.startswith("error: "), self.stderr
        assert self.stderr.count("\n") == 1, self.stderr
        return self.stderr.removeprefix("error: ").rstrip("\n")


def run(*arguments: str | Path, stdin: bytes = b"") -> Outcome:
    """Outcome of a command line; a traceback fails the test, whatever it expects."""
    words = modern_arguments([str(argument) for argument in arguments])
    result = CliRunner().invoke(make_app(), words, input=stdin, catch_exceptions=False, prog_name="ov-asr-score")
    assert "Traceback" not in result.stderr, result.stderr
    return Outcome(result.exit_code, result.stdout_bytes, result.stderr)


def run_process(*arguments: str | Path, stdin: bytes = b"", **options: object) -> Outcome:
    """Outcome of a command line in a process of its own."""
    words = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(words, input=stdin, capture_output=True, check=False, cwd=ROOT, **options)  # type: ignore[call-overload]
    stderr = done.stderr.decode()
    assert "Traceback" not in stderr, stderr
    return Outcome(done.returncode, done.stdout, stderr)


def names_in(folder: Path) -> list[str]:
    """Names of everything in a folder, hidden and temporary files too."""
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def interruptible() -> Iterator[None]:
    """Processes that are started in here can be interrupted.

    A shell that runs the tests in the background has Ctrl-C ignored, nohup the end of the terminal; a process would
    inherit that, and rightly go on.
    """
    previous = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

"""One line on standard error and a documented exit code for everything that stops a command."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, MappingProxyType
from typing import NoReturn

import typer

from ov_asr_score.cli.naming import in_option_names
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.settings.setting import Setting

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_CANNOT_GO_ON = 3
EXIT_INTERRUPTED = 130
TRACEBACK_VARIABLE = "OV_ASR_SCORE_TRACEBACK"

# Sent by schedulers, `docker stop` and closing terminals; Ctrl-C is a KeyboardInterrupt by itself.
_STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def explained_failures(options: Mapping[str, Setting] = MappingProxyType({})) -> Iterator[None]:
    """Turn what a command with these ``options`` raises into one line and an exit code.

    0 success, 1 comparison failed or utterances failed, 2 wrong usage, 3 cannot continue, 130 interrupted (Ctrl-C,
    SIGTERM, SIGHUP). With ``OV_ASR_SCORE_TRACEBACK=1`` in the environment the traceback of an error is printed, too.
    """
    try:
        with _signals_interrupt():
            yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        fail("interrupted; no incomplete file was left under its final name", EXIT_INTERRUPTED)
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        _fail_because(error, options)


def fail(message: str, code: int) -> NoReturn:
    """Print ``error: message`` on standard error, as one line, and leave with ``code``."""
    say(f"error: {message}")
    raise typer.Exit(code) from None


def say(message: str) -> None:
    """Print a line on standard error, with escapes for what it cannot show or a terminal would obey."""
    encoding = sys.stderr.encoding or "utf-8"
    line = " ".join(message.splitlines()).encode(encoding, "backslashreplace").decode(encoding)
    typer.echo("".join(each if each.isprintable() else ascii(each)[1:-1] for each in line), err=True)


def _fail_because(error: Exception, options: Mapping[str, Setting]) -> NoReturn:
    match error:
        case OvAsrScoreError():
            fail(in_option_names(error, options), error.exit_code)
        case BrokenPipeError():
            # Python flushes once more at its end, and would complain in its own words
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            fail("standard output was closed by its reader", EXIT_CANNOT_GO_ON)
        case OSError():
            fail(f"{error.filename or 'standard output'}: {error.strerror or error}", EXIT_CANNOT_GO_ON)
        case MemoryError():
            fail("not enough memory; use a smaller --batch-size or split long utterances", EXIT_CANNOT_GO_ON)
        case _:
            # 1, the exit code that Python would give, means a failed comparison here
            if not os.environ.get(TRACEBACK_VARIABLE):
                traceback.print_exc()
            fail("internal error in ov-asr-score; please report the traceback above", EXIT_CANNOT_GO_ON)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let the signals that end a process raise KeyboardInterrupt, so that temporary files are removed."""
    # nohup ignores SIGHUP, and so it must stay
    numbers = [number for number in _STOPPING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt

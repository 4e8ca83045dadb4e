"""One line on standard error and a documented exit code for everything that stops a command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from ov_asr_score.errors import OvAsrScoreError

EXIT_FAILED = 1
EXIT_CANNOT_GO_ON = 3
EXIT_INTERRUPTED = 130
TRACEBACK_VARIABLE = "OV_ASR_SCORE_TRACEBACK"


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turn what a command raises into one line and an exit code.

    0 fine, 1 comparison failed or utterances failed, 2 wrong use, 3 cannot go on, 130 interrupted (Ctrl-C, SIGTERM).
    Set ``OV_ASR_SCORE_TRACEBACK=1`` to see where an error comes from.
    """
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except OvAsrScoreError as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted; nothing unfinished was left under a final name", EXIT_INTERRUPTED)
    except MemoryError:
        fail("not enough memory; use a smaller --batch-size or split long utterances", EXIT_CANNOT_GO_ON)
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # whoever read our standard output is gone; Python would complain once more when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        fail("standard output was closed by its reader", EXIT_CANNOT_GO_ON)
    except OSError as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        fail(f"{error.filename or 'input or output'}: {error.strerror or error}", EXIT_CANNOT_GO_ON)
    finally:
        signal.signal(signal.SIGTERM, previous)


def fail(message: str, code: int) -> None:
    """Print ``error: message`` on standard error, as one line, and leave with ``code``."""
    line = " ".join(message.split())
    encoding = sys.stderr.encoding or "utf-8"
    typer.echo(f"error: {line.encode(encoding, 'backslashreplace').decode(encoding)}", err=True)
    raise typer.Exit(code) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

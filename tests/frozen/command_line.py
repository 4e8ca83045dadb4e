"""The command line as frozen tests see it: options parsed but not acted on, and whole runs in this process."""

from __future__ import annotations

import contextlib
import enum
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import typer

from ov_asr_score.cli.app import main, make_app
from ov_asr_score.cli.spellings import modern_arguments

ROOT = Path(__file__).parents[2]
FROZEN = Path(__file__).parent
HELP_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command line did, as a shell sees it."""

    code: int
    stdout: str
    stderr: str


def run_main(*words: str, width: int = 240) -> Finished:
    """Outcome of the program's own entry point, in this process; ``width`` is that of the console."""
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    environment = {"COLUMNS": str(width), "NO_COLOR": "1", "TERM": "dumb"}
    code: object = 0
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch("typer.main.get_command", _program),  # making it anew takes longer than most lines
        mock.patch("sys.argv", ["ov-asr-score", *words]),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    texts = [file.buffer.getvalue().decode() for file in (stdout, stderr)]
    return Finished(code if isinstance(code, int) else 0 if code is None else 1, *texts)


_make = typer.main.get_command


@cache
def _program(application: typer.Typer) -> Any:
    return _make(application)


@cache
def group() -> Any:
    """The whole of it for ``parse``, which changes it; ``run_main`` has its own."""
    return _make(make_app())


def commands() -> dict[str, Any]:
    """The commands by name."""
    return dict(group().commands)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The values of all parameters of a command, and the names of those that the command line gave."""

    command: str
    values: dict[str, object]
    given: frozenset[str]


class Refused(Exception):
    """The command line is wrong use."""


def parse(words: Sequence[str], *, old: bool = True) -> Parsed:
    """What a command gets to see; ``old``: after the spellings of the samples were made modern. Raises Refused."""
    name, *rest = modern_arguments(list(words)) if old else words
    parent = group().context_class(group(), info_name="ov-asr-score", **group().context_settings)
    command = group().commands[name]
    command.no_args_is_help = False
    try:
        context = command.make_context(name, rest, parent=parent)
    except Exception as error:  # Typer brings its own Click, so its errors are known by what they can do
        if not hasattr(error, "format_message"):
            raise
        raise Refused(error.format_message()) from error
    given = {key for key in context.params if context.get_parameter_source(key).name == "COMMANDLINE"}
    return Parsed(name, {key: plain(value) for key, value in context.params.items()}, frozenset(given))


def plain(value: object) -> object:
    """``value`` as JSON would hold it."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@contextlib.contextmanager
def working_folder(folder: Path) -> Iterator[None]:
    """Make ``folder`` the working folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)

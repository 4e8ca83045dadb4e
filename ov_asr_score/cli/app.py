"""The Typer application. Commands are loaded when they are called, and the library when they run: help is quick."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Annotated

import typer

from ov_asr_score import __version__
from ov_asr_score.cli.bundles import spread
from ov_asr_score.cli.failures import EXIT_WRONG_USE, say
from ov_asr_score.cli.spellings import modern_arguments

_COMPLETION_VARIABLE = "_OV_ASR_SCORE_COMPLETE"
_EPILOG = (
    "Exit codes: 0 success, 1 comparison failed, utterances failed or there were none, 2 wrong usage, "
    "3 cannot continue, 130 interrupted."
)

# Commands with their modules in ov_asr_score.cli.commands, in the order of the help page.
_COMMANDS = {
    "score": "score",
    "compare": "comparing.compare",
    "compare-layers": "comparing.compare_layers",
    "compare-profiles": "comparing.compare_profiles",
    "check": "check",
    "convert": "convert",
    "quantize": "quantize",
    "bench": "bench",
    "inspect": "inspect_model",
    "devices": "devices",
    "features": "features",
    "ivectors": "ivectors",
    "decode": "decode",
    "transcribe": "transcribe",
    "listen": "listen",
    "copy-table": "copy_table",
    "table-info": "table_info",
    "merge": "merge",
    "egs-prob": "egs_prob",
    "wer": "wer",
    "cache": "cache",
}
# Those who call latgen-faster-mapped by heart name model, graph, scores and lattices in this order.
_ORDER_OF_KALDI = (
    "; name the files of latgen-faster-mapped by options: -m MODEL --graph GRAPH SCORES --lattice LATTICES"
)
_WORK_WITHOUT_ARGUMENTS = ("devices", "cache")


@cache
def make_app(only: str | None = None) -> typer.Typer:
    """The application; with ``only``, the name of a command or "", other commands take no options.

    Loading all commands and making their options takes longer than all else that happens before a command runs.
    """
    app = typer.Typer(
        name="ov-asr-score",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={
            "help_option_names": ["-h", "--help"],
            "token_normalize_func": lambda token: token.replace("_", "-"),  # --batch_size as well as --batch-size
        },
        epilog=_EPILOG,
    )
    app.callback()(_root)
    for name in _COMMANDS:
        called = only in (None, name)
        command = spread(_load(name)) if called else _without_options(name, is_described=only == "")
        app.command(name=name, no_args_is_help=name not in _WORK_WITHOUT_ARGUMENTS, epilog=_EPILOG)(command)
    return app


def commands() -> dict[str, Callable[..., None]]:
    """The functions of all commands by name, as they are declared."""
    return {name: _load(name) for name in _COMMANDS}


def _load(name: str) -> Callable[..., None]:
    module = import_module(f"ov_asr_score.cli.commands.{_COMMANDS[name]}")
    command: Callable[..., None] = getattr(module, name.replace("-", "_"))
    return command


def _without_options(name: str, *, is_described: bool) -> Callable[[], None]:
    """What stands for a command that is not called."""

    def command() -> None:
        pass

    command.__doc__ = _load(name).__doc__ if is_described else None
    return command


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"ov-asr-score {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Score utterances with OpenVINO acoustic models, from Kaldi archive to Kaldi archive.

    Without a command, the options are those of `score`: command lines of OpenVINO's `speech_sample` work unchanged.
    """


def _called(arguments: list[str]) -> str | None:
    """The command that is called, empty for none; None where a shell asks for completions of any."""
    if _COMPLETION_VARIABLE in os.environ:
        return None
    name = arguments[0].replace("_", "-") if arguments else ""
    return name if name in _COMMANDS else ""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    given = modern_arguments(sys.argv[1:] if arguments is None else arguments)
    group = typer.main.get_command(make_app(_called(given)))
    # drawing this page with rich would take longer than all the rest; the commands' own pages are worth it
    group.rich_markup_mode = None  # type: ignore[attr-defined]
    try:
        code = group(args=given, prog_name="ov-asr-score", standalone_mode=False)
    except Exception as error:  # Typer brings its own Click, so its errors are known by what they can do
        if not hasattr(error, "format_message"):
            raise
        code = EXIT_WRONG_USE
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message(), err=True)
        else:
            context = getattr(error, "ctx", None)
            command = context.command_path if context is not None else "ov-asr-score"
            message = error.format_message().rstrip(".")
            advice = _ORDER_OF_KALDI if command.endswith(" decode") and "extra argument" in message else ""
            say(f"error: {message}{advice}; see {command} --help")
    sys.exit(code if isinstance(code, int) else 0)

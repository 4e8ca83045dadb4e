"""The Typer application. Commands import the library when they run, so that help answers at once."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from ov_asr_score import __version__
from ov_asr_score.cli.bundles import spread
from ov_asr_score.cli.commands.bench import bench
from ov_asr_score.cli.commands.cache import cache
from ov_asr_score.cli.commands.check import check
from ov_asr_score.cli.commands.compare import compare
from ov_asr_score.cli.commands.compare_layers import compare_layers
from ov_asr_score.cli.commands.compare_profiles import compare_profiles
from ov_asr_score.cli.commands.convert import convert
from ov_asr_score.cli.commands.copy_table import copy_table
from ov_asr_score.cli.commands.devices import devices
from ov_asr_score.cli.commands.inspect_model import inspect
from ov_asr_score.cli.commands.merge import merge
from ov_asr_score.cli.commands.quantize import quantize
from ov_asr_score.cli.commands.score import score
from ov_asr_score.cli.failures import EXIT_WRONG_USE, say
from ov_asr_score.cli.spellings import modern_arguments

_EPILOG = (
    "Exit codes: 0 fine, 1 comparison failed, utterances failed or there were none, 2 wrong use, 3 cannot go on, "
    "130 interrupted."
)

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
COMMANDS = (score, compare, compare_layers, compare_profiles, check, convert, quantize, bench, inspect, devices)
for command in (*COMMANDS, copy_table, merge, cache):
    name, needs_arguments = command.__name__.replace("_", "-"), command not in (devices, cache)
    app.command(name=name, no_args_is_help=needs_arguments, epilog=_EPILOG)(spread(command))


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"ov-asr-score {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Score utterances with OpenVINO acoustic models, from Kaldi archive to Kaldi archive.

    Without a command, options are those of `score`: command lines of the removed `speech_sample` work as they are.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    group = typer.main.get_command(app)
    # drawing this page with rich would take longer than all the rest; the commands' own pages are worth it
    group.rich_markup_mode = None  # type: ignore[attr-defined]
    given = modern_arguments(sys.argv[1:] if arguments is None else arguments)
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
            say(f"error: {error.format_message().rstrip('.')}; see {command} --help")
    sys.exit(code if isinstance(code, int) else 0)

"""Options of a command that takes bundles, as Typer sees them and as the command gets them."""

from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal

import pytest
import typer

from ov_asr_score.cli.bundles import spread
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import MODEL, SPEED, Part, Setting, settings_of


def positive(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"'{text}': expected a number")
    return int(text)


@dataclass(frozen=True, slots=True)
class Inner:
    width: Annotated[int, Setting("Width.", names=("--wide", "-w_d"), least=1, panel=SPEED)] = 3
    report: Annotated[str, Setting("Not taken.")] = "own"
    mode: Annotated[Literal["a", "b"], Setting("Mode.", panel=MODEL)] = "a"
    words: Annotated[tuple[str, ...], Setting("Words.", repeated=True)] = ()
    quick: Annotated[bool, Setting("Not quick.", names=("--slow",), switches_off=True)] = True
    padded: Annotated[bool, Setting("Padded.")] = True
    limit: Annotated[float | None, Setting("Limit.", least=0.0, most=2.0)] = None
    hidden: int = 7


@dataclass(frozen=True, slots=True)
class Job:
    model: Annotated[str, Setting("Model.", metavar="MODEL", positional=True)]
    inner: Annotated[Inner, Part(("width", "mode", "words", "quick", "padded", "limit"), defaults={"mode": "b"})] = (
        field(default_factory=Inner)
    )
    report: Annotated[str, Setting("Report.", names=("--json",))] = ""
    size: Annotated[int, Setting("Size.", parse=positive, shown="5")] = 5
    scaled: Annotated[
        int, Setting("A multiple.", parse=lambda text, inner: int(text) * inner.width, needs="inner", shown="1")
    ] = 0


def run(words: str) -> tuple[int, list[Any]]:
    """The exit code, and what the command was given."""
    got: list[Any] = []

    def command(
        context: typer.Context, job: Job, quiet: Annotated[bool, Setting("Quiet.", names=("-q",))] = False
    ) -> None:
        """Do it."""
        source = context.get_parameter_source("width")
        got.extend((job, quiet, source.name if source is not None else None))

    app = typer.Typer(context_settings={"token_normalize_func": lambda token: token.replace("_", "-")})
    app.command()(spread(command))
    try:
        code = typer.main.get_command(app)(args=words.split(), standalone_mode=False)
    except Exception as error:  # Typer brings its own Click
        if not hasattr(error, "format_message"):
            raise
        return 2, [error.format_message()]
    return code or 0, got


def test_defaults() -> None:
    assert run("m") == (0, [Job("m", Inner(mode="b"), scaled=3), False, "DEFAULT"])


def test_every_kind_of_option() -> None:
    code, got = run(
        "m --wide 4 --mode a --words x --words y --slow --no-padded --limit 1 --json r --size 7 --scaled 2 -q"
    )
    assert code == 0
    assert got == [Job("m", Inner(4, "own", "a", ("x", "y"), False, False, 1.0), "r", 7, 8), True, "COMMANDLINE"]


@pytest.mark.parametrize("words", ["-w_d 9", "-w-d 9", "--wide=9"])
def test_hyphens_and_underscores(words: str) -> None:
    assert run(f"m {words}")[1][0].inner.width == 9


@pytest.mark.parametrize(
    "words", ["", "m --wide 0", "m --mode c", "m --limit 3", "m --report x", "m --hidden 1", "m --size x", "m --wide x"]
)
def test_wrong_use(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, got = run(words)
    assert code == 2
    said = capsys.readouterr().err
    assert said == ("error: --size 'x': expected a number\n" if "--size" in words else "")
    assert not got or isinstance(got[0], str)


def test_an_option_twice_is_refused() -> None:
    def command(inner: Inner, mode: Annotated[str, Setting("Mode again.")] = "") -> None:
        """Do it."""

    with pytest.raises(ValueError, match="duplicate parameter name: 'mode'"):
        spread(command)


def test_required_and_optional() -> None:
    assert [each.name for each in settings_of(Job) if each.default is MISSING] == ["model"]

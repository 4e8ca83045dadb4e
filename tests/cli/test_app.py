from __future__ import annotations

import re
import subprocess
import sys

import pytest
import typer

from ov_asr_score import __version__
from ov_asr_score.cli.app import main, make_app
from tests.command_line import ROOT, run

COMMANDS = (
    *("score", "compare", "compare-layers", "compare-profiles", "check", "convert", "quantize", "bench"),
    *(
        "inspect",
        "devices",
        "features",
        "ivectors",
        "decode",
        "transcribe",
        "listen",
        "copy-table",
        "table-info",
        "merge",
    ),
    *("egs-prob", "wer", "cache"),
)


def test_version_is_told() -> None:
    assert run("--version").stdout == f"ov-asr-score {__version__}\n"


def test_nothing_given_shows_help() -> None:
    outcome = run()
    assert outcome.code == 2
    assert "Usage: ov-asr-score" in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("-help",), *((name, "--help") for name in COMMANDS)])
def test_every_command_has_help(arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 0
    assert "Usage: ov-asr-score" in outcome.stdout
    assert "Exit codes: 0 success" in outcome.stdout


def test_every_command_and_option_says_what_it_is() -> None:
    group = typer.main.get_group(make_app())
    assert tuple(group.commands) == COMMANDS
    for name, command in group.commands.items():
        assert command.help, name
        for parameter in command.params:
            text = getattr(parameter, "help", None)
            assert text, f"{name}: {parameter.opts} has no help"
            assert text.endswith((".", "…")) or text.endswith("-."), f"{name}: {parameter.opts}: {text!r}"


def test_no_two_options_of_a_command_share_a_spelling() -> None:
    for name, command in typer.main.get_group(make_app()).commands.items():
        spellings = [spelling for parameter in command.params for spelling in parameter.opts]
        assert len(spellings) == len(set(spellings)), name


def test_an_unknown_option_is_wrong_use() -> None:
    outcome = run("score", "--modle", "x.xml")
    assert outcome.code == 2
    assert "--model" in outcome.stderr


def test_the_order_of_kaldis_arguments_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for command, is_explained in (("decode", True), ("wer", False)):
        with pytest.raises(SystemExit) as stopped:
            main([command, "final.mdl", "HCLG.fst", "ark:scores.ark", "ark:lat.ark"])
        assert stopped.value.code == 2
        said = capsys.readouterr().err
        assert said.startswith("error: Got unexpected extra argument") and said.count("\n") == 1
        assert ("-m MODEL --graph GRAPH SCORES --lattice LATTICES" in said) is is_explained


def test_an_unknown_command_is_wrong_use() -> None:
    assert run("scroe").code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["--version"]])
def test_help_answers_without_loading_the_runtime(arguments: list[str]) -> None:
    program = (
        "import sys; from ov_asr_score.cli.app import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "print('loaded:', sorted({'numpy', 'openvino', 'kaldiio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"^loaded: \[\]$", done.stdout, re.MULTILINE)

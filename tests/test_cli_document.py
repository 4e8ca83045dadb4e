"""docs/cli.md, and the options that the other documents name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from docs.write_cli_reference import PAGE, reference
from ov_asr_score.cli.app import commands, make_app
from ov_asr_score.cli.bundles import options_of, spellings_of
from ov_asr_score.cli.spellings import modern_arguments

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted((*(ROOT / "docs").glob("*.md"), ROOT / "README.md"))
# `-…` in backticks: options with or without a value, no negative numbers
_NAMED = re.compile(r"`(--?[A-Za-z][\w-]*)(?:[ =]([^`]*))?`(?<!`-inf`)")
# Options of other programs that documents speak of.
_FOREIGN = {
    # benchmarks/against_commit.py, and features.py, decoding.py, recognition, lookahead beside it
    "benchmarks.md": {"--allow", "--kaldi", "--graph", "--scores", "--vosk", "--clock", "--pair", "--model"},
    "decoding.md": {"--decode-mbr"},  # lattice-to-ctm-conf
    "features-judged.md": {"--runs", "--n"},  # tests/kaldi_judge/features, subsample-feats
    "kaldi-models.md": {"--counts", "--remove_output_softmax", "--remove_memory"},  # Model Optimizer
    "live-sessions.md": {"--online"},  # online2-wav-nnet3-latgen-faster
    "scaling.md": {"--retries"},  # GNU parallel
}


def test_reference_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run python docs/write_cli_reference.py"


def test_reference_matches_application() -> None:
    group = typer.main.get_group(make_app())
    assert list(group.commands) == list(commands())
    for name, command in commands().items():
        told = {
            spelling
            for each in options_of(command)
            if each.setting is not None and not each.setting.positional
            for text in spellings_of(each)
            for spelling in text.split("/")
        }
        made = {
            spelling
            for parameter in group.commands[name].params
            if parameter.param_type_name == "option" and parameter.name != "help"
            for spelling in (*parameter.opts, *parameter.secondary_opts)
        }
        assert told == made


def spellings(*names: str) -> set[str]:
    """Everything that options of these commands are called, with hyphens."""
    chosen = [command for name, command in commands().items() if not names or name in names]
    found = {"--help", "-h", "--version"}
    for command in chosen:
        for each in options_of(command):
            assert each.setting is not None
            if not each.setting.positional:
                found |= {name for text in spellings_of(each) for name in text.split("/")}
    return {f"--{name[2:].replace('_', '-')}" if name.startswith("--") else name for name in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documented_options_exist(document: Path) -> None:
    known = spellings(*(["score"] if document.name == "speech-sample-options.md" else []))
    for match in _NAMED.finditer(document.read_text(encoding="utf-8")):
        name, value = match.groups()
        if name in _FOREIGN.get(document.name, ()):
            continue
        words = modern_arguments(["score", name if value is None or " " in match[0] else f"{name}={value}"])[1:]
        for word in words[:1]:  # none is left of -pc=false
            plain = word.partition("=")[0]
            plain = f"--{plain[2:].replace('_', '-')}" if plain.startswith("--") else plain
            assert plain in known, f"{document.name}: {match[0]}"

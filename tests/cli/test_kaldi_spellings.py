from __future__ import annotations

import shlex
from dataclasses import fields

import pytest
import typer

from ov_asr_score.cli.app import app
from ov_asr_score.cli.kaldi_options import IVECTOR_VALUES, KALDI_FLAGS, KALDI_VALUES
from ov_asr_score.cli.old_spellings import modern_arguments
from ov_asr_score.convert.kaldi_options import KaldiOptions


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("--use-priors=true --apply-log=true", "--use-priors --apply-log"),
        ("--use-priors=T --apply-log=1 --apply-exp=", "--use-priors --apply-log --apply-exp"),
        ("--use-priors --apply-log", "--use-priors --apply-log"),
        ("--use-priors=false --no-softmax=F --apply-exp=0", ""),
        ("--pad-input=false", "--no-pad-input"),
        ("--pad-input=true --pad-input", "--pad-input --pad-input"),
        ("--no-pad-input", "--no-pad-input"),
        ("--use-priors=true --use-priors=false", ""),
        ("--use-priors=false --use-priors=true", "--use-priors"),
        ("--use_priors=true --Frames_Per_Chunk=50", "--use-priors --frames-per-chunk=50"),
        ("--frames-per-chunk=50 --frames-per-chunk 50", "--frames-per-chunk=50 --frames-per-chunk 50"),
        ("--utt2spk=ark:utt2spk --online_ivectors=scp:i.scp", "--utt2spk=ark:utt2spk --online-ivectors=scp:i.scp"),
        ("--feature-transform=a=b", "--feature-transform=a=b"),
        ("--use-priors=maybe", "--use-priors=maybe"),
        ("--use-gpu=no --use_gpu=optional --use-priors", "--use-priors"),
        ("--use-gpu=yes --use-gpu", "--use-gpu=yes --use-gpu"),
        ("--batch_size 8 --pc", "--batch_size 8 -pc"),
    ],
)
def test_values_of_kaldi_become_flags(given: str, plain: str) -> None:
    for command in ("score", "convert"):
        if command == "convert" and "--pc" in given:
            continue
        assert modern_arguments([command, *shlex.split(given)]) == [command, *shlex.split(plain)]


def test_other_commands_keep_their_words() -> None:
    assert modern_arguments(["compare", "--use_priors=true"]) == ["compare", "--use_priors=true"]


def test_the_command_lines_know_all_options_of_kaldi() -> None:
    names = [field.name for field in fields(KaldiOptions)]
    flags = {field.name for field in fields(KaldiOptions) if field.type == "bool"}
    assert sorted((*KALDI_FLAGS, *KALDI_VALUES)) == sorted(name.replace("_", "-") for name in names)
    assert {name.replace("-", "_") for name in KALDI_FLAGS} == flags
    commands = typer.main.get_group(app).commands
    for command in ("score", "convert", "bench"):
        parameters = {parameter.name: parameter for parameter in commands[command].params}
        for name in names:
            parameter = parameters[name]
            assert f"--{name.replace('_', '-')}" in parameter.opts
            default = getattr(KaldiOptions(), name)
            if (command, name) == ("convert", "time"):
                default = "utterance"  # what is written is for whole utterances
            assert getattr(parameter.default, "value", parameter.default) == default, name
    options = {spelling for parameter in commands["score"].params for spelling in parameter.opts}
    assert {f"--{name}" for name in IVECTOR_VALUES} <= options

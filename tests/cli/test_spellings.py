from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from ov_asr_score.cli.app import make_app
from ov_asr_score.cli.spellings import modern_arguments
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.command_line import DATA, MODELS, run


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
        ("--cache-capacity=64 --Cache_Capacity=1 --use-priors", "--use-priors"),
        ("--cache-capacity=x --cache-capacity", "--cache-capacity=x --cache-capacity"),
        ("--batch_size 8 --pc", "--batch_size 8 -pc"),
    ],
)
def test_values_of_kaldi_become_flags(given: str, plain: str) -> None:
    for command in ("score", "convert"):
        if command == "convert" and "--pc" in given:
            continue
        assert modern_arguments([command, *shlex.split(given)]) == [command, *shlex.split(plain)]


def test_options_of_kaldis_decoders_are_taken() -> None:
    given = ["--word-symbol-table=w=x", "--Word_Symbol_Table", "w", "--allow-partial", "--max_active=7", "ark:s.ark"]
    plain = ["--words=w=x", "--words", "w", "--allow-partial=true", "--max-active=7", "ark:s.ark"]
    assert modern_arguments(["decode", *given]) == ["decode", *plain]
    assert modern_arguments(["score", *given])[1:4] == plain[:3]
    assert modern_arguments(["decode", "--allow-partial", "false"]) == ["decode", "--allow-partial", "false"]


def test_texts_of_compute_wer_need_not_be_told() -> None:
    assert modern_arguments(["wer", "--text", "--text=true", "--Text=", "--mode=present", "--verbose=1", "a"]) == [
        "wer",
        "--mode=present",
        "a",
    ]
    assert modern_arguments(["wer", "--text=false"]) == ["wer", "--text=false"]


def test_what_kaldi_logs_is_not_said_here() -> None:
    for command in ("features", "ivectors", "decode"):
        given = [command, "--verbose=2", "--print-args=false", "--print_args", "--Verbose=-1", "a", "b"]
        assert modern_arguments(given) == [command, "a", "b"]
        assert modern_arguments([command, "--verbose=x", "--verbose"]) == [command, "--verbose=x", "--verbose"]


def test_other_commands_keep_their_words() -> None:
    assert modern_arguments(["compare", "--use_priors=true"]) == ["compare", "--use_priors=true"]


def test_the_command_lines_know_all_options_of_kaldi() -> None:
    commands = typer.main.get_group(make_app()).commands
    for command in ("score", "convert", "bench"):
        parameters = {parameter.name: parameter for parameter in commands[command].params}
        for field in fields(KaldiOptions):
            parameter = parameters[field.name]
            assert f"--{field.name.replace('_', '-')}" in parameter.opts
            default = "utterance" if (command, field.name) == ("convert", "time") else field.default
            assert parameter.default == default, field.name


FEATURES, REFERENCE = DATA / "dnn_digits/features.ark", DATA / "dnn_digits/kaldi_loglik.ark"
MODEL = MODELS / "dnn_digits.xml"


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("-m x.xml -i a.ark", "score -m x.xml -i a.ark"),
        ("--bs=8", "score -bs 8"),
        ("-bs=8", "score -bs 8"),
        ("--bs 8", "score -bs 8"),
        ("-m=x.xml --i=a.ark", "score -m x.xml -i a.ark"),
        ("-i layer=a.ark -o=layer:0=b=c.ark", "score -i layer=a.ark -o layer:0=b=c.ark"),
        ("-pc=true --pc=1 -pc", "score -pc -pc -pc"),
        ("-m x -pc=false -nopc --nopc", "score -m x"),
        ("-m x -memory_reuse_off=True -nomemory_reuse_off", "score -m x -memory_reuse_off"),
        ("--layout=[NC] -layout=[NC]", "score -layout [NC] -layout [NC]"),
        ("-m x -h", "score -m x --help"),
        ("-help", "--help"),
        ("-h", "--help"),
        ("--version", "--version"),
        ("score --cw_l=3 --batch-size=2 --report=-", "score -cw_l 3 --batch-size=2 --report=-"),
        ("compare --o=a b", "compare --o=a b"),
        ("", ""),
    ],
)
def test_spellings_of_gflags_become_ours(old: str, modern: str) -> None:
    assert modern_arguments(shlex.split(old)) == shlex.split(modern)


CPP = (
    "-bs 1",
    "-layout [NC]",
    "-layout input[NC]",
    "-q static",
    "-q user -sf 2175.43",
    "-q user -sf input:2175.43",
    "-q user -sf input=2175.43",
    "-qb 8",
    "-qb 16",
    "-exec_target GNA_TARGET_2_0",
    "-exec_target GNA_TARGET_3_5_E",
    "-compile_target GNA_TARGET_3_0",
    "-memory_reuse_off",
    "-log LOG_NONE",
    "-nthreads 1",
    "-pwl_me 1.0",
    "-cw_l 0 -cw_r 0",
    "-pc",
    "-pc=true",
    "-pc=false",
    "-nopc",
    "--bs=8 --pc --qb=8",
    "-iname input",
    "-oname affinetransform8/Fused_Add_:0 -o x.ark",
    "-oname score:0 -o x.npz",
)
PYTHON = (
    "--batch_size 8",
    "--quantization_bits 16",
    "--scale_factor 1.5",
    "-sf 2175.43",
    "--performance_counter",
    "--arch CORE",
    "-a ATOM",
    "-we_gen GNA3",
    "--embedded_gna_configuration GNA1",
    "--exec_target GNA_TARGET_3_0",
    "-exec_target GNA_TARGET_2_0",
    "--context_window_left 0 --context_window_right 0",
    "--input_layers input --output_layers affinetransform8/Fused_Add_:0 --output x.ark",
    "-layout input[NC]",
    "-pwl_me 1.0",
)


@pytest.mark.parametrize("options", [*CPP, *PYTHON])
def test_every_option_of_the_samples_is_taken(options: str, folder: Path) -> None:
    outcome = run("-m", MODEL, "-i", FEATURES, "--quiet", *shlex.split(options))
    assert (outcome.code, outcome.stderr, outcome.stdout) == (0, "", "")


@pytest.mark.parametrize(
    "command_line",
    [
        # C++ 2022.1, and its options with equal signs
        "-d CPU -bs 1 -i {features} -m {model} -o scores.ark -r {reference} "
        "-iname input -oname affinetransform8/Fused_Add_:0 -q user -sf input:2175.43 -qb 16 -cw_l 0 -cw_r 0",
        "--d=CPU --bs=8 --i={features} --m={model} --o=scores.ark --r={reference} -nopc",
        # C++ 2022.2 to 2023.3
        "-d CPU -bs 2 -i input={features} -m {model} -o score:0=scores.ark -r score:0={reference} -pc=true "
        "-q static -layout input[NC] -memory_reuse_off",
        # Python 2022.1 and 2023
        "-m {model} -i {features} --input_layers input -o scores.ark --output_layers score:0 -r {reference} "
        "--device CPU --batch_size 8 --performance_counter -a CORE",
        "--model {model} --input input:0={features} --output score:0=scores.npz --reference score:0={reference} -d CPU",
    ],
)
def test_a_whole_old_command_line_scores_as_it_did(command_line: str, folder: Path) -> None:
    words = shlex.split(command_line.format(model=MODEL, features=FEATURES, reference=REFERENCE))
    outcome = run(*words)
    assert outcome.code == 0, outcome.stderr
    # how the sample's own test finds the figures
    errors = [float(line.split(": ")[1]) for line in outcome.stdout.splitlines() if "avg error" in line]
    assert len(errors) == 1
    assert 0 < errors[0] < 1e-5
    written = "scores.npz" if "scores.npz" in command_line else "scores.ark"
    assert run("compare", written, REFERENCE, "--max-error", "1e-4", "--quiet").code == 0


def test_several_inputs_and_outputs_by_position_of_names(folder: Path) -> None:
    data = DATA / "two_inputs"
    outcome = run(
        *("-m", MODELS / "two_inputs.xml"),
        *("-i", f"{data}/features.ark,{data}/ivectors_utterance.ark", "-iname", "features,ivector"),
        *("-r", f"{data}/bottleneck_utterance.ark,{data}/score_utterance.ark", "-oname", "bottleneck,score"),
        *("--max-error", "1e-4"),
    )
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.count("avg error: ") == 2

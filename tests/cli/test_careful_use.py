"""What would pass unseen if it were not refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.command_line import DATA, MODELS, run, run_process
from tests.kaldi_texts import WIDTH, activation3, affine3, nnet3
from tests.runtimes import OLDEST_RUNTIME
from tests.tiny_model import tiny_features, write_table

TWO_INPUTS = DATA / "two_inputs"
FEATURES = tiny_features(3, 2)


@pytest.fixture(autouse=True)
def feats(folder: Path) -> None:
    write_table("feats.ark", FEATURES)


@pytest.mark.parametrize(
    "option", ["--max-error", "--max-rms-error", "--max-relative-error", "--min-agreement", "--max-kl"]
)
def test_a_limit_needs_a_reference(option: str, tiny_model: str) -> None:
    outcome = run("score", "-m", tiny_model, "-i", "feats.ark", option, "1")
    expected = "error limits (--max-error, …) need reference scores (-r)"
    assert (outcome.code, outcome.error) == (2, expected)


def test_a_period_that_cannot_be_right(folder: Path) -> None:
    model = str(MODELS / "two_inputs.xml")
    features, online = f"features={TWO_INPUTS}/features.ark", f"ivector={TWO_INPUTS}/ivectors_online.ark"
    for period, code in (("10", 0), ("100", 3), ("1", 3)):
        outcome = run("score", "-m", model, "-i", features, "-i", online, "--ivector-period", period)
        assert outcome.code == code
        assert ("is the period right (--ivector-period, --online-ivector-period)?" in outcome.stderr) == (code == 3)


def test_standard_input_is_read_once(tiny_model: str) -> None:
    outcome = run("score", "-m", tiny_model, "-i", "ark:-", "-r", "-", "--max-error", "1")
    assert (outcome.code, outcome.error) == (
        2,
        "-r/--reference -: standard input is read by -i already; give another table",
    )


def test_a_cache_must_be_a_folder(tiny_model: str) -> None:
    outcome = run("score", "-m", tiny_model, "-i", "feats.ark", "--cache-dir", "feats.ark")
    assert (outcome.code, outcome.error) == (3, "--cache-dir feats.ark: expected a folder, found a file")
    outcome = run("score", "-m", tiny_model, "-i", "feats.ark", "--cache-dir", "feats.ark/inside")
    assert (outcome.code, outcome.error) == (3, "--cache-dir feats.ark/inside: cannot be made: Not a directory")


def test_what_comes_before_the_damage_is_kept_on_demand(tiny_model: str) -> None:
    with Path("feats.ark").open("ab") as file:
        file.write(b"broken \0BXX ")
    arguments = ("score", "-m", tiny_model, "-i", "feats.ark", "-o", "scores.ark")
    assert run(*arguments).code == 3
    assert not Path("scores.ark").exists()
    outcome = run(*arguments, "--on-error", "skip")
    assert outcome.code == 1
    assert "utterance 'broken' at byte" in outcome.stdout
    assert "nothing after it can be read" in outcome.stdout
    assert run("copy-table", "scores.ark", "copy.ark").stderr == f"copied {len(FEATURES)} entries\n"


def test_nan_in_features_is_noted_even_if_the_scores_hide_it(tiny_model: str) -> None:
    broken = {key: np.array(matrix) for key, matrix in FEATURES.items()}
    next(iter(broken.values()))[0, 0] = np.nan
    write_table("broken.ark", broken)
    outcome = run("score", "-m", tiny_model, "-i", "broken.ark")
    assert (
        f"note: not finite: input feats of utterance '{next(iter(FEATURES))}' holds NaN or infinity" in outcome.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score", "--max-eror", "1"), "No such option: --max-eror"),
        (("score", "-bs", "many"), "Invalid value for"),
        (("compare", "a.ark"), "Missing argument 'REFERENCE'"),
        (("scre",), "No such command 'scre'. Did you mean 'score'?"),
    ],
)
def test_a_command_line_that_does_not_parse_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    outcome = run_process(*arguments)
    assert outcome.code == 2
    assert outcome.error.startswith(message)
    assert "--help" in outcome.error


@pytest.mark.parametrize("is_ir", [False, True])
def test_weights_that_are_not_finite(folder: Path, is_ir: bool) -> None:
    """ReLU makes 0 of NaN here, where Kaldi's does not: scores would look as if all were well."""
    model = "nan.xml" if is_ir else "nan.raw"
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=h component=h input=input",
        "component-node name=r component=r input=h",
        "output-node name=output input=r",
    ]
    weights = np.ones((2, WIDTH))
    weights[1, 2] = np.nan
    relu = activation3("RectifiedLinearComponent", 2)
    Path("nan.raw").write_text(nnet3(nodes, {"h": affine3(weights, np.zeros(2)), "r": relu}))
    if is_ir:
        assert run("convert", "nan.raw", "-o", model, "--allow-nonfinite").code == 0
    commands = [
        ("score", "-m", model, "-i", "feats.ark", "-o", "scores.ark"),
        ("score", "-m", model, "-i", "feats.ark", "-wg", "model.blob"),
        ("inspect", model),
        ("inspect", model, "-v", "--json"),
        ("bench", model, "--seconds", "0.1"),
        ("compare-layers", model, "-i", "feats.ark", "--against", "precision=bf16"),
        # NNCF cannot be imported with the oldest runtime.
        *([] if OLDEST_RUNTIME else [("quantize", model, "-i", "feats.ark", "-o", "int8.xml")]),
        *([] if is_ir else [("convert", model, "-o", "model.xml")]),
    ]
    for command in commands:
        outcome = run(*command)
        assert outcome.code == 3, command
        assert outcome.error.startswith(f"{model}: component 'h' at byte "), command
        assert "field <LinearParams>: [1, 2] is NaN; expected finite weights" in outcome.error
        assert outcome.error.endswith("--allow-nonfinite continues anyway")
    assert not {"scores.ark", "model.blob", "int8.xml", "model.xml"} & {path.name for path in Path().iterdir()}
    for command in commands:
        outcome = run(*command, "--allow-nonfinite")
        assert outcome.code in (0, 1), command  # layers that are NaN on both sides fail a comparison
        if "-wg" not in command:
            assert "[1, 2] is NaN" in outcome.stdout + outcome.stderr, command

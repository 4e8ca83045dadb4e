"""``ov-asr-score compare-layers``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import DATA, MODELS, names_in, run

MODEL, FEATURES = MODELS / "dnn_digits.xml", DATA / "dnn_digits" / "features.ark"


def test_a_table_of_layers_and_a_verdict(folder: Path) -> None:
    done = run("compare-layers", MODEL, "-i", FEATURES, "--against", "precision=bf16", "--max-utterances", "2")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    rows = [line.split() for line in lines if line.endswith(")")]
    assert rows[0][-2:] == ["affinetransform/WithoutBiases", "(MatMul)"]
    assert rows[-1][-2:] == ["affinetransform8/Fused_Add_", "(Add)"]
    assert len(rows) == 11
    assert lines[-1] == "ok: all 11 layers reach 40 dB"
    assert names_in(folder) == []


def test_a_limit_that_is_not_kept_is_exit_code_1(folder: Path) -> None:
    words: list[str | Path] = [
        "compare-layers",
        MODEL,
        "-i",
        FEATURES,
        "--against",
        "precision=bf16",
        "--min-snr",
        "70",
    ]
    done = run(*words, "--layer", "sigmoid*", "--json", "layers.json")
    assert (done.code, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1].startswith("failed: sigmoid is the first layer below 70 dB: ")
    assert done.stdout.count("  <<  ") == 3
    told = json.loads(Path("layers.json").read_text())
    assert (told["verdict"], told["first_below"], told["limit"]) == ("failed", "sigmoid", 70.0)
    assert [layer["name"] for layer in told["layers"]] == ["sigmoid", "sigmoid5", "sigmoid7"]
    assert told["reference"]["precision"] == "f32"
    assert told["other"]["precision"] == "bf16"
    quiet = run(*words, "--quiet", "--json", "-")
    assert quiet.code == 1
    assert json.loads(quiet.stdout)["verdict"] == "failed"
    assert quiet.stderr.startswith("failed: affinetransform/WithoutBiases is the first layer below 70 dB: ")


def test_a_small_memory_limit_takes_groups(folder: Path) -> None:
    done = run("compare-layers", MODEL, "-i", FEATURES, "--against", "precision=bf16", "--memory-limit", "4M")
    assert done.code == 0
    assert "layers in 5 groups" in done.stdout  # a quarter of it has room for two layers of 512 frames


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ([], 2, "both sides are the same"),
        (["--against", "precision=f8"], 2, "--against precision=f8: expected one of f32, bf16, f16"),
        (["--against", "threads=2"], 2, "--against 'threads=2': expected device=…,precision=…"),
        (["--against", "bf16"], 2, "expected KEY=VALUE, as in precision=bf16, found 'bf16'"),
        (["--against", "device=NOTHING"], 3, "NOTHING: no device 'NOTHING' here"),
        (["--against-model", "nothing.xml"], 3, "nothing.xml: no such file"),
        (["--against-model", str(MODELS / "two_inputs.xml")], 3, "expected the inputs of"),
        (["--against-model", str(MODELS / "tdnn_al.xml")], 3, "has variables"),
        (["--against", "precision=bf16", "--layer", "sigmoid55"], 3, "did you mean 'sigmoid5'"),
        (["--against", "precision=bf16", "--memory-limit", "x"], 2, "--memory-limit 'x'"),
    ],
)
def test_one_line_for_what_cannot_be(words: list[str], code: int, error: str, folder: Path) -> None:
    done = run("compare-layers", MODEL, "-i", FEATURES, *words, "--json", "layers.json")
    assert done.code == code
    assert error in done.error
    assert names_in(folder) == []


def test_a_page_and_json_must_be_two_files(folder: Path) -> None:
    model = ("compare-layers", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark")
    bf16 = ("--against", "precision=bf16", "--max-utterances", "1")
    assert run(*model, *bf16, "--report", "a", "--json", "a").code == 2
    assert run(*model, *bf16, "--report", "page.html").code == 0
    assert "<title>OK: layers of " in (folder / "page.html").read_text(encoding="utf-8")

"""Models that are damaged or not there, places that cannot be written, names that do not exist."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import COMMAND, DATA, MODELS, ROOT, names_in, run
from tests.tiny_model import tiny_features, write_table

FEATURES = tiny_features(3)


@pytest.fixture
def model(tiny_model: str, folder: Path) -> Path:
    """A copy of the tiny model that a test may damage, beside features."""
    for suffix in (".xml", ".bin"):
        shutil.copy(Path(tiny_model).with_suffix(suffix), folder / f"model{suffix}")
    write_table("feats.ark", FEATURES)
    return folder / "model.xml"


def stop(*arguments: str | Path, code: int = 3) -> str:
    """The error of a command line that leaves everything as it was."""
    before = names_in(Path())
    outcome = run(*arguments)
    assert outcome.code == code, outcome
    assert outcome.stdout == ""
    assert names_in(Path()) == before
    return outcome.error


def score_error(*arguments: str | Path, code: int = 3) -> str:
    """The same for a run that would write ``scores.ark`` and ``report.json`` if it could."""
    model = () if "-m" in arguments else ("-m", "model.xml")
    features = () if "-i" in arguments else ("-i", "feats.ark")
    output = () if "-o" in arguments else ("-o", "scores.ark")
    return stop("score", *model, *features, *output, "--report", "report.json", *arguments, code=code)


# Models


def test_a_missing_model_gets_a_suggestion(model: Path) -> None:
    assert score_error("-m", "modle.xml").startswith("modle.xml: no such file; did you mean model.xml")
    assert stop("inspect", "modle.xml").startswith("modle.xml: no such file")


def test_missing_and_cut_weights(model: Path) -> None:
    weights = model.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "model.bin: expected at least" in score_error()
    weights.unlink()
    assert score_error() == "model.xml: the weights file model.bin is missing beside it"


def test_broken_and_foreign_xml(model: Path) -> None:
    text = model.read_text()
    model.write_text(text[: len(text) // 2])
    assert "model.xml: line " in score_error()
    model.write_text("<?xml version='1.0'?><html></html>")
    assert (
        score_error() == "model.xml: is a web page (HTML), not the file itself; download the file from its raw address"
    )
    model.write_text("")
    assert score_error().startswith("model.xml: ")


def test_a_model_cut_or_changed_anywhere(model: Path) -> None:
    whole = model.read_bytes()
    generator = np.random.default_rng(3)
    for _ in range(80):
        changed = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(0, len(whole), 3)
        changed[places] = generator.integers(32, 127, len(places))
        length = int(generator.integers(1, len(whole) * 2))
        model.write_bytes(changed[:length].tobytes())
        outcome = run("score", "-m", "model.xml", "-i", "feats.ark", "-o", "scores.ark", "--quiet")
        assert outcome.code in (0, 3), (places, length, outcome)
        assert outcome.code == 0 or outcome.error
        (model.parent / "scores.ark").unlink(missing_ok=True)
        assert names_in(model.parent) == ["feats.ark", "model.bin", "model.xml"]


def test_a_kaldi_model_and_a_blob_are_told_apart(model: Path) -> None:
    model.write_bytes(b"\0B<TransitionModel> <Topology> ")
    assert score_error().startswith(
        "model.xml: at byte 31: expected a byte 4 before a vector of integers, found the end"
    )
    shutil.copy(MODELS / "two_inputs.xml", model)
    assert "is an OpenVINO IR, not an exported blob" in stop("score", "-rg", model, "-i", "feats.ark")


def test_damaged_blobs(model: Path) -> None:
    assert run("score", "-m", model, "-wg", "model.blob", "--quiet").code == 0
    blob, note = Path("model.blob"), Path("model.blob.json")
    whole = blob.read_bytes()
    blob.write_bytes(whole[: len(whole) // 2])
    arguments = ("score", "-rg", blob, "-i", "feats.ark", "-o", "scores.ark")
    assert "does not match the digest in model.blob.json" in stop(*arguments)
    note.unlink()
    assert stop(*arguments).startswith("model.blob: ")
    blob.write_bytes(b"")
    assert stop(*arguments).startswith("model.blob: ")


# Places


@pytest.mark.parametrize("option", ["-m", "-i", "-r", "-o", "--report"])
def test_a_folder_is_no_file(model: Path, option: str) -> None:
    Path("a_folder").mkdir()
    error = score_error(option, "a_folder")
    assert error.startswith("a_folder: ")
    assert "folder" in error


@pytest.mark.parametrize("option", ["-o", "--report", "-wg"])
def test_a_place_in_no_folder(model: Path, option: str) -> None:
    assert score_error(option, "nowhere/x") == "nowhere/x: no such folder nowhere"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(model: Path) -> None:
    Path("closed").mkdir(mode=0o500)
    assert score_error("-o", "closed/x.ark").startswith("closed/x.ark: ")


@pytest.mark.parametrize("arguments", [("-o", "/dev/full"), ("--report", "/dev/full"), ("-o", "ark,t:/dev/full")])
def test_a_full_device(model: Path, arguments: tuple[str, ...]) -> None:
    assert score_error(*arguments).startswith("/dev/full: no space left on the device")


@pytest.mark.parametrize("output", ["ark,scp:scores.ark,scores.scp", "scores.npz", "scores.ark.gz", "ark,t:scores.ark"])
def test_a_file_that_may_not_grow_further(folder: Path, output: str) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [*COMMAND, "score", "-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark", "-o", output],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.lower().endswith("file too large\n")
    assert done.stderr.count("\n") == 1
    assert names_in(folder) == []


# Names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-i", "feast=feats.ark"), "the model has no layer 'feast'; did you mean 'feats'?"),
        (("-iname", "feast"), "-i/--input: the model has no input 'feast'; did you mean 'feats'?"),
        (("-o", "hiden=scores.ark"), "the model has no layer 'hiden'; did you mean 'hidden'"),
        (("-oname", "hiden"), "-o/--output: the model has no layer 'hiden'; did you mean 'hidden'"),
        (("-r", "hiden=feats.ark"), "the model has no layer 'hiden'; did you mean 'hidden'"),
        (("--layout", "feast[NC]"), "--layout: the model has no input or output 'feast'; did you mean 'feats'?"),
        (("-d", "CUP"), "CUP: no device 'CUP' here: not registered in this runtime; did you mean CPU?"),
        (("--config", "NUM_STREAM=1"), "--config NUM_STREAM: CPU has no such property; did you mean NUM_STREAMS"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(model: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in score_error(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "NUM_STREAMS"), "expected a plugin property KEY=VALUE"),
        (("--layout", "[NC"), "expected name[LETTERS]"),
        (("-i", "ark,x:feats.ark"), "unknown option 'x'"),
        (("-i", "feats.ark,feats.ark"), "2 tables for 1 layer "),
        (("-i", "feats.ark", "--utt2spk", "x"), "the model has no other input that it could be for"),
        (("-i", "feats.ark", "--ivector-period", "10"), "the model has no other input that it could be for"),
        (("-i", "ark:cat feats.ark |"), "--allow-commands"),
    ],
)
def test_wrong_use(model: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in score_error(*arguments, code=2)

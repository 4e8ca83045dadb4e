"""Every kind of file that is no model and no table, in every command: one line that says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.command_line import MODELS, names_in, run, run_process
from tests.kaldi_io.foreign.foreign_files import FOREIGN_FILES
from tests.runtimes import require_nncf
from tests.tiny_model import write_table

NNET1 = str(MODELS / "nnet1_dnn" / "final.nnet")
MODEL_COMMANDS = {
    "score": ("score", "-m", "{}", "-i", "feats.ark", "-o", "x.ark"),
    "score-onnx": ("score", "-m", "{}.onnx", "-i", "feats.ark", "-o", "x.ark"),
    "score-xml": ("score", "-m", "{}.xml", "-i", "feats.ark", "-o", "x.ark"),
    "inspect": ("inspect", "{}"),
    "convert": ("convert", "{}", "-o", "x.xml"),
    "quantize": ("quantize", "{}", "-i", "feats.ark", "-o", "x.xml"),
    "blob": ("score", "-rg", "{}", "-i", "feats.ark", "-o", "x.ark"),
    "transform": ("score", "-m", NNET1, "--feature-transform", "{}", "-i", "feats.ark", "-o", "x.ark"),
}
TABLE_COMMANDS = {
    "archive": ("copy-table", "ark:{}", "ark:x.ark"),
    "script": ("copy-table", "scp:{}", "ark:x.ark"),
    "entry": ("copy-table", "scp:{}.scp", "ark:x.ark"),
    "input": ("score", "-m", NNET1, "-i", "ark:{}", "-o", "x.ark"),
    "compare": ("compare", "ark:{}", "feats.ark"),
}
COMMANDS: dict[str, tuple[str, ...]] = MODEL_COMMANDS | TABLE_COMMANDS
# An empty archive is an empty table.
NO_FAULT = {("empty", "archive"), ("empty", "script"), ("empty", "input"), ("empty", "compare")}
# A script may point at a single object of Kaldi, or at an array.
SINGLE_OBJECTS = ("npy", "matrix", "matrix-text", "matrix-text-one-line", "vector", "vector-text")
NO_FAULT |= {(name, "entry") for name in SINGLE_OBJECTS}
# Their lines have a key and what may be a file name; then the file is missing.
LIKE_SCRIPTS = {"tree-text", "prototype", "xconfig", "xconfig-layer", "config", "config-nnet2", "info", "log", "script"}
# nnet1 says which types it has, since this may be one whose name is misspelled.
OF_NNET1 = {("other-object", "transform")}


@pytest.fixture
def files(folder: Path) -> Path:
    write_table("feats.ark", {"utt1": np.ones((3, 4), np.float32)})
    return folder


def write_files(name: str, content: bytes) -> None:
    for suffix in ("", ".onnx", ".xml"):
        Path(name + suffix).write_bytes(content)
    Path(f"{name}.scp").write_text(f"utt1 {name}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_one_line_says_what_it_is(command: str, files: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if command == "quantize":
        require_nncf()
    arguments = COMMANDS[command]
    for name, (content, what) in FOREIGN_FILES.items():
        write_files(name, content)
        outcome = run(*(argument.format(name) for argument in arguments))
        native = capfd.readouterr().err
        assert native == "", name  # what libraries write by themselves
        if (name, command) in NO_FAULT:
            Path("x.ark").unlink(missing_ok=True)
            continue
        assert outcome.code == 3, (name, outcome.stderr)
        error = outcome.error
        if (command == "script" and name in LIKE_SCRIPTS) or (name, command) in OF_NNET1:
            continue
        if (name, command) == ("fst", "inspect"):  # graphs are shown; this one is empty
            assert error == "fst: at byte 0: expected a state where the graph begins, found none"
            continue
        if command == "entry" and name == "script":
            assert error == "script.scp: line 1: utterance 'utt1': script: at byte 0: expected a number, found 'utt1'"
            continue
        sound = "features are expected" in error and what in ("a sound file", "an archive of sounds")
        assert f": is {what}" in error or sound, (name, error)
    assert [name for name in names_in(files) if name.startswith(("x.", ".x"))] == []


@pytest.mark.parametrize("name", ["lfs", "page", "tflite", "ubm", "lattices", "torch"])
def test_nothing_else_is_written_to_standard_error(name: str, files: Path) -> None:
    write_files(name, FOREIGN_FILES[name][0])
    for suffix in ("", ".onnx", ".xml"):
        outcome = run_process("inspect", files / f"{name}{suffix}")
        assert (outcome.code, outcome.stdout_bytes) == (3, b"")
        assert f"{name}{suffix}: is {FOREIGN_FILES[name][1]}" in outcome.error


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("lfs", ("--class-frame-counts", "{}"), "is a Git LFS pointer, not the file itself; run git lfs pull"),
        ("matrix-text", ("--class-frame-counts", "{}"), "expected one vector of counts, found shape [2, 3]"),
        (
            "wav",
            ("--class-frame-counts", "{}"),
            "is a sound file; expected counts of classes, one vector in",
        ),
    ],
)
def test_other_files_of_score(name: str, arguments: tuple[str, ...], expected: str, files: Path) -> None:
    write_files(name, FOREIGN_FILES[name][0])
    given = [argument.format(name) for argument in arguments]
    outcome = run("score", "-m", NNET1, "-i", "feats.ark", "-o", "x.ark", *given)
    assert outcome.code == 3
    assert f"{name}: {expected}" in outcome.error


def test_suites(files: Path) -> None:
    for name, expected in (("lfs", "is a Git LFS pointer"), ("page", "is a web page"), ("zip", "is a zip archive")):
        write_files(name, FOREIGN_FILES[name][0])
        outcome = run("check", name)
        assert (outcome.code, outcome.error.startswith(f"{name}: {expected}")) == (3, True), outcome.error


def test_tables_joined(files: Path) -> None:
    for name in ("fsts", "lattices", "egs", "sounds", "tree-text"):
        write_files(name, FOREIGN_FILES[name][0])
        outcome = run("merge", name, "feats.ark", "-o", "x.ark")
        assert outcome.code == 3
        assert f"{name}: is {FOREIGN_FILES[name][1]}" in outcome.error or "features are expected" in outcome.error

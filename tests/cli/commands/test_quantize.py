"""``ov-asr-score quantize``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import DATA, MODELS, names_in, run
from tests.runtimes import require_nncf

MODEL, FEATURES = MODELS / "dnn_digits.xml", DATA / "dnn_digits" / "features.ark"


def test_an_int8_model_and_its_error(folder: Path) -> None:
    require_nncf()
    done = run("quantize", MODEL, "-i", FEATURES, "-o", "int8.xml", "--max-utterances", "3", "--preset", "performance")
    assert done.code == 0, done.stderr
    assert done.stderr == ""
    assert "Comparison of score" in done.stdout
    assert "  layers kept f32: " in done.stdout
    assert "  utterances: 3 with " in done.stdout
    assert "  preset: performance" in done.stdout
    assert names_in(folder) == ["int8.bin", "int8.xml"]
    assert run("score", "-m", "int8.xml", "-i", FEATURES, "-o", "int8.ark").code == 0


def test_quiet_says_nothing(folder: Path) -> None:
    require_nncf()
    done = run(
        "quantize", MODEL, "-i", FEATURES, "-o", "int8.xml", "--max-utterances", "2", "--first-layers", "--quiet"
    )
    assert (done.code, done.stdout, done.stderr) == (0, "", "")


def test_without_nncf_it_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str, package: str | None = None) -> Any:
        if name.startswith("nncf"):
            raise ImportError(f"No module named '{name}'")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", absent)
    done = run("quantize", MODEL, "-i", FEATURES, "-o", "int8.xml")
    assert done.code == 3
    assert "pip install 'ov-asr-score[quantize]'" in done.error
    assert names_in(folder) == []


def test_wrong_use(folder: Path) -> None:
    done = run("quantize", MODEL, "-i", FEATURES, "-o", "int8.onnx")
    assert (done.code, done.error.startswith("-o/--output int8.onnx: expected a name that ends in .xml")) == (2, True)

"""The examples of the documents, run as they stand in a folder that holds the bundled models and data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
KALDI_MODELS = (ROOT / "docs" / "kaldi-models.md").read_text(encoding="utf-8")


def blocks(language: str, document: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document, re.MULTILINE | re.DOTALL)


COMMANDS = [*blocks("bash"), *blocks("bash", KALDI_MODELS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    for name in ("models", "data"):
        (place / name).symlink_to(ROOT / name)
    (place / "out").mkdir()
    return place


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_there_are_examples() -> None:
    assert len(blocks("bash")) == 5
    assert len(blocks("bash", KALDI_MODELS)) == 3
    assert len(blocks("python")) == 1
    assert len(blocks("python", KALDI_MODELS)) == 1


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.split("\n")[0][:40])
def test_command_example(block: str, folder: Path) -> None:
    script = block.replace("ov-asr-score ", f"{sys.executable} -m ov_asr_score ")
    done = run(["/bin/sh", "-e", "-c", script], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_python_example(folder: Path) -> None:
    done = run([sys.executable, "-c", blocks("python")[0]], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("es_Andrea-t0004 (75, 120)")
    verdict, max_error, _ = lines[-2].split()
    assert verdict == "ok"
    assert float(max_error) <= 1e-4
    assert lines[-1] == "ok"


def test_python_example_of_kaldi_models(folder: Path) -> None:
    done = run([sys.executable, "-c", blocks("python", KALDI_MODELS)[0]], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "es_Andrea-t0004 (75, 120)"
    assert "shape[1,1,40]" in lines[-1]


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []

"""The wheel that pyproject.toml builds, installed and run outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # built from a copy: what setuptools leaves behind in a checkout would go into later builds
    source = folder / "source"
    source.mkdir()
    shutil.copytree(ROOT / "ov_asr_score", source / "ov_asr_score", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_wheel_contents(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "ov_asr_score/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ov_asr_score").rglob("*.py")}
    assert sources <= set(names)
    assert {"ov_asr_score/report/html/page.css", "ov_asr_score/report/html/page.js"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"ov_asr_score", "ov_asr_score-0.1.0.dist-info"}


@pytest.mark.slow
def test_wheel_scores_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(installed)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    place = run("-c", "import ov_asr_score; print(ov_asr_score.__file__)")
    assert place.stdout.startswith(str(installed))
    data = ROOT / "data" / "dnn_digits"
    done = run(
        *("-m", "ov_asr_score", "score", "-m", str(ROOT / "models" / "dnn_digits.xml")),
        *("-i", str(data / "features.ark"), "-o", "scores.ark", "-r", str(data / "kaldi_loglik.ark")),
        *("--max-error", "1e-4"),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scores.ark").stat().st_size == (data / "kaldi_loglik.ark").stat().st_size

"""The examples of the documents, run unchanged in a folder with the bundled models and data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtimes import require_nncf

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
KALDI_MODELS = (ROOT / "docs" / "kaldi-models.md").read_text(encoding="utf-8")
SCALING = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
GNA = (ROOT / "docs" / "gna.md").read_text(encoding="utf-8")
PRECISION = (ROOT / "docs" / "precision.md").read_text(encoding="utf-8")


def blocks(language: str, document: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document, re.MULTILINE | re.DOTALL)


FEATURES = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
RECOGNIZER = (ROOT / "docs" / "recognizer.md").read_text(encoding="utf-8")
CTC = (ROOT / "docs" / "ctc.md").read_text(encoding="utf-8")
_DOCUMENTS = (README, KALDI_MODELS, SCALING, PRECISION, GNA, FEATURES, CTC)
COMMANDS = [block for document in _DOCUMENTS for block in blocks("bash", document)]


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


def test_readme_has_examples() -> None:
    assert len(blocks("bash")) == 15
    assert len(blocks("bash", FEATURES)) == 1
    assert len(blocks("bash", CTC)) == 1
    assert len(blocks("bash", KALDI_MODELS)) == 3
    assert len(blocks("bash", SCALING)) == 1
    assert len(blocks("sh", SCALING)) == 2
    assert len(blocks("bash", PRECISION)) == 2
    assert len(blocks("bash", GNA)) == 3
    assert len(blocks("python")) == 2
    assert len(blocks("python", KALDI_MODELS)) == 1


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.split("\n")[0][:40])
def test_command_example(block: str, folder: Path) -> None:
    if "ov-asr-score quantize" in block:
        require_nncf()
    script = block.replace("ov-asr-score ", f"{sys.executable} -m ov_asr_score ")
    done = run(["/bin/sh", "-e", "-c", script], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# What Kaldi's run.pl and GNU parallel make of these command lines, one job after the other.
RUN_PL = """import subprocess, sys
span, log, *words = sys.argv[1:]
first, last = span.removeprefix("JOB=").split(":")
for job in range(int(first), int(last) + 1):
    with open(log.replace("JOB", str(job)), "w") as file:
        subprocess.run([word.replace("JOB", str(job)) for word in words], stdout=file, stderr=file, check=True)
"""
PARALLEL = """import subprocess, sys
words = sys.argv[1:]
assert words[0] == "--jobs" and words[2] == "--retries", words
end = words.index(":::")
for job in words[end + 1 :]:
    subprocess.run([word.replace("{}", job) for word in words[4:end]], check=True)
"""


def test_scaling_examples(tmp_path: Path) -> None:
    for name in ("exp/scores/log", "data/test", "bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "exp" / "chain").symlink_to(ROOT / "models" / "nnet3_chain_tdnnf")
    python = f"{sys.executable} -m ov_asr_score"
    data = ROOT / "data" / "kaldi" / "hires.ark"
    copied = run(
        [*python.split(), "copy-table", str(data), "ark,scp:data/test/feats.ark,data/test/feats.scp"], tmp_path
    )
    assert copied.returncode == 0, copied.stderr
    for name, text in (("run.pl", RUN_PL), ("parallel", PARALLEL)):
        (tmp_path / "bin" / name).write_text(f"#!{sys.executable}\n{text}")
        (tmp_path / "bin" / name).chmod(0o755)
    reference = ROOT / "data" / "kaldi" / "nnet3_chain_tdnnf.ark"
    for block, joined in zip(blocks("sh", SCALING), ("all.scp", "all.ark"), strict=True):
        script = f'PATH="$PWD/bin:$PATH"; {block.replace("ov-asr-score ", python + " ")}'
        done = run(["/bin/sh", "-e", "-c", script], tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        compared = run(
            [*python.split(), "compare", f"exp/scores/{joined}", str(reference), "--max-error", "1e-4"], tmp_path
        )
        assert compared.returncode == 0, compared.stdout + compared.stderr


@pytest.mark.parametrize("block", [blocks("python")[0], *blocks("python", RECOGNIZER)])
def test_session_example(folder: Path, block: str) -> None:
    done = run([sys.executable, "-c", block], folder)
    assert done.returncode == 0, done.stderr
    assert "two open seven" in done.stdout.splitlines()[-2] + done.stdout.splitlines()[-1]


def test_python_example(folder: Path) -> None:
    done = run([sys.executable, "-c", blocks("python")[1]], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("es_Andrea-t0004 (75, 120)")
    verdict, max_error, _ = lines[-2].split()
    assert verdict == "ok"
    assert float(max_error) <= 1e-4
    assert lines[-1] == "ok"


def test_kaldi_python_example(folder: Path) -> None:
    done = run([sys.executable, "-c", blocks("python", KALDI_MODELS)[0]], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "es_Andrea-t0004 (75, 120)"
    assert "shape[1,1,40]" in lines[-1]


def test_links_resolve() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []

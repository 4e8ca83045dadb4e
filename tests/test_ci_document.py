"""docs/ci.md and the examples beside it: run as far as possible without the service, and complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ov_asr_score.job import read_suite
from ov_asr_score.job.suite.baseline import BaselineEntry
from ov_asr_score.job.suite.case_options import OPTION_NAMES
from ov_asr_score.job.suite.suite import SuiteLimits
from ov_asr_score.report.data.suite import RunResult, SuiteReport
from ov_asr_score.report.files.suite import suite_json

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / "docs" / "ci" / "github-actions.yml").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def run_steps(text: str) -> list[str]:
    """Scripts of the steps of a workflow: ``run: script`` in a line, or ``run: |`` and deeper lines."""
    scripts = []
    for match in re.finditer(r"^( +)run: (.*)\n((?:\1 +.*\n|\n)*)", text, re.MULTILINE):
        if match[2] == "|":
            lines = match[3].splitlines()
            depth = len(lines[0]) - len(lines[0].lstrip())
            scripts.append("".join(f"{line[depth:]}\n" for line in lines))
        else:
            scripts.append(match[2])
    return scripts


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the repository, with a command of the name that users have."""
    for name in ("models", "data", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "out").mkdir()
    command = tmp_path / "bin" / "ov-asr-score"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ov_asr_score "$@"\n')
    command.chmod(0o755)
    return tmp_path


def shell(script: str, place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    known = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        ["/bin/sh", "-e", "-c", script], cwd=place, env=known, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", blocks("bash"), ids=lambda block: block.split("\n")[0][:40])
def test_command_example(block: str, place: Path) -> None:
    done = shell(block, place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict: ok" in done.stdout
    assert "Traceback" not in done.stderr


def test_workflow_steps(place: Path) -> None:
    install, check = run_steps(WORKFLOW)
    assert install == "pip install '.[audio,decode]'"
    done = shell(check, place, GITHUB_STEP_SUMMARY=str(place / "summary.md"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place / "summary.md").read_text().startswith("## ✅ data/suite.toml: passed\n")
    assert json.loads((place / "out" / "check.json").read_text())["verdict"] == "ok"
    assert ElementTree.parse(place / "out" / "check.xml").getroot().get("failures") == "0"


def test_workflow_file_matches_document() -> None:
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load(WORKFLOW)
    steps = workflow["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == run_steps(WORKFLOW)
    assert workflow["jobs"]["check"]["runs-on"] == "ubuntu-latest"
    assert all("uses" in step or "run" in step for step in steps)


@pytest.mark.parametrize(
    ("limits", "code", "line"),
    [
        ("max_error = 1", 0, "scores are as they should be"),
        ("max_error = 0", 1, "scores changed, or a case could not be run: see new/out/check.md"),
        ("max_err = 0", 3, "suite.toml could not be run"),
    ],
)
def test_shell_example(limits: str, code: int, line: str, place: Path) -> None:
    (place / "suite.toml").write_text(
        '[[case]]\nname = "a"\nmodel = "models/lstm_mem.xml"\ninputs = "data/lstm_mem/features.ark"\n'
        f'references = "data/lstm_mem/scores_f32.ark"\nlimits = {{ {limits} }}\n'
    )
    done = shell("docs/ci/check.sh suite.toml new/out", place)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, line), done.stderr
    assert (place / "new" / "out" / "check.md").exists() == (code < 3)


def test_suite_example(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "suite.toml"
    path.write_text(text)
    assert [run.name for run in read_suite(path).runs] == [
        *(f"chain model [{device} {precision}]" for device in ("CPU", "GPU") for precision in ("f32", "bf16")),
        "two inputs [CPU f32]",
        "two inputs [GPU f32]",
    ]


def test_all_example_blocks_are_tested() -> None:
    named = set(re.findall(r"`([a-z0-9_]+)", DOCUMENT))
    assert {field.name for field in fields(SuiteLimits)} <= named
    assert set(OPTION_NAMES) <= named
    assert {field.name for field in fields(BaselineEntry)} <= named
    assert {field.name for field in fields(RunResult)} <= named
    assert set(json.loads(suite_json(SuiteReport("s", ())))) <= named

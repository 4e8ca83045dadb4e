"""Workflows, hooks and templates of the repository name only what there is: make targets, extras, tools and files."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HOOKS = ROOT / ".pre-commit-config.yaml"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = load(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def scripts(path: Path) -> str:
    return "\n".join(step["run"] for step in steps(path) if "run" in step)


def make_targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    targets = set(phony[1].split())
    rules = set(re.findall(r"^([a-z0-9-]+):(?!=)", MAKEFILE, re.MULTILINE))
    assert targets == rules, "a phony target without a rule, or the other way round"
    return targets


def named_targets(text: str) -> set[str]:
    """Targets of all ``make`` commands in ``text``, without variables and options."""
    commands = re.findall(r"(?:^|[`;&|]\s*)make((?: [\w=./-]+)*)", text, re.MULTILINE)
    return {word for command in commands for word in command.split() if "=" not in word and not word.startswith("-")}


def named_extras(text: str) -> set[str]:
    lists = re.findall(r"(?:\.|ov-asr-score|\.whl|\.tar\.gz)\[([a-z, ]+)\]", text)
    return {extra.strip() for names in lists for extra in names.split(",")}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_names_make_targets_and_extras(path: Path) -> None:
    text = scripts(path)
    assert named_targets(text) <= make_targets()
    assert named_extras(text) <= set(PROJECT["optional-dependencies"])


def test_ci_runs_every_check() -> None:
    (ci,) = (path for path in WORKFLOWS if path.name == "ci.yml")
    assert named_targets(scripts(ci)) == {"lint", "types", "fast", "coverage", "demo", "test-2023", "docs"}


def test_makefile_names_extras() -> None:
    assert named_extras(MAKEFILE)
    assert named_extras(MAKEFILE) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_complete(path: Path) -> None:
    workflow = load(path)
    assert workflow[True]  # YAML 1.1 reads the key "on" as true
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in jobs(path).items():
        assert job["runs-on"] == "ubuntu-latest", name
        assert job["timeout-minutes"] > 0, name
        assert set([job["needs"]] if "needs" in job else []) <= set(jobs(path)), name
    for step in steps(path):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_files_exist(path: Path) -> None:
    files = re.findall(r"(?<![\w/])((?:models|data|docs|tests|\.github)/[\w./-]+\w)", scripts(path))
    assert [name for name in files if not (ROOT / name).exists()] == []
    caches = [step["with"]["cache-dependency-path"] for step in steps(path) if "cache" in step.get("with", {})]
    assert set(caches) <= {"pyproject.toml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_tests_declared_pythons(path: Path) -> None:
    named = set(re.findall(r'"(3\.\d+)"', path.read_text(encoding="utf-8")))
    declared = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: Python ::" in line}
    assert named
    assert named <= declared
    if path.name == "ci.yml":
        newest = max(declared - {"3"}, key=lambda version: int(version.partition(".")[2]))
        assert {PROJECT["requires-python"].removeprefix(">="), newest} <= named


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_are_shell(path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            done = subprocess.run(["sh", "-n", "-c", step["run"]], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def test_publishing_requires_checks() -> None:
    (release,) = (jobs(path) for path in WORKFLOWS if path.name == "release.yml")
    assert release["publish"]["needs"] == "build"
    assert release["notes"]["needs"] == "publish"
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets" not in yaml.safe_dump(release)


def test_hooks_use_the_tools_of_the_test_extra() -> None:
    tools = {re.split(r"[<>=;]", line)[0] for line in PROJECT["optional-dependencies"]["test"]}
    (repository,) = load(HOOKS)["repos"]
    assert repository["repo"] == "local"
    folder = re.search(r"^VENV := (.*)$", MAKEFILE, re.MULTILINE)
    assert folder is not None
    for hook in repository["hooks"]:
        place, _, tool = hook["entry"].split()[0].rpartition("/")
        assert place == f"{folder[1]}/bin"
        assert tool in tools
        assert hook["language"] == "system"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_form(path: Path) -> None:
    form = load(path)
    assert set(form) == {"name", "description", "labels", "body"}
    identifiers = [field["id"] for field in form["body"]]
    assert len(set(identifiers)) == len(identifiers)
    for field in form["body"]:
        assert field["type"] in ("dropdown", "input", "textarea")
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert field["attributes"]["label"]
        assert (field["type"] == "dropdown") == ("options" in field["attributes"])
        options = field["attributes"].get("options", [])
        assert all(isinstance(option, str) for option in options)
        assert len(set(options)) == len(options)


def test_bug_form_fields() -> None:
    (bug,) = (load(path) for path in FORMS if path.name == "bug.yml")
    assert {"symptom", "command", "output", "model", "inspect", "versions"} <= {field["id"] for field in bug["body"]}


def test_pull_request_template_names_make_targets() -> None:
    text = (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf-8")
    assert named_targets(text)
    assert named_targets(text) <= make_targets()


def test_release_notes_are_a_section_of_the_changelog() -> None:
    notes = runpy.run_path(str(ROOT / ".github" / "release_notes.py"))["release_notes"]
    text = "# Changelog\n\n## [Unreleased]\n\n- c\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- b\n\n"
    text += "## [1.1.0]\n\n- a\n\n[x]: y\n"
    assert notes(text, "1.2.0") == "### Added\n\n- b\n"
    assert notes(text, "1.1.0") == "- a\n"
    with pytest.raises(SystemExit, match=r"expected a section '## \[1.0.0\] - DATE'"):
        notes(text, "1.0.0")


@pytest.mark.parametrize(("tag", "code"), [(f"v{PROJECT['version']}", 0), ("v9.9.9", 1)])
def test_release_notes_of_a_tag(tag: str, code: int) -> None:
    command = [sys.executable, str(ROOT / ".github" / "release_notes.py"), tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert bool(done.stdout) == (code == 0)

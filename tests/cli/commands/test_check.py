from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command_line import DATA, names_in, run, run_process
from tests.job.suites import SCORES, case, write_suite
from tests.tiny_model import write_table


def test_a_suite_that_passes(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case("a") + case("b", devices='["CPU", "GPU.7"]'), model=tiny_model)
    files = ("--junit", "j.xml", "--json", "j.json", "--markdown", "j.md")
    outcome = run("check", "suite.toml", *files)
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = outcome.stdout.splitlines()
    assert lines[0] == "suite.toml"
    assert [line.split()[0] for line in lines[1:]] == ["verdict", "passed", "passed", "skipped", "verdict:"]
    assert lines[4].split("  ")[-1].strip().startswith("b [GPU.7 f32]: no GPU.7 here: ")
    assert lines[-1] == "verdict: ok (2 passed, 1 skipped)"
    assert names_in(folder) == ["f.ark", "j.json", "j.md", "j.xml", "r.ark", "suite.toml"]
    assert json.loads((folder / "j.json").read_text())["verdict"] == "ok"
    assert ElementTree.parse(folder / "j.xml").getroot().get("tests") == "3"
    assert (folder / "j.md").read_text().startswith("## ✅ suite.toml: passed")


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (case(limits="max_error = 0"), (), 0),
        (case(limits="max_relative_error = 1", options="{ threshold = 1e9 }"), (), 1),
        (case("a") + case("b", model='"none.xml"'), (), 1),
        (case("a") + case("b", model='"none.xml"'), ("--only", "a"), 0),
        (case("a") + case("b", tags='["x"]', model='"none.xml"'), ("--only", "a", "--only", "x"), 1),
        (case(devices='["CPU", "GPU.7"]'), (), 0),
        (case(devices='["CPU", "GPU.7"]'), ("--require-all",), 1),
        (case(devices='"GPU.7"'), (), 3),
        (case(devices='"GPU.7"'), ("--require-all",), 1),
        (case(), ("--only", "b"), 3),
        (case(modle='"x"'), (), 3),
        (case(), ("--json", "x", "--junit", "./x"), 2),
        (case(), ("--json", "none/x"), 3),
        (case(), ("--json", "suite.toml"), 2),
        (case(), ("--markdown", "r.ark"), 2),
        (case(), ("--json", "."), 3),
        (case(), ("--update", "--no-cache", "--cache-dir", "x"), 2),
    ],
)
def test_exit_codes(text: str, options: tuple[str, ...], code: int, folder: Path, tiny_model: str) -> None:
    write_suite(folder, text, model=tiny_model)
    before = {name: (folder / name).read_bytes() for name in names_in(folder)}
    outcome = run("check", "suite.toml", *options)
    assert outcome.code == code, outcome.stdout + outcome.stderr
    assert {name: (folder / name).read_bytes() for name in names_in(folder)} == before
    if code in (2, 3) and "GPU.7" not in text:
        assert outcome.error


def test_a_suite_that_is_not_there(folder: Path) -> None:
    outcome = run("check", "none.toml", "--json", "x.json")
    assert outcome.code == 3
    assert outcome.error.startswith("none.toml")
    assert names_in(folder) == []


def test_a_wrong_key_has_its_line(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case(modle='"x"'), model=tiny_model)
    assert run("check", "suite.toml").error == "suite.toml:6: unknown key 'modle'; did you mean 'model'?"


def test_reports_are_written_after_a_failed_check_too(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case("a", model='"none.xml"'), model=tiny_model)
    outcome = run("check", "suite.toml", "--json", "j.json", "--quiet")
    assert outcome.code == 1
    assert json.loads((folder / "j.json").read_text())["runs"][0]["status"] == "error"
    assert "verdict: failed (1 error)" in outcome.stdout


def test_quiet_says_nothing_when_all_is_well(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case(), model=tiny_model)
    outcome = run("check", "suite.toml", "--quiet")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_markdown_on_standard_output_stands_alone(folder: Path, tiny_model: str) -> None:
    path = write_suite(folder, case(), model=tiny_model)
    outcome = run_process("check", path, "--markdown", "-")
    assert outcome.code == 0
    assert outcome.stdout.startswith("## ✅ ")
    assert "verdict: ok (1 passed)" in outcome.stderr
    assert "verdict: ok" not in outcome.stdout


def test_update_tells_what_it_wrote(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case(), model=tiny_model)
    write_table("r.ark", {"utt1": SCORES["utt1"]})
    assert run("check", "suite.toml").code == 1
    outcome = run("check", "suite.toml", "--update")
    assert outcome.code == 0, outcome.stdout
    assert outcome.stdout.splitlines()[-3:] == [
        "recorded: r.ark",
        "recorded: suite.baseline.json",
        "verdict: ok (1 passed)",
    ]
    assert run("check", "suite.toml").code == 0


def test_a_damaged_baseline_stops_the_suite(folder: Path, tiny_model: str) -> None:
    write_suite(folder, case(), model=tiny_model)
    (folder / "suite.baseline.json").write_text("{")
    outcome = run("check", "suite.toml")
    assert outcome.code == 3
    assert outcome.error.startswith(f"{folder}/suite.baseline.json: expected JSON that --update wrote")


def test_a_page_of_a_suite_and_where_it_cannot_go(folder: Path) -> None:
    outcome = run("check", str(DATA / "suite.toml"), "--only", "dnn_digits", "--report", "check.html", "--quiet")
    assert outcome.code == 0, outcome.stderr
    page = (folder / "check.html").read_text(encoding="utf-8")
    assert "<title>OK: " in page
    assert "GNA_SW_EXACT" in page
    assert run("check", str(DATA / "suite.toml"), "--report", "nosuch/check.html").code == 3
    assert run("check", str(DATA / "suite.toml"), "--report", "a", "--json", "a").code == 2

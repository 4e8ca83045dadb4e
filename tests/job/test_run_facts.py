from __future__ import annotations

import json
from pathlib import Path

import pytest

from ov_asr_score import __version__
from ov_asr_score.errors import FileAccessError
from ov_asr_score.job.run_facts import json_report, new_report
from tests.command_line import names_in


def test_a_new_report_knows_its_versions() -> None:
    report = new_report(["a"], ["note"])
    assert (report.tool_version, report.command, report.notes) == (__version__, ["a"], ["note"])
    assert all(report.versions[name] for name in ("openvino", "numpy", "python", "platform"))
    assert new_report([]).command is None


def test_no_path_means_no_report(folder: Path) -> None:
    with json_report("") as report:
        assert report is None
    assert names_in(folder) == []


def test_the_report_gets_its_name_at_the_end(folder: Path) -> None:
    with json_report("r.json") as report:
        assert report is not None
        report.finish(new_report([]))
        assert "r.json" not in names_in(folder)
    assert json.loads((folder / "r.json").read_text())["verdict"] == "ok"


def test_an_interrupted_report_is_not_there(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), json_report("r.json"):
        raise KeyboardInterrupt
    assert names_in(folder) == []


def test_no_room_is_noticed_before_the_end() -> None:
    with pytest.raises(FileAccessError, match="no space left"), json_report("/dev/full") as report:
        assert report is not None
        report.finish(new_report([]))
        pytest.fail("finish() did not notice")

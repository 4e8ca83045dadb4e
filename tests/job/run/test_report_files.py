from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score import __version__
from ov_asr_score.errors import FileAccessError, MissingExtraError, UsageError
from ov_asr_score.job import CompareJob, ScoreJob, run_comparison, run_job
from ov_asr_score.job.run.report_files import json_report, new_report, report_file
from tests.command_line import DATA, MODELS, names_in
from tests.report.pages import Page, check_self_contained
from tests.tiny_model import write_table


@pytest.fixture
def tables(folder: Path) -> Path:
    table = {f"utt{index}": np.full((4, 3), index, np.float32) for index in range(3)}
    write_table("a.ark", table)
    write_table("b.ark", {key: array + 0.5 for key, array in table.items()})
    return folder


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", b"<!DOCTYPE html>"), ("R.HTM", b"<!DOCTYPE"), ("r.json", b"{")]
)
def test_the_suffix_decides(tables: Path, name: str, begins: bytes) -> None:
    run_comparison(CompareJob("a.ark", "b.ark", report=name))
    assert Path(name).read_bytes().startswith(begins)
    assert sorted(path.name for path in tables.iterdir()) == sorted(["a.ark", "b.ark", name])


def test_pages_are_compressed_like_any_output(tables: Path) -> None:
    run_comparison(CompareJob("a.ark", "b.ark", report="r.html.gz"))
    assert gzip.decompress(Path("r.html.gz").read_bytes()).startswith(b"<!DOCTYPE html>")


def test_pictures_only_when_asked_for(tables: Path) -> None:
    for asked in (False, True):
        run_comparison(CompareJob("a.ark", "b.ark", report="r.html", report_scores=asked))
        text = Path("r.html").read_text("utf-8")
        assert ("<image" in text) == asked
        assert "a.ark against b.ark" in text


@pytest.mark.parametrize("name", ["", "r.json", "-"])
def test_pictures_need_a_page(tables: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"report_scores: expected a page \(report FILE.html\)"):
        run_comparison(CompareJob("a.ark", "b.ark", report=name, report_scores=True))


def test_without_the_library_nothing_is_compared(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"need matplotlib.*pip install 'ov-asr-score\[report\]'") as raised:
        run_comparison(CompareJob("nowhere.ark", "b.ark", report="r.html"))
    assert raised.value.exit_code == 3
    assert not Path("r.html").exists()


def test_a_run_that_ends_early_leaves_no_page(tables: Path) -> None:
    with pytest.raises(FileAccessError):
        run_comparison(CompareJob("nowhere.ark", "b.ark", report="r.html"))
    with pytest.raises(RuntimeError), report_file("r.html"):
        raise RuntimeError
    assert sorted(path.name for path in tables.iterdir()) == ["a.ark", "b.ark"]


def test_a_run_tells_its_page_every_utterance_and_comparison(folder: Path) -> None:
    data = DATA / "dnn_digits"
    job = ScoreJob(
        model=str(MODELS / "dnn_digits.xml"),
        inputs=str(data / "features.ark"),
        references=str(data / "kaldi_loglik.ark"),
        report="r.html",
        profile=True,
    )
    report = run_job(job)
    text = Path("r.html").read_text("utf-8")
    page = Page(text)
    utterances, measures, layers = page.tables
    total = report.comparison["score"]
    assert len(utterances) == 1 + report.totals.utterances
    assert sum(int(row[1]) for row in utterances[1:]) == total.frames
    assert f"{total.count:,} scores" in text
    assert measures[1][:3] == ["score", "100", "100"]
    assert [row[0] for row in layers[1:]] == [layer.name for layer in report.layers]
    assert page.text_of["h1"] == ["✓ OK"]
    check_self_contained(text)


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

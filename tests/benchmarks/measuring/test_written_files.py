from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.measuring.written_files import compare_folders, mask_csv, mask_json, mask_text


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("old", "new"):
        (tmp_path / name / "out").mkdir(parents=True)
    return tmp_path / "old" / "out", tmp_path / "new" / "out"


def write(folder: Path, seconds: float, verdict: str = "ok") -> None:
    report = {"verdict": verdict, "infer_seconds": seconds, "command": [str(folder)], "path": f"{folder.parent}/m.xml"}
    (folder / "report.json").write_text(json.dumps(report))


def test_times_and_folders_may_differ(folders: tuple[Path, Path]) -> None:
    for folder, seconds in zip(folders, (1.5, 2.5), strict=True):
        write(folder, seconds)
        (folder / "s.ark").write_bytes(b"scores")
    assert [(file.name, file.equal, file.found) for file in compare_folders(*folders)] == [
        ("report.json", True, "equal but for times"),
        ("s.ark", True, "equal"),
    ]


def test_everything_else_is_a_difference(folders: tuple[Path, Path]) -> None:
    old, new = folders
    write(old, 1.5)
    write(new, 1.5, "failed")
    (old / "s.ark").write_bytes(b"scores")
    (new / "s.ark").write_bytes(b"scared")
    (old / "gone.ark").write_bytes(b"")
    (new / "more.ark").write_bytes(b"")
    found = {file.name: file for file in compare_folders(old, new, allow=["more.*"])}
    assert not any(file.equal for file in found.values())
    assert {name for name, file in found.items() if file.allowed} == {"more.ark"}
    assert found["s.ark"].found == "different at byte 2; 6 bytes, now 6"
    assert found["gone.ark"].found == "the new one does not write it"
    assert "failed" in found["report.json"].found


def test_masks_keep_what_is_not_measured() -> None:
    rows = ["b,MatMul,3,10.0", "a,Add,3,20.0"]
    assert mask_csv("\n".join(["layer,type,calls,total_us", *rows])).splitlines()[1:] == ["a,Add,3", "b,MatMul,3"]
    assert mask_text("read in 1.25 s at 3,400 frames/s, error 2.5e-05") == mask_text(
        "read in 7 s at 1,000 frames/s, error 2.5e-05"
    )
    assert mask_text("error 2.5e-05") == "error 2.5e-05"
    page = "<div><h3>Time, seconds</h3><dl><dt>whole run</dt><dd>{}</dd></dl></div><div><dd>3</dd></div>"
    assert mask_text(page.format("0.11")) == mask_text(page.format("0.25"))
    assert mask_text(page.format("0.11")) != mask_text(page.format("0.11").replace("3", "4"))
    layers = [{"name": name, "real_microseconds": time} for name, time in (("b", 1), ("a", 2))]
    assert mask_json(json.dumps({"layers": layers})) == mask_json(
        json.dumps({"layers": [{"name": name, "real_microseconds": 5} for name in "ab"]})
    )

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.command_line import DATA, MODELS, run
from tests.tiny_model import tiny_features, tiny_scores, write_table
from tests.traces import checked_trace

DNN = ("score", "-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark", "--quiet")


def profile(path: str, *options: str) -> str:
    assert run(*DNN, "-pc", "--report", path, *options).code == 0
    return path


def slowed(path: str, factor: float) -> str:
    """The profile again, with all times multiplied."""
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    target = f"slowed-{factor}.csv"
    with Path(target).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(row | {"total_us": float(row["total_us"]) * factor})
    return target


def test_json_and_csv_of_one_run_tell_the_same(folder: Path) -> None:
    profile("a.csv")
    layers = json.loads(Path(profile("a.json")).read_text())["layers"]
    with Path("a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # two runs: a layer of about a microsecond is told in one and not in the other
    total = sum(layer["real_microseconds"] for layer in layers)
    large = {layer["name"] for layer in layers if layer["real_microseconds"] > 0.05 * total}
    assert large
    assert large <= {row["layer"] for row in rows}
    assert {row["layer"] for row in rows if float(row["share"]) > 0.05} <= {layer["name"] for layer in layers}
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1, abs=1e-5)
    assert {int(row["frames"]) for row in rows} == {1375}
    for row in rows:
        assert float(row["total_us"]) == pytest.approx(int(row["calls"]) * float(row["mean_us"]), abs=1)


def test_a_slower_profile_fails_its_limit(folder: Path) -> None:
    before = profile("a.csv")
    after = slowed(before, 1.5)
    outcome = run("compare-profiles", before, after)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "B / A: 1.500" in outcome.stdout
    assert run("compare-profiles", before, after, "--max-slowdown", "1.6", "--quiet").stdout == ""
    failed = run("compare-profiles", before, after, "--max-slowdown", "1.2", "--quiet")
    assert failed.code == 1
    assert failed.stderr.startswith("failed: all layers take 1.500 times as long, more than the limit of 1.2")
    assert run("compare-profiles", after, before, "--max-slowdown", "1.0").code == 0


def test_wrong_use_is_one_line(folder: Path) -> None:
    assert run(*DNN, "--report", "utterances.csv").code == 0
    before = profile("a.csv")
    Path("cut.json.gz").write_bytes(b"\x1f\x8b\x08\x00")
    for bad, message in {
        "utterances.csv": "expected one row per layer, found utterances; score with layer times",
        "missing.csv": "no such file",
        ".": "expected a file, found a folder",
        str(DATA / "dnn_digits/features.ark"): "found binary data",
        "cut.json.gz": "cut.json.gz",
    }.items():
        for pair in ((bad, before), (before, bad)):
            outcome = run("compare-profiles", *pair)
            assert outcome.code == 3
            assert message in outcome.error
    assert run("compare-profiles", before, before, "--max-slowdown", "inf").code == 2


def test_a_report_of_utterances(folder: Path, tiny_model: str) -> None:
    features = tiny_features(3, 5)
    write_table("f.ark", features)
    write_table("r.ark", {key: tiny_scores(value) + 0.5 for key, value in features.items()})
    assert run("score", "-m", tiny_model, "-i", "f.ark", "-r", "r.ark", "--report", "r.csv").code == 0
    with Path("r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["utterance"], row["frames"], row["max_error"]) for row in rows] == [
        ("utt1", "3", "0.5"),
        ("utt2", "5", "0.5"),
    ]
    assert run("compare", "r.ark", "r.ark", "--report", "c.CSV").code == 0
    with Path("c.CSV").open(newline="") as file:
        assert [row["max_error"] for row in csv.DictReader(file)] == ["0", "0"]


# a model for each way to fill requests
WAYS = {
    "rows": ("-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark"),
    "lockstep": ("-m", MODELS / "lstm_mem.xml", "-i", DATA / "lstm_mem/features.ark"),
    "lockstep, one by one": ("-m", MODELS / "lstm_mem.xml", "-i", DATA / "lstm_mem/features.ark", "-bs", "1"),
    "blocks": ("-m", MODELS / "lstm_mem.xml", "-i", DATA / "lstm_mem/features.ark", "-bs", "1", "--requests", "1"),
    "utterance": ("-m", MODELS / "nnet3_tdnn/final.mdl", "-i", DATA / "kaldi/hires.ark"),
    "chunks": (
        *("-m", MODELS / "nnet3_chain_tdnnf/final.mdl", "-i", DATA / "kaldi/hires.ark"),
        *("--frames-per-chunk", "60"),
    ),
    "frames": ("-m", MODELS / "nnet3_tdnn/final.mdl", "-i", DATA / "kaldi/hires.ark", "--time", "frame"),
    "GNA": ("-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark", "-d", "GNA_SW_EXACT"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_trace_of_every_way_to_score(way: str, folder: Path) -> None:
    arguments = (*WAYS[way], "-o", "s.ark", "-r", "s0.ark", "-pc", "--report", "r.json", "--trace", "t.json")
    assert run("score", *WAYS[way], "-o", "s0.ark", "--quiet").code == 0
    assert run("score", *arguments, "--quiet").code == 0
    assert Path("s.ark").read_bytes() == Path("s0.ark").read_bytes()
    report = json.loads(Path("r.json").read_text())
    tracks = {name.partition(": ")[2]: events for name, events in checked_trace(Path("t.json")).items()}
    keys = [utterance["key"] for utterance in report["utterances"]]
    for track in ("reading", "writing", "comparing"):
        assert [event["args"]["utterance"] for event in tracks[track]] == keys
    requests = [event for name, events in tracks.items() if name.startswith("request") for event in events]
    assert len(requests) == report["totals"]["requests"]
    assert sum(event["args"]["frames"] for event in requests) >= report["totals"]["frames"]
    if way in ("rows", "utterance"):
        assert sum(event["args"]["frames"] for event in requests) == report["totals"]["frames"]
    assert all(1 <= event["args"]["utterances"] <= len(keys) for event in requests)
    layers = next(events for name, events in tracks.items() if name.endswith("slowest first"))
    assert [event["name"] for event in layers] == [layer["name"] for layer in report["layers"]]
    assert tracks["run"][0]["name"] == "prepare"


def test_a_trace_must_not_overwrite_anything(folder: Path) -> None:
    outcome = run(*DNN, "-o", "x.ark", "--trace", "x.ark")
    assert outcome.code == 2
    assert "--trace x.ark: is the same file as that of -o" in outcome.error


def test_no_trace_of_a_run_that_fails(folder: Path) -> None:
    outcome = run("score", "-m", MODELS / "dnn_digits.xml", "-i", DATA / "lstm_mem/features.ark", "--trace", "t.json")
    assert outcome.code == 3
    assert list(folder.iterdir()) == []


def test_a_trace_to_standard_output_moves_the_report(folder: Path) -> None:
    outcome = run(*DNN[:-1], "--trace", "-")
    assert outcome.code == 0
    assert json.loads(outcome.stdout)["otherData"]["format"] == "ov-asr-score-trace"
    assert "verdict: ok" in outcome.stderr

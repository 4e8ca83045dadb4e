"""The benchmark of lookahead graphs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.lookahead.__main__ import (
    WAYS,
    compared_costs,
    main,
    same_alignments,
    speeds,
    window_ratios,
    windows,
)
from benchmarks.lookahead.searching import WAYS as SEARCHED_WAYS
from benchmarks.lookahead.searching import Run, Searched, run_search
from benchmarks.lookahead.subjects import BUNDLED_PAIR, START, Limits, limits_of, raised, write_pair_directory
from benchmarks.lookahead.varied_sound import RATE, at_speed, recordings, write_plain, write_varied
from benchmarks.recognition.directories import SPEECH
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.model_directory.reading import read_model_directory
from tests.decoding.kaldi_live_searches import MODEL, transitions

SAID = """
import sys, time
held = b"x" * 50_000_000
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def say(text): print(text, file=sys.stderr, flush=True); time.sleep(0.02)
work(0.2)
say("Begin.")
for key, seconds, likelihood in (("begin", 0.1, 1.0), ("a", 0.2, 2.0), ("b", 0.05, -1.5)):
    work(seconds)
    say(f"LOG (x:y():z.cc:3) Log-like per frame for utterance {key} is {likelihood} over 100 frames.")
sys.exit(int(sys.argv[1]))
"""


def test_what_a_process_says_is_measured() -> None:
    found = run_search([sys.executable, "-c", SAID, "0"], {})
    assert 0.08 < found.load_seconds < 0.19
    assert found.frames == 200 and found.cost_per_frame == pytest.approx(-0.25)
    assert [each.key for each in found.utterances] == ["a", "b"]
    first, second = (each.seconds for each in found.utterances)
    assert first > 0.15 > second > 0.03
    assert 5e7 < found.peak_bytes < 5e8 and found.loaded_bytes <= found.peak_bytes
    with pytest.raises(RuntimeError, match=r"exit code 3"):
        run_search([sys.executable, "-c", SAID, "3"], {})


def run_of(*seconds: float, cost: float = -3.0) -> Run:
    """Utterances of 10 s."""
    frames = round(10 / 0.03)
    return Run(1.0, 2, 3, tuple(Searched(f"u{n}", frames, taken, cost * frames) for n, taken in enumerate(seconds)))


def test_speed_by_the_time_of_the_sound() -> None:
    ours, theirs = run_of(*[1.0] * 7), run_of(4.0, *[1.0] * 6)
    assert [name for name, *_ in windows(ours)] == ["0 to 15 s", "15 to 60 s", "60 to 180 s"]
    assert speeds(theirs)[:2] == [f"{333 / 4.0:10,.0f}  0 to 15 s", f"{333.0:10,.0f}  15 to 60 s"]
    assert window_ratios(ours, theirs) == [
        ("0 to 15 s", 4.0), ("15 to 60 s", 1.0), ("60 to 180 s", 1.0), ("all", 10 / 7),
    ]  # fmt: skip


def test_costs_and_alignments_are_compared(tmp_path: Path) -> None:
    better = run_of(1.0, 1.0, cost=-3.1)
    assert compared_costs(run_of(1.0, 1.0), better).endswith(
        "dearer than Kaldi's by more than 0.0001 a frame: 2 of 2, cheaper: 0"
    )
    assert compared_costs(better, run_of(1.0)).endswith("a frame: 0 of 1, cheaper: 1")
    for name, text in (("ours", "a 1 2\nb 3\n"), ("theirs", "a 1 2 \nb 4 \nc 5 \n")):
        (tmp_path / name).write_text(text)
    assert same_alignments(tmp_path / "ours", tmp_path / "theirs").startswith("alignments of 1 of 3")


def test_varied_sound_is_the_same_again_and_nothing_comes_twice(tmp_path: Path) -> None:
    sounds = recordings(SPEECH)
    assert len(sounds) == 9
    for name in "ab":
        write_varied(tmp_path / name, sounds, 20.0)
    first, second = (sorted((tmp_path / name).iterdir()) for name in "ab")
    contents = [path.read_bytes() for path in first]
    assert contents == [path.read_bytes() for path in second]
    assert len(set(contents)) == len(contents) > 2
    assert sum(len(each) - 44 for each in contents) == 2 * 20 * RATE
    assert len(at_speed(np.arange(100.0), 2.0)) == 50 and at_speed(np.arange(100.0), 2.0)[7] == 14
    plain = write_plain(tmp_path / "plain", sounds, 28.0)
    assert len(plain) == 18 and plain[0].read_bytes() == plain[9].read_bytes()


def test_scores_are_raised_along_paths(tmp_path: Path) -> None:
    key, values = next(read_table(f"ark:{START}"))
    ids = [1 + place % 7 for place in range(len(values))]
    (tmp_path / "ali").write_text(f"{key} {' '.join(map(str, ids))}\n")
    found = raised({key: values, "other": values}, tmp_path / "ali", MODEL / "final.mdl", 2.0)
    assert list(found) == [key]
    change = found[key] - values
    assert change.sum() == pytest.approx(2.0 * len(values), rel=1e-4)
    assert (change[np.arange(len(values)), transitions().pdfs[ids]] > 1.9).all()


def test_a_directory_with_the_bundled_pair(tmp_path: Path) -> None:
    folder = write_pair_directory(tmp_path / "model", BUNDLED_PAIR)
    directory = read_model_directory(folder)
    assert directory.layout == "vosk 2" and directory.words.graph.graph.endswith("HCLr.fst")
    assert limits_of(directory) == Limits()


def test_the_benchmark_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("numba")
    assert tuple(WAYS) == SEARCHED_WAYS
    assert main(["--only", "pair", "--beams", "9", "--ways", "lattice", "--turns", "1", "--seconds", "14"]) == 0
    printed = capsys.readouterr().out
    assert "ours, determinized lattices, beam 9, cost per frame -" in printed and "Kaldi" not in printed

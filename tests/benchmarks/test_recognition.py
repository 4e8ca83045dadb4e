"""The benchmark of recognition runs, and its clocks count what they say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.recognition.__main__ import different, main
from benchmarks.recognition.directories import write_directory, write_kaldi_conf, write_sound, write_streams
from benchmarks.recognition.pacing import RATE, quantile, run_paced, run_served
from ov_asr_score.model_directory.reading import read_model_directory


class Steps:
    """A session that takes steps of 0.1 s, each of which takes ``work`` seconds of the processor."""

    def __init__(self, work: float = 0.0) -> None:
        self._work, self._samples = work, 0

    def accept(self, piece: bytes) -> float:
        self._samples += len(piece) // 2
        end = time.process_time() + self._work
        while time.process_time() < end:
            pass
        return self._samples * 10 // RATE / 10

    def finish(self) -> str:
        return f"{self._samples} samples"


def test_latencies_by_the_clock_of_the_processor() -> None:
    results, load = run_served(Steps, [bytes(2 * RATE)], sessions=2, piece_seconds=0.25)
    assert [each.words for each in results] == ["16000 samples"] * 2
    assert load < 0.5
    for found in results:
        assert len(found.latencies) == 100 and len(found.delays) == 4
        # the first two steps come with the first piece, after 0.25 s; the third with the second
        assert found.latencies[0] == pytest.approx(0.24, abs=0.03)
        assert found.latencies[19] == pytest.approx(0.05, abs=0.03)
        assert found.latencies[20] == pytest.approx(0.29, abs=0.03)


def test_a_core_that_has_too_much_to_do_falls_behind() -> None:
    results, load = run_served(lambda: Steps(0.02), [bytes(RATE)], sessions=4, piece_seconds=0.05)
    delays = [value for each in results for value in each.delays]
    assert load > 1 and quantile(delays, 0.95) > 0.1 > quantile(delays, 0.05)


def test_sessions_at_real_time_pace() -> None:
    results, _ = run_paced(Steps, [bytes(RATE)], sessions=3, piece_seconds=0.1)
    assert [len(each.delays) for each in results] == [5, 5, 5]
    assert all(min(each.latencies) >= 0 for each in results)


def test_words_that_differ_are_told() -> None:
    assert different({"a": "one", "b": "two"}, {"a": "one", "b": "to"}) == (
        "1 of 2 files have other words (b: 'to', not 'two')"
    )


def test_directories_and_sound(tmp_path: Path) -> None:
    write_directory(tmp_path / "small", wide=False)
    found = read_model_directory(tmp_path / "small")
    assert found.layout == "vosk 2" and found.words.search.beam == 13.0
    assert f"--mfcc-config={tmp_path}/small/conf/mfcc.conf\n" in write_kaldi_conf(tmp_path / "small").read_text()
    paths, seconds = write_sound(tmp_path / "sound", 28.0)
    assert len(paths) == 18 and seconds == pytest.approx(27.8, abs=0.1)
    streams = write_streams(tmp_path / "streams", 2, 3.0)
    assert [path.stat().st_size for path in streams] == [44 + 2 * 3 * RATE] * 2


@pytest.mark.slow
def test_the_benchmark_runs(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--models", "small", "--turns", "1", "--seconds", "14", "--pace-seconds", "1", "--sessions", "2"]
    assert main([*arguments, "--clock", "processor"]) == 0
    printed = capsys.readouterr().out
    for text in ("small: 9 files, 14 s", "whole files", "sessions", "first words: ours", "low latency: "):
        assert text in printed
    assert "with 2 sessions" in printed

"""Resident memory of recognition does not grow with recordings, their number, or with how long sessions last.

`make soak` takes what needs more than two minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.command_line import DATA, MODELS, ROOT
from tests.soak.test_flat_sound import MIB, RATE, peak_kib

MODEL = MODELS / "chain_ivector"
SOUND = np.concatenate([soundfile.read(path, dtype="int16")[0] for path in sorted((DATA / "speech").glob("*.flac"))])

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone"
)


def write_speech(path: Path, seconds: int) -> None:
    """The bundled speech over and over."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(0, seconds * RATE, len(SOUND)):
            file.writeframes(SOUND.tobytes())


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--segment",)], ids=["one search", "segments"])
def test_two_hours_take_little_more_than_ten_minutes(more: tuple[str, ...], tmp_path: Path) -> None:
    write_speech(tmp_path / "short.wav", 600)
    write_speech(tmp_path / "long.wav", 7200)
    command: tuple[str | Path, ...] = ("transcribe", MODEL, "--text=x.txt", *more)
    short, long = (peak_kib(tmp_path, *command, f"{name}.wav") // MIB for name in ("short", "long"))
    print(f"{' '.join(more) or 'one search'}: ten minutes {short}, two hours {long} MiB")
    assert long - short < (16 if more else 110)  # the path of one search grows with it


@pytest.mark.slow
def test_many_recordings_take_no_more_than_a_few(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, count in ((few, 300), (many, 2000)):
        folder.mkdir()
        sound = sorted((DATA / "speech").glob("*.flac"))
        for number in range(count):
            (folder / f"u{number}.flac").symlink_to(sound[number % len(sound)])
    command = ("transcribe", MODEL, "--text=x.txt", "--ctm=x.ctm")
    peaks = [peak_kib(tmp_path, *command, folder) // MIB for folder in (few, many)]
    print(f"300 recordings {peaks[0]}, 2,000 {peaks[1]} MiB")
    assert peaks[1] - peaks[0] < 30


SESSIONS = """
import sys, threading, time
from pathlib import Path
import numpy as np, soundfile
from ov_asr_score import load_recognizer

model, folder, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sound = np.concatenate([soundfile.read(path, dtype="int16")[0] for path in sorted(Path(folder).glob("*.flac"))])
PIECE = 1600
late, finals, memory = [], [0] * count, []

def speak(number):
    with recognizer.session(16000, words=True, idle_seconds=30) as session:
        began = time.monotonic() + number * 0.1 / count
        for piece in range(seconds * 10):
            due = began + piece * 0.1
            time.sleep(max(0.0, due - time.monotonic()))
            first = (piece * PIECE + number * 7919) % (len(sound) - PIECE)
            finals[number] += sum(1 for each in session.accept(sound[first:first + PIECE]) if hasattr(each, "segment"))
            late.append(time.monotonic() - due)
        session.finish()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 // 1024

with load_recognizer(model) as recognizer:
    threads = [threading.Thread(target=speak, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        memory.append(resident())
        time.sleep(seconds / 20)
    for thread in threads:
        thread.join()
    statistics = recognizer.engine().statistics()
half = len(memory) // 2
print(f"{count} sessions, {seconds} s: served after {np.median(late):.3f} s, in 95 of 100 after"
      f" {np.quantile(late, 0.95):.3f} s;"
      f" {sum(finals)} finals; {statistics.requests} chunks in {statistics.infer_requests} infer requests; memory"
      f" {memory[half]} MiB in the middle, {memory[-1]} MiB at the end")
assert min(finals) > 0
assert memory[-1] - memory[half] < 30, memory
assert statistics.infer_requests < statistics.requests
"""


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [16, 32])
def test_sessions_at_the_pace_of_speech(count: int) -> None:
    """Five minutes of sound each, as they are spoken: memory stays flat, and nobody gets nothing."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SESSIONS, MODEL, DATA / "speech", str(count), "300"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started > 300

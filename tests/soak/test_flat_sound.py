"""Resident memory does not grow with the length of sound, nor with the number of files."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import MODELS, ROOT

RATE = 16000
MIB = 1024

# A process of its own, and its VmHWM: ru_maxrss begins with what the test runner takes. The last line says it in KiB.
MEASURED = """
import re, sys
from pathlib import Path
from ov_asr_score.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone"),
]


def write_sound(path: Path, seconds: int) -> None:
    """A recording of noise whose level rises and falls, written second by second."""
    random = np.random.default_rng(seconds)
    second = random.standard_normal(RATE) * 1000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for number in range(seconds):
            rolled = np.roll(second, int(random.integers(RATE))) * (1.2 + np.sin(number))
            file.writeframes(rolled.astype("<i2").tobytes())


def peak_kib(folder: Path, *words: str | Path) -> int:
    """The peak of a command that ends well."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, words)],
        stdout=subprocess.PIPE,
        check=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return int(done.stdout.split()[-1])


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a minute and an hour of sound, with segments of ten seconds, and 3,000 short files."""
    folder = tmp_path_factory.mktemp("sounds")
    for name, seconds in (("minute", 60), ("hour", 3600)):
        write_sound(folder / f"{name}.wav", seconds)
        (folder / f"{name}.scp").write_text(f"{name} {name}.wav\n")
        lines = [f"{name}-{start:04} {name} {start} {start + 10}\n" for start in range(0, seconds, 10)]
        (folder / f"{name}.segments").write_text("".join(lines))
    (folder / "hours.scp").write_text("hour hour.wav\n")
    (folder / "hours.segments").write_text("".join([*lines, *(f"again-{line}" for line in lines)]))
    write_sound(folder / "short.wav", 1)
    content = (folder / "short.wav").read_bytes()
    for count in (60, 3000):
        names = [f"{count}/{number:04}.wav" for number in range(count)]
        (folder / str(count)).mkdir()
        for name in names:
            (folder / name).write_bytes(content)
    return folder


HIRES = ("--config", MODELS / "chain_ivector" / "conf" / "mfcc.conf")
SCORE = ("--feature-config", MODELS / "chain_ivector" / "conf" / "mfcc.conf", "-o", "ark:/dev/null")
CHAIN = ("score", "-m", MODELS / "nnet3_chain_tdnnf" / "final.mdl", *SCORE, "-i")
WITH_IVECTORS = (
    *("score", "-m", MODELS / "chain_ivector" / "final.mdl", "--ivector-extractor"),
    *(MODELS / "chain_ivector" / "ivector_extractor" / "ivector_extractor.conf", *SCORE, "-i"),
)


@pytest.mark.parametrize(
    ("words", "target", "before"),
    [
        (("features", *HIRES), "ark:/dev/null", "minute"),
        (("features", *HIRES, "--cmvn=sliding", "--delta-order=2"), "ark:/dev/null", "minute"),
        (("features", "--type", "pitch", "--process-pitch"), "ark:/dev/null", "minute"),
        (CHAIN, "", "minute"),
        # Utterances are read ahead for their i-vectors, up to a limit that is reached within the hour.
        (WITH_IVECTORS, "", "hour"),
    ],
    ids=["mfcc", "steps", "pitch", "score", "ivectors"],
)
def test_peaks_do_not_grow(words: Sequence[str | Path], target: str, before: str, sounds: Path) -> None:
    def peak(source: str, *more: str) -> int:
        return peak_kib(sounds, *words, source, *([target] if target else []), *more) // MIB

    after = {"minute": "hour", "hour": "hours"}[before]
    short, long = (peak(f"wav,scp:{name}.scp", "--segments", f"{name}.segments") for name in (before, after))
    few, many = peak("wav:60/*.wav"), peak("wav:3000/*.wav")
    print(f"{words[0]}: {before} {short}, {after} {long}, 60 files {few}, 3,000 files {many} MiB")
    # Of sound, 32 MiB are kept where segments are taken from it; an hour of it has 220 MiB.
    assert long - short < 60
    assert many - few < 30


def test_an_hour_as_one_utterance_takes_its_features(sounds: Path) -> None:
    minute, hour = (
        peak_kib(sounds, "features", *HIRES, f"wav,scp:{name}.scp", "ark:/dev/null") for name in ("minute", "hour")
    )
    features = 360_000 * 40 * 4 // 1024
    print(f"one utterance: a minute {minute // MIB}, an hour {hour // MIB}, its features {features // MIB} MiB")
    assert hour - minute < 2 * features + 20 * MIB

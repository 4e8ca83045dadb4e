"""Resident memory of a transcription does not grow as recordings do, but for the path of the search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.command_line import DATA, MODELS
from tests.soak.test_flat_sound import MIB, peak_kib

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone"),
]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with utterances in a row, again and again, for six minutes and for an hour."""
    folder = tmp_path_factory.mktemp("sounds")
    utterances = [soundfile.read(path, dtype="int16")[0] for path in sorted((DATA / "speech").glob("*.flac"))]
    samples = np.concatenate(utterances)
    for name, minutes in (("short", 6), ("hour", 60)):
        with soundfile.SoundFile(folder / f"{name}.wav", "w", 16000, 1, "PCM_16") as file:
            for _ in range(minutes * 60 * 16000 // len(samples)):
                file.write(samples)
    return folder


def test_an_hour_takes_little_more_than_minutes(sounds: Path) -> None:
    command = ("transcribe", MODELS / "chain_ivector", "--no-cache", "--text", "x.txt")
    short, hour = (peak_kib(sounds, *command, f"{name}.wav") // MIB for name in ("short", "hour"))
    print(f"six minutes {short}, an hour {hour} MiB")
    assert hour - short < 80  # features alone are 58, scores 27, samples 230

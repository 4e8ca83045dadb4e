"""Resident memory does not grow with the length of the archive."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.job.score import _FEATURES_AHEAD, _SCORES_AHEAD

ROOT = Path(__file__).resolve().parent.parent.parent
FRAMES, WIDTH = 500, 440

# A process of its own, and its VmHWM: ru_maxrss begins with what the test runner takes. The last line says it in KiB.
MEASURED = """
import re, sys
from pathlib import Path
from ov_asr_score import ScoreJob, run_job
report = run_job(ScoreJob(model=sys.argv[1], inputs=["ark:-"], outputs=[sys.argv[2]], report=sys.argv[3]))
print(report.totals.frames, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak_kib(utterances: int, folder: Path) -> int:
    """Peak of scoring so many utterances of 0.88 MB each, streamed through standard input."""
    matrix = np.random.default_rng(5).standard_normal((FRAMES, WIDTH)).astype("<f4").tobytes()
    head = b" \0BFM \4" + struct.pack("<i", FRAMES) + b"\4" + struct.pack("<i", WIDTH)
    model = ROOT / "models" / "dnn_digits.xml"
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURED, *map(str, (model, folder / "scores.ark", folder / "report.json"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as pipe:
        for number in range(utterances):
            pipe.write(b"utt%07d" % number + head + matrix)
    output = process.stdout.read()
    assert process.wait() == 0
    frames, peak = output.split()
    assert int(frames) == utterances * FRAMES
    return int(peak)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone")
def test_peak_memory_is_that_of_a_short_archive(tmp_path: Path) -> None:
    short, long = peak_kib(30, tmp_path), peak_kib(900, tmp_path)  # 26 MB and 790 MB of features
    # A slow disk may leave scores waiting, up to the limits of job/score.py; the scores in all take 216 MB.
    waiting = (_FEATURES_AHEAD + _SCORES_AHEAD) // 1024
    assert long - short < waiting + 50 * 1024
    assert long < 400 * 1024

"""Measurements that do not depend on throughput: startup of processes, small jobs, and memory use."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.contestants.processes import CommandFailed, environment, make_features, run_command, score_command
from benchmarks.measuring.turns import Spread, spread
from benchmarks.models.subjects import ROOT, Subject

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Small:
    """The seconds of a short job; ``most`` is the limit, None without one."""

    name: str
    seconds: Spread
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory (bytes) and seconds of ``score`` on two streams, of ``sizes`` bytes."""

    model: str
    sizes: tuple[int, int]
    peaks: tuple[int, int]
    seconds: tuple[float, float]

    @property
    def growth(self) -> int:
        """Additional memory for the longer stream, in bytes."""
        return self.peaks[1] - self.peaks[0]


def small_jobs(folder: Path, chain: Subject, repeats: int) -> list[Small]:
    """Seconds of small jobs: 20 utterances of 1 to 3 s, the help, the import."""
    lengths = [int(length) for length in np.random.default_rng(5).integers(100, 300, 20)]
    features = make_features(folder, chain, lengths, "short")
    job = score_command(chain, f"ark:{features.archive}", f"ark:{folder / 'short-scores.ark'}", "f32", None)
    commands = {
        "20 short utterances, nnet3_chain_tdnnf": (job, 1.0),
        "the same without any cache": ([*job, "--no-cache"], None),
        "ov-asr-score --help": ([sys.executable, "-m", "ov_asr_score", "--help"], None),
        "import ov_asr_score": ([sys.executable, "-c", "import ov_asr_score"], None),
        "python, nothing imported": ([sys.executable, "-c", "pass"], None),
    }
    variables = environment(folder)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, (command, _) in commands.items():
            elapsed = run_command(command, variables)
            if turn:
                seconds[name].append(elapsed)
    return [Small(name, spread(seconds[name]), most) for name, (_, most) in commands.items()]


def memory(folder: Path, subject: Subject, sizes: tuple[int, int]) -> Memory:
    """Peak memory for generated streams of two sizes on standard input; scores are discarded. Raises CommandFailed."""
    measured = [_peak(folder, subject, size) for size in sizes]
    return Memory(subject.name, sizes, (measured[0][0], measured[1][0]), (measured[0][1], measured[1][1]))


def _peak(folder: Path, subject: Subject, size: int) -> tuple[int, float]:
    source = [sys.executable, "-m", "benchmarks.models.archives", str(subject.dim), str(size)]
    command = score_command(subject, "ark:-", "ark:/dev/null", "f32", None)
    script = str(Path(__file__).with_name("peak_memory.py"))
    done = subprocess.run(
        [sys.executable, script, json.dumps(source), json.dumps(command)],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout or "{}")
    if answer.get("exit_code") != 0:
        raise CommandFailed(f"score from standard input: {done.stderr.strip()[-500:]}")
    return int(answer["bytes"]), float(answer["seconds"])

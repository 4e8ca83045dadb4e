"""Gain of direct transfers to disk for large outputs: ``python -m benchmarks.large_output FOLDER [TURNS]``.

``score`` of the chain model in f32 and bf16 (1.2 GB of scores) and ``copy-table`` (3 GB) run as whole processes, in
turns with the same commands without ``O_DIRECT``. FOLDER must be on a disk, not in memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contestants.processes import Features, environment, make_features, run_command, score_command
from benchmarks.measuring.turns import Contestant, Target, ratios, take_turns
from benchmarks.models.archives import speech_lengths, write_features
from benchmarks.models.subjects import Subject, big_subjects

CACHED_ONLY = """
import sys
from ov_asr_score.kaldi_io.files import large_output
large_output._O_DIRECT = 0
from ov_asr_score.cli.app import main
main(sys.argv[1:])
"""
"""The command line with large outputs in the page cache."""

SCORED_FRAMES, COPIED_FRAMES, COPIED_DIM = 150_000, 1_700_000, 440


def contestants_of(name: str, arguments: Sequence[str], target: Path, frames: int, folder: Path) -> list[Contestant]:
    """The command with ``arguments``, which writes ``target``, with direct transfers and without."""

    def contestant(suffix: str, command: list[str]) -> Contestant:
        def run() -> tuple[float, float]:
            os.sync()
            seconds = run_command(command, environment(folder))
            target.unlink()
            return frames, seconds

        return Contestant(f"{name}, {suffix}", run)

    return [
        contestant("direct", [sys.executable, "-m", "ov_asr_score", *arguments]),
        contestant("cached", [sys.executable, "-c", CACHED_ONLY, *arguments]),
    ]


def score_contestants(subject: Subject, features: Features, precision: str, folder: Path) -> list[Contestant]:
    """``score`` in a precision, with direct transfers and without."""
    target = folder / "scores.ark"
    command = score_command(subject, f"ark:{features.archive}", f"ark:{target}", precision, features.ivectors)
    arguments = command[command.index("score") :]
    return contestants_of(f"score {precision}", arguments, target, features.frames, folder)


def measure(folder: Path, turns: int) -> None:
    """Print the ratio of speeds, direct by cached, of each command: median, smallest, largest."""
    folder.mkdir(parents=True, exist_ok=True)
    subject = next(subject for subject in big_subjects(folder) if subject.name == "tdnnf")
    features = make_features(folder, subject, speech_lengths(SCORED_FRAMES), "large")
    table = write_features(folder / "copied.ark", COPIED_DIM, speech_lengths(COPIED_FRAMES))
    copy = folder / "copy.ark"
    contestants = [
        *score_contestants(subject, features, "f32", folder),
        *score_contestants(subject, features, "bf16", folder),
        *contestants_of("copy-table", ["copy-table", f"ark:{table}", f"ark:{copy}"], copy, COPIED_FRAMES, folder),
    ]
    for contestant in contestants[::2]:
        contestant.run()  # the converted model is in the cache, the table in memory
    figures = take_turns(contestants, turns, lambda text: print(text, file=sys.stderr))
    targets = [
        Target(direct.name, cached.name) for direct, cached in zip(contestants[::2], contestants[1::2], strict=True)
    ]
    for ratio in ratios(figures, targets):
        found = ratio.found
        print(f"{ratio.target.name}: {found.median:.2f} [{found.smallest:.2f}, {found.largest:.2f}]")


if __name__ == "__main__":
    measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 9)

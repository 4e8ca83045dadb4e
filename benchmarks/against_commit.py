"""An older commit beside the working tree on one machine: the same bytes, and no slower.

``python -m benchmarks.against_commit COMMIT`` checks the commit out, runs what its README runs with both and compares
all files under ``out/``; then both score repeated data in turns. Exit code 1: something differs, or is slower.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants.processes import CommandFailed, run_command
from benchmarks.measuring.turns import Contestant, Ratio, Target, ratios, take_turns
from benchmarks.measuring.written_files import Compared, compare_folders
from benchmarks.models.subjects import ROOT
from benchmarks.reports.table import grid
from ov_asr_score.kaldi_io import TableWriter, read_table

LEAST = 0.98
TARGET = Target("new", "old", LEAST)
MODELS = {
    "dnn_digits": ("models/dnn_digits.xml", "data/dnn_digits/features.ark"),
    "nnet3_chain_tdnnf": ("models/nnet3_chain_tdnnf/final.mdl", "data/kaldi/hires.ark"),
    "lstm_mem": ("models/lstm_mem.xml", "data/lstm_mem/features.ark"),
}
STARTS = {
    "ov-asr-score --help": ["-m", "ov_asr_score", "--help"],
    "import ov_asr_score": ["-c", "import ov_asr_score"],
}
STARTS_IN_A_TURN = 4
MOST_REPEATS = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """A source tree that is run, and a folder of its own with links to the models and data of the older one."""

    name: str
    tree: Path
    folder: Path

    def environment(self) -> dict[str, str]:
        """The tree's package and a cache of its own, whatever is installed."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {
            "PATH": path,
            "PYTHONPATH": str(self.tree),
            "OV_ASR_SCORE_CACHE": str(self.folder / "cache"),
            "COLUMNS": "120",
        }


@contextmanager
def two_sides(commit: str) -> Iterator[tuple[Side, Side]]:
    """The older side and the working tree. Raises CommandFailed."""
    with tempfile.TemporaryDirectory(prefix="against-commit-") as name:
        folder = Path(name).resolve()
        tree = folder / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield _side("old", tree, folder, tree), _side("new", ROOT, folder, tree)
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _side(name: str, tree: Path, folder: Path, files: Path) -> Side:
    side = Side(name, tree, folder / name)
    (side.folder / "out").mkdir(parents=True)
    for each in ("models", "data"):
        (side.folder / each).symlink_to(files / each)
    script = (
        f"import ov_asr_score as p, pathlib; assert pathlib.Path(p.__file__).is_relative_to({str(tree)!r}), p.__file__"
    )
    run_command([sys.executable, "-c", script], side.environment(), side.folder)
    return side


def _git(*words: str) -> None:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(f"git {' '.join(words)}: {done.stderr.strip()}")


def examples(readme: str) -> list[str]:
    """The shell blocks of a README, without ``bench``, which writes nothing but times."""
    blocks = re.findall(r"^```bash\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ov-asr-score bench .*\n", "", block, flags=re.MULTILINE) for block in blocks]


def run_examples(side: Side, blocks: Sequence[str]) -> None:
    """Run the blocks one after the other; they write into ``out``. Raises CommandFailed."""
    for block in blocks:
        script = block.replace("ov-asr-score ", f"'{sys.executable}' -m ov_asr_score ")
        run_command(["/bin/sh", "-e", "-c", script], side.environment(), side.folder)


def compare_bytes(old: Side, new: Side, allow: Sequence[str]) -> list[Compared]:
    """The files that the examples of the older README write, compared. Raises CommandFailed."""
    blocks = examples((old.tree / "README.md").read_text(encoding="utf-8"))
    for side in (old, new):
        _tell(f"{len(blocks)} examples: {side.name}")
        run_examples(side, blocks)
    return compare_folders(old.folder / "out", new.folder / "out", allow)


def compare_speed(old: Side, new: Side, turns: int, seconds: float) -> dict[str, Ratio]:
    """New by old of frames per second for each model, and of starts per second. Raises CommandFailed."""
    found = {}
    for name, (model, features) in MODELS.items():
        source = old.folder / features
        command = [sys.executable, "-m", "ov_asr_score", "score", "-m", str(old.folder / model), "--quiet"]
        archive, frames = _long_enough(old, [*command, "-o", "ark:/dev/null", "-i"], source, seconds)
        sides = [_scoring(side, [*command, "-i", str(archive)], frames) for side in (old, new)]
        found[f"score, {name}"] = _ratio(name, sides, turns)
        archive.unlink()
    for name, words in STARTS.items():
        found[name] = _ratio(name, [_starting(side, [sys.executable, *words]) for side in (old, new)], turns)
    return found


def _ratio(name: str, sides: Sequence[Contestant], turns: int) -> Ratio:
    for side in sides:
        side.run()  # caches are filled, files are in memory
    figures = take_turns(sides, turns, lambda text: _tell(f"{name}: {text}"))
    return ratios(figures, [TARGET])[0]


def _scoring(side: Side, command: list[str], frames: int) -> Contestant:
    target = side.folder / "scores.ark"

    def run() -> tuple[float, float]:
        taken = run_command([*command, "-o", f"ark:{target}"], side.environment(), side.folder)
        target.unlink()
        return frames, taken

    return Contestant(side.name, run)


def _starting(side: Side, command: list[str]) -> Contestant:
    def run() -> tuple[float, float]:
        taken = sum(run_command(command, side.environment(), side.folder) for _ in range(STARTS_IN_A_TURN))
        return STARTS_IN_A_TURN, taken

    return Contestant(side.name, run)


def _long_enough(side: Side, command: list[str], source: Path, seconds: float) -> tuple[Path, int]:
    """An archive that repeats ``source`` until a run takes about ``seconds``, and its frames."""
    times = []
    for repeats in (1, 1, 50):  # the first run fills the cache
        archive, _ = repeat(source, side.folder / "some.ark", repeats)
        times.append(run_command([*command, str(archive)], side.environment(), side.folder))
    each = max((times[2] - times[1]) / 49, 1e-4)
    repeats = min(max(round((seconds - times[1]) / each), 1), MOST_REPEATS)
    return repeat(source, side.folder.parent / "features.ark", repeats)


def repeat(source: Path, target: Path, repeats: int) -> tuple[Path, int]:
    """``target``, with the utterances of ``source`` so many times under keys of their own, and its frames."""
    utterances = list(read_table(f"ark:{source}"))
    with TableWriter(f"ark:{target}") as writer:
        for number in range(repeats):
            for key, matrix in utterances:
                writer.write(f"{number:05d}-{key}", matrix)
    return target, repeats * sum(len(matrix) for _, matrix in utterances)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; the exit code."""
    options = _parser().parse_args(arguments)
    failed = False
    try:
        with two_sides(options.commit) as (old, new):
            if options.only != "speed":
                files = compare_bytes(old, new, options.allow)
                print("\n".join(grid(["file", "found"], [[file.name, _found(file)] for file in files])))
                failed = not files or any(not file.equal and not file.allowed for file in files)
            if options.only != "bytes":
                found = compare_speed(old, new, options.turns, options.seconds)
                print("\n".join(grid(["new / old", f"median of {options.turns}", "spread"], _speed_rows(found))))
                failed = failed or not all(ratio.reached for ratio in found.values())
    except CommandFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return int(failed)


def _found(file: Compared) -> str:
    return f"{file.found} (allowed)" if file.allowed and not file.equal else file.found


def _speed_rows(found: dict[str, Ratio]) -> list[list[str]]:
    rows = []
    for name, ratio in found.items():
        spread = f"[{ratio.found.smallest:.3f}, {ratio.found.largest:.3f}]"
        rows.append([name, f"{ratio.found.median:.3f}" + ("" if ratio.reached else f", below {LEAST}"), spread])
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against_commit", description=__doc__)
    parser.add_argument("commit", metavar="COMMIT", help="what the working tree is held against")
    parser.add_argument("--turns", type=int, default=11, help="turns of each side (11)")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="how long a run of score takes (4)")
    parser.add_argument("--only", choices=["bytes", "speed"], help="one of both")
    parser.add_argument(
        "--allow", action="append", default=[], metavar="PATTERN", help="files under out/ that may differ on purpose"
    )
    return parser


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

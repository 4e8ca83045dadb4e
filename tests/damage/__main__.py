"""Damages files of all kinds, reads them as the commands do, and prints what became of them.

Run as ``python -m tests.damage --files 10000 --seed 7 --only 'nnet|blob' --keep out/damage``. A file may be read, or be
refused by one of our errors in one line. All else is a fault, and kept: another exception, a crash, more than five
seconds, more than 500 MB beyond what the process had, output of other libraries on standard error.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import re
import select
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError
from tests.damage.changes import damaged
from tests.damage.subjects import Subject, subjects

READ, REFUSED = "read", "refused"
FAULTS = ("other exception", "several lines", "crash", "slow", "hang", "memory", "noise")
_SECONDS, _HANG_SECONDS, _KIB = 5.0, 60.0, 500 << 10


def main() -> int:
    """Damage, read, and print the table; exit code 1 if there are faults."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--only", default="", help="kinds of files that match this pattern")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep files with faults")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        chosen = [each for each in subjects(Path(temporary)) if re.search(arguments.only, each.kind)]
        numbers = range(arguments.first, arguments.first + arguments.files)
        outcomes = run(chosen, arguments.seed, numbers, Path(temporary) / "faults")
        counts = Counter((kind, verdict) for kind, verdict, _ in outcomes)
        if arguments.keep is not None and (Path(temporary) / "faults").is_dir():
            shutil.copytree(Path(temporary) / "faults", arguments.keep, dirs_exist_ok=True)
    verdicts = (READ, REFUSED, *FAULTS)
    print(f"{'':10}{'tried':>8}", *(f"{verdict:>16}" for verdict in verdicts))
    for kind in sorted({kind for kind, _ in counts}):
        row = [counts[kind, verdict] for verdict in verdicts]
        print(f"{kind:10}{sum(row):8}", *(f"{number:16}" for number in row))
    faults = [line for _, verdict, line in outcomes if verdict in FAULTS]
    print(*faults[:100], sep="\n")
    return 1 if faults else 0


def run(chosen: list[Subject], seed: int, numbers: range, kept: Path) -> list[tuple[str, str, str]]:
    """Kind, verdict and a line about it, for every number; read in a process that is started again after a crash."""
    by_kind: dict[str, list[Subject]] = {}
    for subject in chosen:
        by_kind.setdefault(subject.kind, []).append(subject)
    outcomes: list[tuple[str, str, str]] = []
    while len(outcomes) < len(numbers):
        found, crash = _in_own_process(by_kind, seed, numbers[len(outcomes) :], kept)
        outcomes += found
        if crash and len(outcomes) < len(numbers):
            subject, what = _damage(by_kind, seed, numbers[len(outcomes)])
            _keep(subject, kept, numbers[len(outcomes)])
            outcomes.append((subject.kind, crash, f"{crash}: {subject.name}, number {numbers[len(outcomes)]}, {what}"))
            subject.path.unlink()
    return outcomes


def _damage(by_kind: dict[str, list[Subject]], seed: int, number: int) -> tuple[Subject, str]:
    """The subject of that number, damaged, and how: the same for the same seed and subjects."""
    chance = random.Random(f"{seed} {number}")
    subject = chance.choice(by_kind[sorted(by_kind)[number % len(by_kind)]])
    whole = subject.path.with_name("whole." + subject.name)
    if not whole.exists():
        shutil.copy(subject.path, whole)
    data, what = damaged(whole.read_bytes(), chance)
    subject.path.write_bytes(data)
    return subject, what


def _in_own_process(
    by_kind: dict[str, list[Subject]], seed: int, numbers: range, kept: Path
) -> tuple[list[tuple[str, str, str]], str]:
    """The outcomes that a forked process tells, and ``crash`` or ``hang`` if it ended before it had told all."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _work(by_kind, seed, numbers, kept, writer)
        os._exit(0)
    os.close(writer)
    lines: list[str] = []
    rest, hung = "", False
    while True:
        ready, _, _ = select.select([reader], [], [], _HANG_SECONDS)
        if not ready:
            os.kill(child, 9)
            hung = True
            break
        data = os.read(reader, 1 << 16).decode("utf-8", "replace")
        if not data:
            break
        *whole, rest = (rest + data).split("\n")
        lines += whole
    os.close(reader)
    _, status = os.waitpid(child, 0)
    kinds = [line.split("\t", 2) for line in lines]
    return [(kind, verdict, text) for kind, verdict, text in kinds], "hang" if hung else "crash" if status else ""


def _work(by_kind: dict[str, list[Subject]], seed: int, numbers: range, kept: Path, writer: int) -> None:
    """Read the damaged files of these numbers, and write a line about each: kind, verdict, how and what was said."""
    logging.getLogger("ov_asr_score").addHandler(logging.NullHandler())  # our own warnings are no noise
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), 2)
        for number in numbers:
            subject, what = _damage(by_kind, seed, number)
            said = os.fstat(2).st_size
            verdict, message = _outcome(subject)
            if verdict in (READ, REFUSED) and os.fstat(2).st_size > said:
                noise.seek(said)
                verdict, message = "noise", noise.read().decode("utf-8", "replace")
            if verdict in FAULTS:
                _keep(subject, kept, number)
            line = " ".join(f"{verdict}: {subject.name}, number {number}, {what}: {message}".split())
            os.write(writer, f"{subject.kind}\t{verdict}\t{line}\n".encode("utf-8", "replace"))


def _outcome(subject: Subject) -> tuple[str, str]:
    """The verdict on the file as it is, and the message of an error."""
    os.chdir(subject.folder)
    _reset_peak()
    before, start = _peak(), time.perf_counter()
    verdict, message = READ, ""
    try:
        subject.read(subject.path)
    except OvAsrScoreError as error:
        message = str(error)
        verdict = REFUSED if "\n" not in message and message.isprintable() else "several lines"
    except MemoryError:
        return "memory", ""
    except Exception as error:
        return "other exception", f"{type(error).__name__}: {error}"
    if time.perf_counter() - start > _SECONDS:
        return "slow", message
    return ("memory" if _peak() - before > _KIB else verdict), message


def _keep(subject: Subject, kept: Path, number: int) -> None:
    shutil.copytree(subject.folder, kept / str(number), dirs_exist_ok=True)


def _reset_peak() -> None:
    """Let the peak of resident memory begin again where it is."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The peak of resident memory in KiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs all measurements: ``python -m benchmarks.harness [--full] [--help]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.contestants.processes import CommandFailed
from benchmarks.measuring.contest import FULL, QUICK, Settings, measure
from benchmarks.measuring.machine import this_machine
from benchmarks.measuring.small_jobs import MEGABYTE, memory, small_jobs
from benchmarks.models.subjects import ROOT, Subject, big_subjects, shipped_subjects
from benchmarks.reports.plot import write_plot
from benchmarks.reports.results import Results, write_json
from benchmarks.reports.table import markdown, update_readme

SMALL_STREAM = 100 * MEGABYTE
LONG_STREAM = {"quick": 1000 * MEGABYTE, "full": 10_000 * MEGABYTE}

BUSY = 0.5  # processes waiting for a core before the harness starts


def run_harness(
    subjects: Sequence[Subject],
    settings: Settings,
    tell: Callable[[str], None],
    *,
    chain: Subject | None = None,
    streams: Sequence[Subject] = (),
    sizes: tuple[int, int] = (SMALL_STREAM, LONG_STREAM["quick"]),
) -> Results:
    """Results for ``subjects``, for small jobs with ``chain``, and for ``streams`` of ``sizes`` bytes."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    machine = this_machine()
    if machine.load > BUSY:
        tell(f"the machine is busy (load {machine.load:.1f}): figures will be noisy")
    small = []
    if chain is not None:
        tell("small jobs")
        small = small_jobs(settings.folder, chain, 2 * settings.turns)
    measured = [measure(subject, machine, settings, tell) for subject in subjects]
    memories = []
    for subject in streams:
        tell(f"{subject.name}: memory for streams of {sizes[0] / 1e6:,.0f} and {sizes[1] / 1e6:,.0f} MB")
        memories.append(memory(settings.folder, subject, sizes))
    return Results(
        mode="full" if settings.full else "quick",
        machine=machine,
        turns=settings.turns,
        seconds=time.perf_counter() - started,
        subjects=measured,
        small=small,
        memory=memories,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurements and write the results; the exit code."""
    options = _parser().parse_args(arguments)
    mode = "full" if options.full else "quick"
    folder: Path = options.folder.resolve()
    settings = Settings(folder, **(FULL if options.full else QUICK))  # type: ignore[arg-type]
    if options.score_seconds:
        settings = replace(settings, score_seconds=options.score_seconds)
    shipped = shipped_subjects()
    known = {subject.name: subject for subject in [*big_subjects(folder), *shipped]}
    unknown = [name for name in options.only if name not in known]
    if unknown:
        print(f"--only {unknown[0]}: expected one of {', '.join(known)}", file=sys.stderr)
        return 2
    try:
        results = run_harness(
            [known[name] for name in options.only or known],
            settings,
            _tell if not options.quiet else lambda text: None,
            chain=None if options.only else shipped[0],
            streams=() if options.only else shipped,
            sizes=(SMALL_STREAM, LONG_STREAM[mode]),
        )
    except CommandFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    text = markdown(results)
    print(text, end="")
    write_json(folder / "results.json", results)
    (folder / "results.md").write_text(text, encoding="utf-8")
    written = [folder / "results.json", folder / "results.md"]
    if find_spec("matplotlib"):
        picture = ROOT / "docs" / "benchmark.png" if options.update_readme else folder / "results.png"
        write_plot(picture, results)
        written.append(picture)
    if options.update_readme:
        update_readme(ROOT / "README.md", results)
        written.append(ROOT / "README.md")
    print(f"\n{results.seconds:.0f} s; written: {', '.join(map(str, written))}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harness", description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer runs, more turns, a stream of 10 GB")
    parser.add_argument("--score-seconds", type=float, metavar="S", help="how long a run of score is to take")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "bench", help="models, archives and results")
    parser.add_argument("--only", nargs="+", default=[], metavar="MODEL", help="only these models, nothing else")
    parser.add_argument(
        "--update-readme", action="store_true", help="put the table into README.md, the plot into docs/"
    )
    parser.add_argument("--quiet", action="store_true", help="nothing about what is going on")
    return parser


def _tell(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

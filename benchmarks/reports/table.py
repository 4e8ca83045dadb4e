"""Results as Markdown: tables for the terminal, and the one in README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring.small_jobs import MEGABYTE, Memory, Small
from benchmarks.measuring.turns import Ratio, Spread
from benchmarks.models.subjects import (
    BOUND,
    BOUND_BF16,
    IN_OPERATIONS,
    KALDI,
    OLD_2023_EIGHT,
    OLD_EIGHT,
    OLD_ONE,
    SCORE,
    SCORE_BF16,
)
from benchmarks.reports.results import Results, SubjectResult

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
IN_README = (OLD_ONE, OLD_EIGHT, OLD_2023_EIGHT, KALDI, SCORE, BOUND, SCORE_BF16, BOUND_BF16)
MOST_GROWTH = 50 * MEGABYTE


def markdown(results: Results) -> str:
    """All results, one section per model."""
    machine = results.machine
    lines = [
        f"{machine.cpu}, {machine.cores} cores, {machine.memory / 2**30:.0f} GiB, {machine.system}; "
        f"OpenVINO {machine.openvino}, Python {machine.python}; {machine.date}; `{results.mode}` run, "
        f"medians of {results.turns} turns, smallest to largest in brackets; load before: {machine.load:.1f}.",
        "",
    ]
    for subject in results.subjects:
        lines += [f"**{subject.name}**", "", *_figures(subject), "", *_ratios(subject.ratios), ""]
    if results.small:
        lines += ["**Small jobs**", "", *_small(results.small), ""]
    if results.memory:
        lines += ["**Memory**", "", *_memory(results.memory), ""]
    return "\n".join(lines).rstrip() + "\n"


def readme_section(results: Results) -> str:
    """One table with all ratios that have a target, and the machine."""
    machine = results.machine
    rows = [
        [subject.name, ratio.target.name, number(ratio.found), *_verdict(ratio)]
        for subject in results.subjects
        for ratio in subject.ratios
        if ratio.target.least is not None
    ]
    columns = [name for name in IN_README if any(name in subject.spreads for subject in results.subjects)]
    speeds = [
        [
            subject.name,
            *(f"{subject.spreads[name].median:,.0f}" if name in subject.spreads else "" for name in columns),
        ]
        for subject in results.subjects
    ]
    return "\n".join(
        [
            f"{machine.cpu}, {machine.cores} cores, OpenVINO {machine.openvino}, {machine.date}, `{results.mode}` "
            f"run; frames per second, medians of {results.turns} turns:",
            "",
            *grid(["model", *columns], speeds),
            "",
            "![Frames per second of all contestants](docs/benchmark.png)",
            "",
            "Targets; ratios turn by turn, smallest to largest in brackets:",
            "",
            *grid(["model", "ratio", "found", "target", "reached"], rows),
            "",
            *_small(results.small),
            "",
            *_memory(results.memory),
        ]
    ).rstrip()


def update_readme(path: Path, results: Results) -> None:
    """Write the section between its markers. Raises ValueError if they are missing."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path}: expected the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{readme_section(results)}\n{END}{after}", encoding="utf-8")


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table with aligned columns."""
    cells = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def number(spread: Spread) -> str:
    """A ratio with its range: ``2.61 [2.55, 2.70]``."""
    digits = 2 if spread.median < 10 else 1
    return f"{spread.median:.{digits}f} [{spread.smallest:.{digits}f}, {spread.largest:.{digits}f}]"


def speed(spread: Spread, scale: float = 1.0) -> str:
    """Frames per second with their range: ``8,512 [8,400, 8,600]``."""
    return f"{spread.median / scale:,.0f} [{spread.smallest / scale:,.0f}, {spread.largest / scale:,.0f}]"


def _figures(subject: SubjectResult) -> list[str]:
    rows = []
    for name, spread in subject.spreads.items():
        start = subject.start_seconds.get(name)
        rows.append(
            [
                name,
                speed(spread, 1e9) + " GFLOP/s" if name in IN_OPERATIONS else speed(spread) + " frames/s",
                f"{start.median:.2f} s" if start else "",
                subject.notes.get(name, ""),
            ]
        )
    return grid(["contestant", "speed", "one utterance", "how"], rows)


def _ratios(ratios: Sequence[Ratio]) -> list[str]:
    rows = [[ratio.target.name, number(ratio.found), *_verdict(ratio)] for ratio in ratios]
    return grid(["ratio", "found", "target", "reached"], rows)


def _verdict(ratio: Ratio) -> tuple[str, str]:
    if ratio.target.least is None:
        return "", ""
    return f">= {ratio.target.least:g}", "yes" if ratio.reached else "no"


def _small(small: Sequence[Small]) -> list[str]:
    rows = []
    for job in small:
        reached = "" if job.most is None else "yes" if job.seconds.median <= job.most else "no"
        limit = "" if job.most is None else f"<= {job.most:g} s"
        rows.append([job.name, f"{number(job.seconds)} s", limit, reached])
    return grid(["small job", "wall time", "target", "reached"], rows) if rows else []


def _memory(memories: Sequence[Memory]) -> list[str]:
    rows = [
        [
            memory.model,
            *(f"{peak / MEGABYTE:,.0f} MB" for peak in memory.peaks),
            f"{memory.growth / MEGABYTE:+,.0f} MB",
            f"<= {MOST_GROWTH / MEGABYTE:.0f} MB",
            "yes" if memory.growth <= MOST_GROWTH else "no",
        ]
        for memory in memories
    ]
    if not rows:
        return []
    sizes = [f"peak for {size / MEGABYTE:,.0f} MB of input" for size in memories[0].sizes]
    return grid(["model", *sizes, "growth", "target", "reached"], rows)

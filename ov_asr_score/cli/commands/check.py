"""``ov-asr-score check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Optional

import typer

from ov_asr_score.cli.failures import EXIT_CANNOT_GO_ON, EXIT_FAILED, explained_failures, say
from ov_asr_score.cli.options import shared as o
from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.report.data.suite import SuiteReport
from ov_asr_score.report.files.suite import suite_json, suite_junit, suite_markdown
from ov_asr_score.report.html.suite import write_suite_page


def check(
    suite: Annotated[str, typer.Argument(metavar="SUITE.toml", help="Cases, devices and limits (docs/ci.md).")],
    only: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this at run time on Python 3.10
        typer.Option("--only", metavar="NAME|TAG", help="These cases only; may be repeated, * and ? match anything."),
    ] = None,
    junit: Annotated[str, typer.Option("--junit", metavar="FILE.xml", help="Write JUnit XML.")] = "",
    json: Annotated[str, typer.Option("--json", metavar="FILE.json", help="Write JSON.")] = "",
    markdown: Annotated[
        str, typer.Option("--markdown", metavar="FILE.md", help="Write Markdown, as for the summary of a CI job.")
    ] = "",
    report: Annotated[
        str, typer.Option("--report", metavar="FILE.html", help="Write a page for people (docs/html-report.md).")
    ] = "",
    require_all: Annotated[
        bool, typer.Option("--require-all", help="What cannot be run here counts as failed, not as skipped.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Write new references of cases that have none or do not keep their limits, and the baseline.",
        ),
    ] = False,
    cache_dir: o.CacheOption = "",
    no_cache: o.NoCacheOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Run a suite of cases and tell which of them keep their limits.

    `ov-asr-score check data/suite.toml --junit out/check.xml`
    """
    with explained_failures():
        from ov_asr_score.cli.options.shared import conversion_cache
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.job import CheckJob, read_suite, run_suite
        from ov_asr_score.report.console.suite import render_suite

        outputs = {"--junit": junit, "--json": json, "--markdown": markdown, "--report": report}
        found = read_suite(suite)
        check_outputs(outputs, found.files())
        cache = conversion_cache(cache_dir, no_cache)
        job = CheckJob(found, only or [], require_all, update, cache, cache_dir)
        console = ReportConsole(stderr="-" in outputs.values())
        watched = sys.stderr.isatty() and not quiet
        finished = run_suite(job, (lambda result: say(f"{result.status}: {result.name}")) if watched else None)
        write_outputs(outputs, finished)
        if not quiet or finished.verdict != "ok":
            render_suite(finished, console)
        if finished.verdict != "ok":
            raise typer.Exit(EXIT_FAILED if finished.verdict == "failed" else EXIT_CANNOT_GO_ON)


_TEXTS = {"--junit": suite_junit, "--json": suite_json, "--markdown": suite_markdown}


def check_outputs(outputs: Mapping[str, str], read: Collection[Path]) -> None:
    """Nothing; raises before anything is run where a file could not be written, two are one, or one is ``read``.

    Raises UsageError, FileAccessError.
    """
    places: dict[str, str] = {}
    for option, path in outputs.items():
        if not path:
            continue
        place = path if path == "-" else os.path.realpath(path)
        other = places.setdefault(place, option)
        if other != option:
            raise UsageError(f"{option} {path}: {other} goes there, too; give each a file of its own")
        if Path(place) in read:
            raise UsageError(f"{option} {path}: the suite reads this file; give another one")
        folder = os.path.dirname(place)  # noqa: PTH120 - of a text that may be `-`
        if path != "-" and not os.path.isdir(folder):  # noqa: PTH112
            raise FileAccessError(f"{option} {path}: no such folder; make it first")
        if path != "-" and os.path.isdir(place):  # noqa: PTH112
            raise FileAccessError(f"{option} {path}: is a folder, expected a file")


def write_outputs(outputs: Mapping[str, str], report: SuiteReport) -> None:
    """Nothing; each file gets its name when all are whole. Raises FileAccessError."""
    with ExitStack() as stack:
        for option, path in outputs.items():
            if not path:
                continue
            file = stack.enter_context(atomic_output(path, "w"))
            if option == "--report":
                write_suite_page(file, report)
            else:
                file.write(_TEXTS[option](report))

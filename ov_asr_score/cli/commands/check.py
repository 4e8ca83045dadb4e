"""``ov-asr-score check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ov_asr_score.cli.caching import conversion_cache
from ov_asr_score.cli.failures import EXIT_CANNOT_GO_ON, EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.settings.caching import CacheSettings
from ov_asr_score.settings.table_jobs import CheckSettings

if TYPE_CHECKING:
    from ov_asr_score.report.data.suite import SuiteReport


def check(settings: CheckSettings, caches: CacheSettings, quiet: Quiet = False) -> None:
    """Run a test suite and report which cases are within their limits.

    `ov-asr-score check data/suite.toml --junit out/check.xml`
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job import CheckJob, read_suite, run_suite
    from ov_asr_score.report.console.suite import render_suite

    outputs = {name: getattr(settings, name) for name in ("junit", "json", "markdown", "report")}
    suite = read_suite(settings.suite)
    check_outputs(outputs, suite.files())
    job = CheckJob(
        suite, settings.only, settings.require_all, settings.update, conversion_cache(caches), caches.cache_dir
    )
    console = ReportConsole(stderr="-" in outputs.values())
    watched = sys.stderr.isatty() and not quiet
    finished = run_suite(job, (lambda result: say(f"{result.status}: {result.name}")) if watched else None)
    write_outputs(outputs, finished)
    if not quiet or finished.verdict != "ok":
        render_suite(finished, console)
    if finished.verdict != "ok":
        raise typer.Exit(EXIT_FAILED if finished.verdict == "failed" else EXIT_CANNOT_GO_ON)


def check_outputs(outputs: Mapping[str, str], read: Collection[Path]) -> None:
    """Raise before anything is run where a file could not be written, two are one, or one is ``read``.

    ``outputs`` are paths by setting. Raises UsageError, FileAccessError.
    """
    places: dict[str, str] = {}
    for name, path in outputs.items():
        if not path:
            continue
        place = path if path == "-" else os.path.realpath(path)
        other = places.setdefault(place, name)
        if other != name:
            raise UsageError(
                f"{name} {path}: {other} goes there, too; give each a file of its own", fields=(name, other)
            )
        if Path(place) in read:
            raise UsageError(f"{name} {path}: the suite reads this file; give another one", fields=(name,))
        folder = os.path.dirname(place)  # noqa: PTH120 - of a text that may be `-`
        if path != "-" and not os.path.isdir(folder):  # noqa: PTH112
            raise FileAccessError(f"{name} {path}: no such folder; make it first", fields=(name,))
        if path != "-" and os.path.isdir(place):  # noqa: PTH112
            raise FileAccessError(f"{name} {path}: is a folder, expected a file", fields=(name,))


def write_outputs(outputs: Mapping[str, str], report: SuiteReport) -> None:
    """Write ``report`` into each file; they get their names when all are whole. Raises FileAccessError."""
    from ov_asr_score.kaldi_io import atomic_output
    from ov_asr_score.report.files.suite import suite_json, suite_junit, suite_markdown
    from ov_asr_score.report.html.suite import write_suite_page

    texts = {"junit": suite_junit, "json": suite_json, "markdown": suite_markdown}
    with ExitStack() as stack:
        for name, path in outputs.items():
            if not path:
                continue
            file = stack.enter_context(atomic_output(path, "w"))
            if name == "report":
                write_suite_page(file, report)
            else:
                file.write(texts[name](report))

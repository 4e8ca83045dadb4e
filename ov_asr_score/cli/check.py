"""``ov-asr-score check``."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from ov_asr_score.cli import options as o
from ov_asr_score.cli.failures import EXIT_CANNOT_GO_ON, EXIT_FAILED, explained_failures, say


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
        from ov_asr_score.cli.caching import conversion_cache
        from ov_asr_score.cli.report_console import ReportConsole
        from ov_asr_score.cli.suite_outputs import check_outputs, write_outputs
        from ov_asr_score.job import CheckJob, read_suite, run_suite
        from ov_asr_score.report.suite_console import render_suite

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

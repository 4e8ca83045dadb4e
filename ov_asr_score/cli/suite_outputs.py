"""The files that ``check`` writes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.report.html_suite import write_suite_page
from ov_asr_score.report.suite_files import suite_json, suite_junit, suite_markdown
from ov_asr_score.report.suite_report import SuiteReport

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

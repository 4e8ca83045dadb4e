"""Formats the report of a suite as JSON, JUnit XML and Markdown, as documented in docs/ci.md."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields
from xml.etree import ElementTree

from ov_asr_score.report.data.run import plain_value
from ov_asr_score.report.data.suite import (
    FORMAT,
    FORMAT_VERSION,
    RANKING_COLUMNS,
    WORDS,
    RunResult,
    SuiteReport,
    printable_line,
    ranking_cells,
    ranking_title,
    result_cells,
    run_columns,
)

# Characters that XML 1.0 does not allow.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Markdown syntax; underscores within words and single colons are plain text.
_MARKUP = re.compile(r"[\\`*{}\[\]()#|~!@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.", re.IGNORECASE)
_TEXTS = {"case", "device", "precision", "verdict", WORDS, "reason", RANKING_COLUMNS[-1]}  # columns without numbers
_MARKS = {"passed": "✅", "failed": "❌", "error": "💥", "skipped": "⚪"}


def suite_json(report: SuiteReport) -> str:
    """The report as a JSON object in plain ASCII, one run per line."""
    head = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tool_version": report.tool_version,
        "versions": report.versions,
        "suite": report.suite,
        "verdict": report.verdict,
        "counts": report.counts,
        "seconds": report.seconds,
        "recorded": list(report.recorded),
        "rankings": list(report.rankings),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(plain_value(value), allow_nan=False)}" for name, value in head.items()]
    runs = ",\n".join(json.dumps(plain_value(_as_dict(result)), allow_nan=False) for result in report.results)
    return "{\n" + ",\n".join(lines) + f',\n"runs": [\n{runs}\n]\n' + "}\n"


def suite_junit(report: SuiteReport) -> str:
    """The report as JUnit XML: one test suite per case, one test per device and precision."""
    counts = report.counts
    root = ElementTree.Element(
        "testsuites",
        {
            "name": _xml(report.suite),
            "tests": str(len(report.results)),
            "failures": str(counts["failed"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "time": f"{report.seconds:.3f}",
        },
    )
    for case in dict.fromkeys(result.case for result in report.results):
        results = [result for result in report.results if result.case == case]
        statuses = [result.status for result in results]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            {
                "name": _xml(case),
                "tests": str(len(results)),
                "failures": str(statuses.count("failed")),
                "errors": str(statuses.count("error")),
                "skipped": str(statuses.count("skipped")),
                "time": f"{sum(result.seconds for result in results):.3f}",
            },
        )
        for result in results:
            _add_test(suite, result)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def suite_markdown(report: SuiteReport) -> str:
    """The report as Markdown for a job summary: verdict, counts, one table; all names and messages are escaped."""
    verdict = {"ok": "passed", "failed": "failed", "nothing": "nothing could be run"}[report.verdict]
    lines = [
        f"## {_MARKS['passed'] if report.verdict == 'ok' else _MARKS['failed']} {_markdown(report.suite)}: {verdict}",
        "",
        f"{report.summary} in {report.seconds:.1f} s"
        + (f"; ov-asr-score {report.tool_version}" if report.tool_version else "")
        + (f", OpenVINO {_markdown(report.versions['openvino'])}" if "openvino" in report.versions else ""),
        "",
        *_markdown_head(run_columns(report)),
    ]
    columns = run_columns(report)
    for result in report.results:
        cells = {column: _markdown(cell) for column, cell in result_cells(result).items()}
        cells["verdict"] = f"{_MARKS[result.status]} {cells['verdict']}"
        lines.append(_markdown_row([cells[column] for column in columns]))
    for ranking in report.rankings:
        lines += ["", f"### {_markdown(ranking_title(ranking))}", "", *_markdown_head(RANKING_COLUMNS)]
        lines += [_markdown_row([_markdown(cell) for cell in ranking_cells(run)]) for run in ranking.runs]
    if report.recorded:
        lines += ["", "Recorded: " + ", ".join(_markdown(name) for name in report.recorded)]
    return "\n".join(lines) + "\n"


def _markdown_head(columns: Sequence[str]) -> list[str]:
    return [_markdown_row(columns), "|" + "|".join("---" if name in _TEXTS else "---:" for name in columns) + "|"]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _as_dict(result: RunResult) -> dict[str, object]:
    return {"name": result.name, **{field.name: getattr(result, field.name) for field in fields(result)}}


def _add_test(suite: ElementTree.Element, result: RunResult) -> None:
    name = f"{result.device} {result.precision}"
    attributes = {"classname": _xml(result.case), "name": _xml(name), "time": f"{result.seconds:.3f}"}
    test = ElementTree.SubElement(suite, "testcase", attributes)
    values = {
        "max_error": result.max_error,
        "rms_error": result.rms_error,
        "class_agreement": result.class_agreement,
        "frames_per_second": result.frames_per_second,
    }
    if result.words is not None:
        values["wer_percent"] = result.words.wer_percent
        if result.words.changes is not None:
            values["wer_percent_before"] = result.words.changes.wer_percent_before
            values["changed_words"] = result.words.changes.changed_words
    known = {name: value for name, value in values.items() if value is not None}
    if known:
        properties = ElementTree.SubElement(test, "properties")
        for name, value in known.items():
            ElementTree.SubElement(properties, "property", {"name": name, "value": f"{value:.6g}"})
    element = {"failed": "failure", "error": "error", "skipped": "skipped"}.get(result.status)
    if element is not None:
        message = ElementTree.SubElement(test, element, {"message": _xml(result.reason)})
        if element != "skipped":
            message.set("type", result.status)
            message.text = _xml("\n".join(result.reasons))


def _xml(text: str) -> str:
    """The text, with characters that XML does not allow shown as escapes."""
    return _NOT_XML.sub(lambda match: ascii(match[0])[1:-1], text)


def _markdown(text: str) -> str:
    """The text in one line, escaped so that Markdown and HTML show it as plain text."""
    line = printable_line(text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", line)

"""The report for people: plain lines that read the same on a terminal and in a log file.

Whatever can be long (a path, a key, the name of a layer) stands at the end of its line, and no line is ever broken in
two, so that 80 columns are enough to read and any line can be searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from ov_asr_score.comparison import ScoreDifference, describe_location
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, total_microseconds
from ov_asr_score.report.run_report import RunReport, RunTotals, UtteranceReport, WorstUtterance

_MAX_LAYERS = 20
_MAX_KEYS = 10


def render_run_report(report: RunReport, console: Console, *, verbose: bool = False) -> None:
    """Print the report of a run to ``console``.

    ``verbose`` adds versions, ports and the worst utterances, and lifts the limits on layers (20), failures and missing
    keys (10 each).
    """
    render_facts(console, "Model", report.model)
    if verbose:
        _ports(console, "Inputs", report.inputs)
        _ports(console, "Outputs", report.outputs)
    render_facts(console, "Device", report.device)
    render_facts(console, "Plan", report.plan)
    if verbose:
        render_facts(console, "Versions", report.versions)
    render_facts(console, "Totals", _totals(report.totals))
    render_comparison(report.comparison, console, worst=report.worst if verbose else ())
    _layers(console, report.layers, None if verbose else _MAX_LAYERS)
    limit = None if verbose else _MAX_KEYS
    for note in report.notes:
        _line(console, f"note: {note}", "yellow")
    _keys(console, "missing in", report.missing_keys, limit)
    _keys(console, "only in", report.extra_keys, limit)
    for failure in report.failures[:limit]:
        _line(console, f"failed: {failure.key}: {failure.message}", "red")
    unlisted = report.num_failures - len(report.failures[:limit])
    if unlisted > 0:
        _line(console, f"failed: {unlisted:,} more", "red")
    for message in report.limit_messages:
        _line(console, f"limit: {message}", "red")
    _line(console, f"verdict: {report.verdict}", "bold green" if report.verdict == "ok" else "bold red")


def render_comparison(
    comparison: Mapping[str, ScoreDifference], console: Console, *, worst: Sequence[WorstUtterance] = ()
) -> None:
    """Print the error statistics of each output, then the ``worst`` utterances if there are any.

    The lines ``max error: 0.0000123``, ``avg error: …``, ``avg rms error: …`` and ``stdev error: …`` keep the form
    that OpenVINO's speech sample prints, for the scripts that look for them.
    """
    for output, difference in comparison.items():
        render_facts(console, f"Comparison of {output}", _statistics(difference))
    if worst:
        _line(console, "Worst utterances", "bold")
        _line(console, "   max error   rms error      frames   frame  column  utterance, output")
    for each in worst:
        difference, place = each.difference, each.difference.worst
        frame, column = (place.frame, place.column) if place else ("", "")
        errors = f"{difference.max_abs:12.3g}{difference.rms:12.3g}"
        _line(console, f"{errors}{difference.frames:12,}{frame:8}{column:8}  {each.key}, {each.output}")


def _statistics(difference: ScoreDifference) -> dict[str, object]:
    facts: dict[str, object] = {
        "compared": f"{difference.count:,} scores in {difference.frames:,} frames",
        "max error": f"{difference.max_abs:.7f}",
        "avg error": f"{difference.mean_abs:.7f}",
        "avg rms error": f"{difference.rms:.7f}",
        "stdev error": f"{difference.std:.7f}",
        "max abs ref score": f"{difference.max_abs_reference:.7f}",
        "avg abs ref score": f"{difference.mean_abs_reference:.7f}",
        "max relative error": f"{difference.max_rel:.3g}",
        "mean relative error": f"{difference.mean_rel:.3g}",
        "rms relative error": f"{difference.rms_rel:.3g}",
        f"errors over {difference.threshold:g}": _part(difference.num_over_threshold, difference.count, "scores"),
        "best class changed": _part(difference.class_changes, difference.frames, "frames"),
    }
    if difference.worst:
        facts["largest error at"] = describe_location(difference.worst)
    found = {
        "NaN scores": difference.nan_scores,
        "infinite scores": difference.inf_scores,
        "NaN references": difference.nan_reference,
        "infinite references": difference.inf_reference,
        "mismatches": difference.num_nonfinite_mismatch,
    }
    if any(found.values()):
        facts["not finite"] = ", ".join(f"{name} {count:,}" for name, count in found.items() if count)
    return facts


def _totals(totals: RunTotals) -> dict[str, object]:
    context = f" + {totals.context_frames:,} of context" if totals.context_frames else ""
    parts = {
        "loading": totals.load_seconds,
        "reading": totals.read_seconds,
        "inference": totals.infer_seconds,
        "writing": totals.write_seconds,
    }
    return {
        "utterances": f"{totals.utterances:,}",
        "frames": f"{totals.frames:,}{context}",
        "requests": f"{totals.requests:,}",
        "time": f"{totals.total_seconds:.3f} s ("
        + ", ".join(f"{name} {seconds:.3f}" for name, seconds in parts.items())
        + ")",
        "frames per second": f"{totals.frames_per_second:,.1f} (whole run {totals.overall_frames_per_second:,.1f})",
        "real-time factor": f"{totals.real_time_factor:.3g}",
    }


def _layers(console: Console, layers: Sequence[LayerTime], limit: int | None) -> None:
    if not layers:
        return
    total = total_microseconds(layers)
    _line(console, "Layers, slowest first", "bold")
    _line(console, "   share    total ms     mean us       calls  layer (type, implementation)")
    for layer in layers[:limit]:
        times = f"{layer.share_of(total):8.1%}{layer.real_microseconds / 1e3:12,.3f}{layer.mean_microseconds:12,.1f}"
        _line(console, f"{times}{layer.calls:12,}  {layer.name} ({layer.type}, {layer.exec_type})")
    unlisted = len(layers) - len(layers[:limit])
    if unlisted:
        _line(console, f"  and {unlisted} more")


def _keys(console: Console, how: str, tables: Mapping[str, Sequence[str]], limit: int | None) -> None:
    for table, keys in tables.items():
        if keys:
            more = ", ..." if len(keys) > len(keys[:limit]) else ""
            _line(console, f"{how} {table} ({len(keys):,}): {', '.join(keys[:limit])}{more}", "yellow")


def _ports(console: Console, title: str, ports: Iterable[PortInfo]) -> None:
    facts = {port.name: f"{_shape(port)} {port.element_type} {port.layout}".rstrip() for port in ports}
    render_facts(console, title, facts)


def _shape(port: PortInfo) -> str:
    if port.shape is None:
        return "[...]"
    return "[" + ", ".join("?" if dimension is None else str(dimension) for dimension in port.shape) + "]"


def render_utterance(utterance: UtteranceReport, console: Console) -> None:
    """Print one utterance as a line: frames, time, its distance from each reference, and its key."""
    line = f"{utterance.frames:8,} frames {utterance.infer_seconds * 1e3:10.2f} ms"
    for difference in utterance.differences.values():
        line += f"  max error {difference.max_abs:.7f}  rms {difference.rms:.7f}"
    _line(console, f"{line}  {utterance.key}")


def render_facts(console: Console, title: str, facts: Mapping[str, object]) -> None:
    """Print a title and a line ``name: value`` for each fact; values of None are left out."""
    if facts:
        _line(console, title, "bold")
    for name, value in facts.items():
        if value is not None:
            _line(console, f"  {name}: {_phrase(value)}")


def _phrase(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_phrase(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_phrase, value))
    return str(value)


def _part(number: int, total: int, unit: str) -> str:
    return f"{number:,} of {total:,} {unit}" + (f" ({number / total:.3%})" if total else "")


def _line(console: Console, text: str, style: str = "") -> None:
    """Print one line as it is: not read as markup, and with escapes for what the console cannot show or would obey."""
    encodable = text.encode(console.encoding, "backslashreplace").decode(console.encoding)
    printable = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in encodable)
    console.print(Text(printable), style=style, soft_wrap=True)

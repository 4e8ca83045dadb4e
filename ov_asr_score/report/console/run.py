"""The report of a run on the console: tables on a terminal, plain lines in a log file.

In a log file, anything that can be long (a path, a key, the name of a layer) is at the end of its line, and lines are
never wrapped, so that they can be searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ov_asr_score.comparison import ScoreDifference, ScoreMeasures, describe_location
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, total_microseconds
from ov_asr_score.report.console.decoded_lines import word_lines
from ov_asr_score.report.console.measures import HISTOGRAM_COLUMNS, histogram_rows, measure_facts
from ov_asr_score.report.data.gna import GnaReport, PlacedLayer
from ov_asr_score.report.data.run import RunReport, RunTotals, UtteranceReport, WorstUtterance

_MAX_LAYERS = 20
_MAX_KEYS = 10
# the values of each section that are shown without ``verbose``
_BRIEF = frozenset({"path", "device", "runs_on", "name", "precision", "summary", "reason"})


def render_run_report(report: RunReport, console: Console, *, verbose: bool = False) -> None:
    """Print the report of a run to ``console``.

    ``verbose`` adds versions, ports, all settings, where errors are and the worst utterances, and shows all layers,
    failures and missing keys instead of the first 20 (10 each).
    """
    model = {name: fact for name, fact in report.model.items() if name != "conversion"}
    sections = {"Model": model, "Device": report.device, "Plan": report.plan}
    conversion = report.model.get("conversion")
    if verbose and isinstance(conversion, Mapping):
        sections["Conversion"] = dict(conversion)
    for title, facts in sections.items():
        shown = [name for name in facts if verbose or name in _BRIEF]
        render_facts(console, title, {name.replace("_", " "): facts[name] for name in shown})
    if verbose:
        _ports(console, "Inputs", report.inputs)
        _ports(console, "Outputs", report.outputs)
        render_facts(console, "Versions", report.versions)
    if report.totals.utterances or report.comparison:
        render_facts(console, "Totals", _totals(report.totals))
    worst = report.worst if verbose else ()
    render_comparison(report.comparison, console, worst=worst, measures=report.measures, verbose=verbose)
    if report.words is not None:
        for text, style in word_lines(report.words, None if verbose else _MAX_KEYS):
            _line(console, text, style)
    _layers(console, report.layers, None if verbose else _MAX_LAYERS)
    if report.placement:
        _placement(console, report.placement)
    if report.gna is not None:
        _gna_layers(console, report.gna)
    limit = None if verbose else _MAX_KEYS
    for note in report.notes:
        _line(console, f"note: {note}", "yellow")
    _keys(console, "missing in", report.missing_keys, limit)
    _keys(console, "only in", report.extra_keys, limit)
    for failure in report.failures[:limit]:
        key = "" if failure.key in failure.message else f"{failure.key}: "
        _line(console, f"failed: {key}{failure.message}", "red")
    unlisted = report.num_failures - len(report.failures[:limit])
    if unlisted > 0:
        _line(console, f"failed: {unlisted:,} more", "red")
    for message in report.limit_messages:
        _line(console, f"failed: {message}", "red")
    _line(console, f"verdict: {report.verdict}", "bold green" if report.verdict == "ok" else "bold red")


def render_comparison(
    comparison: Mapping[str, ScoreDifference],
    console: Console,
    *,
    worst: Sequence[WorstUtterance] = (),
    measures: Mapping[str, ScoreMeasures] | None = None,
    verbose: bool = False,
) -> None:
    """Print the error statistics of each output with its ``measures``, then the ``worst`` utterances if any.

    ``verbose`` adds a histogram of the errors. In a log file, the lines ``max error: 0.0000123``, ``avg error: …``,
    ``avg rms error: …`` and ``stdev error: …`` have the format of OpenVINO's speech sample, for scripts that parse
    them.
    """
    for output, difference in comparison.items():
        measured = None if measures is None else measures.get(output)
        facts = {} if measured is None else measure_facts(measured, verbose=verbose)
        render_facts(console, f"Comparison of {output}", _statistics(difference) | facts)
        if verbose and measured is not None:
            blocks = console.is_terminal and console.encoding.startswith("utf")
            rows = histogram_rows(measured, blocks=blocks)
            if rows:
                render_table(console, f"Errors of {output}", HISTOGRAM_COLUMNS, rows)
    if worst:
        render_table(
            console,
            "Worst utterances",
            ("max error", "rms error", "frames", "frame", "column", "utterance, output"),
            [_worst_row(utterance) for utterance in worst],
        )


def _worst_row(worst: WorstUtterance) -> tuple[str, ...]:
    difference, place = worst.difference, worst.difference.worst
    frame, column = (str(place.frame), str(place.column)) if place else ("", "")
    errors = (f"{difference.max_abs:.3g}", f"{difference.rms:.3g}", f"{difference.frames:,}")
    return (*errors, frame, column, f"{worst.key}, {worst.output}")


def _statistics(difference: ScoreDifference) -> dict[str, object]:
    texts: dict[str, object] = {
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
        texts["largest error at"] = describe_location(difference.worst)
    nonfinite = {
        "NaN scores": difference.nan_scores,
        "infinite scores": difference.inf_scores,
        "NaN references": difference.nan_reference,
        "infinite references": difference.inf_reference,
        "mismatches": difference.num_nonfinite_mismatch,
    }
    if any(nonfinite.values()):
        texts["not finite"] = ", ".join(f"{name} {count:,}" for name, count in nonfinite.items() if count)
    return texts


def _totals(totals: RunTotals) -> dict[str, object]:
    context = f" + {totals.context_frames:,} of context" if totals.context_frames else ""
    parts = {
        "loading": totals.load_seconds,
        "reading": totals.read_seconds,
        "inference": totals.infer_seconds,
        "writing": totals.write_seconds,
    }
    texts: dict[str, object] = {"utterances": f"{totals.utterances:,}", "frames": f"{totals.frames:,}{context}"}
    if totals.resumed_utterances:
        texts["scored before"] = f"{totals.resumed_utterances:,} utterances, {totals.resumed_frames:,} frames"
    if totals.stage_seconds:
        whole = sum(totals.stage_seconds.values()) or 1.0
        stages = (f"{stage} {seconds / whole:.0%}" for stage, seconds in totals.stage_seconds.items() if seconds)
        texts["stages"] = ", ".join(stages)
    if not totals.requests:  # a comparison of two tables
        return texts | {"time": f"{totals.total_seconds:.3f} s"}
    shares = ", ".join(f"{name} {seconds:.3f}" for name, seconds in parts.items())
    return texts | {
        "requests": f"{totals.requests:,}",
        "time": f"{totals.total_seconds:.3f} s ({shares})",
        "frames per second": f"{totals.frames_per_second:,.1f} (whole run {totals.overall_frames_per_second:,.1f})",
        "real-time factor": f"{totals.real_time_factor:.3g}",
    }


def _layers(console: Console, layers: Sequence[LayerTime], limit: int | None) -> None:
    if not layers:
        return
    total = total_microseconds(layers)
    rows = [
        (
            f"{layer.share_of(total):.1%}",
            f"{layer.real_microseconds / 1e3:,.3f}",
            f"{layer.mean_microseconds:,.1f}",
            f"{layer.calls:,}",
            f"{layer.name} ({layer.type}, {layer.exec_type})",
        )
        for layer in layers[:limit]
    ]
    columns = ("share", "total ms", "mean us", "calls", "layer (type, implementation)")
    render_table(console, "Layers, slowest first", columns, rows)
    unlisted = len(layers) - len(rows)
    if unlisted:
        _line(console, f"  and {unlisted} more")


def _placement(console: Console, layers: Sequence[PlacedLayer]) -> None:
    rows = [
        (str(layer.part), layer.device, f"{layer.name} ({layer.type}){f': {layer.reason}' if layer.reason else ''}")
        for layer in layers
    ]
    render_table(console, "Where layers run", ("part", "device", "layer (type)"), rows)


def _gna_layers(console: Console, report: GnaReport) -> None:
    rows = [
        (
            str(layer.bits),
            f"{layer.input_scale:,.5g}" if layer.input_scale else "",
            f"{layer.weight_scale:,.5g}" if layer.weight_scale else "",
            f"{layer.output_scale:,.5g}",
            f"{layer.saturated:,}" if layer.saturated else "",
            f"{layer.signal_to_noise:.1f}",
            f"{layer.largest:.3g}",
            f"{layer.name} ({layer.kind})",
        )
        for layer in report.layers
    ]
    columns = ("bits", "input ×", "weights ×", "output ×", "saturated", "SNR dB", "max error", "layer (kind)")
    title = f"GNA layers in order, integers beside floats over {report.frames:,} frames"
    render_table(console, title, columns, rows)
    if report.first_below:
        _line(console, f"  first layer below {report.limit:g} dB: {report.first_below}", "yellow")
    for hint in report.hints:
        _line(console, f"  hint: {hint}", "yellow")


def render_table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; all columns are right-aligned numbers except the last one, which holds names."""
    if console.is_terminal:
        table = Table(title=Text(title, style="bold"), title_justify="left", box=box.ROUNDED)
        for name in columns:
            last = name == columns[-1]
            table.add_column(name, justify="left" if last else "right", overflow="fold", no_wrap=not last)
        for row in rows:
            table.add_row(*(Text(printable(console, cell)) for cell in row))
        console.print(table)
        return
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns) - 1)]
    _line(console, title, "bold")
    for row in (columns, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        _line(console, "  " + "  ".join([*cells, row[-1]]))


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
    """Print one utterance as a line: frames, time, errors for each reference, and its key."""
    line = f"{utterance.frames:8,} frames {utterance.infer_seconds * 1e3:10.2f} ms"
    for difference in utterance.differences.values():
        line += f"  max error {difference.max_abs:.7f}  rms {difference.rms:.7f}"
    _line(console, f"{line}  {utterance.key}")


def render_line(console: Console, text: str, style: str = "") -> None:
    """Print one line without markup or wrapping; characters that the console cannot show are escaped."""
    _line(console, text, style)


def render_facts(console: Console, title: str, facts: Mapping[str, object]) -> None:
    """Print a title and ``name: value`` lines; values that are None or empty are left out."""
    phrases = {name: _phrase(value) for name, value in facts.items() if value is not None and _phrase(value)}
    if not phrases:
        return
    if console.is_terminal:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="cyan", no_wrap=True, min_width=22)
        table.add_column(overflow="fold")
        _line(console, title, "bold")
        for name, phrase in phrases.items():
            table.add_row(Text("  " + printable(console, name)), Text(printable(console, phrase)))
        console.print(table)
        return
    _line(console, title, "bold")
    for name, phrase in phrases.items():
        _line(console, f"  {name}: {phrase}")


def _phrase(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_phrase(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_phrase, value))
    return str(value)


def _part(number: int, total: int, unit: str) -> str:
    return f"{number:,} of {total:,} {unit}" + (f" ({number / total:.3%})" if total else "")


def _line(console: Console, text: str, style: str = "") -> None:
    """Print one line without markup or wrapping."""
    console.print(Text(printable(console, text)), style=style, soft_wrap=True)


def printable(console: Console, text: str) -> str:
    """The text, with control characters and characters that the console cannot encode escaped."""
    encodable = text.encode(console.encoding, "backslashreplace").decode(console.encoding)
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in encodable)

"""The page of a run, or of a comparison of two tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TextIO

from ov_asr_score.comparison import ScoreDifference, describe_location, summarize
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, total_microseconds
from ov_asr_score.report.console.decoded_lines import word_lines
from ov_asr_score.report.data.error_detail import ErrorDetail, UtteranceRow
from ov_asr_score.report.data.gna import GnaReport
from ov_asr_score.report.data.run import RunReport, RunTotals
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.report.html import charts, page
from ov_asr_score.report.html.page import Cell, Html, KeyFigure, PageVerdict, Section

_MAX_REASONS = 5
_MAX_KEYS = 20


def write_run_page(file: TextIO, report: RunReport, detail: ErrorDetail, subject: str = "") -> None:
    """Write the page of a run to an open text file.

    ``subject`` is the title; by default model and device of the report. Passes OSError on.
    """
    page.write_page(
        file, subject or _subject(report), _verdict(report), list(_figures(report)), _sections(report, detail)
    )


def _sections(report: RunReport, detail: ErrorDetail) -> Iterator[Section]:
    yield _distribution(report, detail)
    yield _along_time(detail)
    yield _utterances(detail)
    yield _measures(report)
    if report.words is not None:
        shown = [text for text, style in word_lines(report.words, _MAX_KEYS) if not style]
        failed = [text for text, style in word_lines(report.words, _MAX_KEYS) if style]
        yield Section("Words", page.join([page.lines("note", shown), page.lines("bad", failed)]))
    yield Section("Layers by time", layer_times(report.layers))
    if report.gna is not None:
        yield gna_layers(report.gna)
    yield Section("Where layers run", _placement(report))
    yield Section("Settings and versions", _settings(report))
    yield Section("Notes and failures", _notes(report))


def _subject(report: RunReport) -> str:
    model = PurePath(str(report.model.get("path", ""))).name
    return " on ".join(part for part in (model, str(report.device.get("device", ""))) if part)


def _verdict(report: RunReport) -> PageVerdict:
    if report.verdict != "ok":
        return PageVerdict(False, "Failed", _reasons(report))
    if not report.comparison:
        scored = f"{_count(report.totals.utterances)} scored, no reference to compare with"
        return PageVerdict(True, "OK", [scored] if report.totals.utterances else [])
    worst = max(difference.max_abs for difference in report.comparison.values())
    frames = max(difference.frames for difference in report.comparison.values())
    said = f"{frames:,} frames compared, largest error {page.number(float(worst))}"
    return PageVerdict(True, "OK", [said])


def _reasons(report: RunReport) -> list[str]:
    reasons = _limit_messages(report)
    if report.num_failures:
        first = report.failures[0]
        reasons.append(f"{_count(report.num_failures)} failed, first {first.key}: {first.message}")
    if report.words is not None and report.words.num_failures:
        first = report.words.failures[0]
        reasons.append(f"{_count(report.words.num_failures)} without words, first {first.key}: {first.message}")
    for how, tables in (("missing in", report.missing_keys), ("only in", report.extra_keys)):
        reasons += [f"{_count(len(keys))} {how} {name}, first {keys[0]}" for name, keys in tables.items() if keys]
    more = len(reasons) - _MAX_REASONS
    return reasons if more <= 0 else [*reasons[:_MAX_REASONS], f"and {more} more reasons, below"]


def _limit_messages(report: RunReport) -> list[str]:
    """The messages about limits, without the two scores at the location of the largest error."""
    messages = list(report.limit_messages)
    for worst in (difference.worst for difference in report.comparison.values()):
        if worst is not None:
            place = f"utterance '{worst.key}', frame {worst.frame}, column {worst.column}"
            messages = [message.replace(describe_location(worst), place) for message in messages]
    return messages


def _count(number: int) -> str:
    return f"{number:,} utterance{'s' if number != 1 else ''}"


def _figures(report: RunReport) -> Iterator[KeyFigure]:
    several = len(report.comparison) > 1
    for output, difference in list(report.comparison.items())[: charts.MAX_SERIES]:
        name = f", {output}" if several else ""
        place = difference.worst
        where = f"{place.key}, frame {place.frame}, class {place.column}" if place else ""
        yield KeyFigure(f"largest error{name}", page.number(float(difference.max_abs)), where)
        reference = f"mean |reference| {page.number(difference.mean_abs_reference)}"
        yield KeyFigure(f"RMS error{name}", page.number(difference.rms), reference)
        changed = f"{difference.class_changes:,} of {difference.frames:,} frames changed"
        yield KeyFigure(f"same best class{name}", _percent(difference), changed)
    if report.words is not None:
        yield from _word_figures(report.words)
    totals = report.totals
    failed = f", {report.num_failures:,} failed" if report.num_failures else ""
    yield KeyFigure("utterances", f"{totals.utterances:,}", f"{totals.frames:,} frames{failed}")
    if totals.requests:
        speed = f"real-time factor {page.number(totals.real_time_factor)}"
        yield KeyFigure("frames per second", f"{totals.frames_per_second:,.0f}", speed)
        precision = report.device.get("precision")
        device = str(report.device.get("device", ""))
        yield KeyFigure("device", device, f"precision {precision}" if precision else "")


def _word_figures(words: WordTotals) -> Iterator[KeyFigure]:
    errors, changes = words.errors, words.changes
    if errors is not None:
        wrong = errors.insertions + errors.deletions + errors.substitutions
        yield KeyFigure("word error rate", f"{errors.wer_percent:.2f}%", f"{wrong:,} of {errors.words:,} words")
    if changes is not None:
        yield KeyFigure("words changed", f"{changes.changed_words:,}", changes.text)


def _percent(difference: ScoreDifference) -> str:
    if not difference.frames:
        return "–"
    changed = difference.class_changes / difference.frames
    # only full agreement is shown as 100 %
    text = f"{1 - changed:.2%}"
    return "> 99.99%" if changed and text == "100.00%" else "100%" if not changed else text


def _distribution(report: RunReport, detail: ErrorDetail) -> Section:
    thresholds = [difference.threshold for difference in report.comparison.values()]
    chart = charts.error_histogram(detail.histograms, thresholds[0]) if thresholds else Html("")
    named = list(detail.histograms.items())
    captions = []
    for index, (output, histogram) in enumerate(named, start=1):
        total = int(histogram.counts.sum()) + histogram.equal + histogram.nonfinite
        parts = [f"{total:,} scores"]
        parts += [f"{histogram.equal:,} equal to the reference"] if histogram.equal else []
        parts += [f"{histogram.nonfinite:,} not finite"] if histogram.nonfinite else []
        dot = Html(f'<i class="dot series-{index}"></i> ') if len(named) > 1 and index <= charts.MAX_SERIES else ""
        captions.append(Html(f"{dot}{page.escape(output)} <small>{page.escape(', '.join(parts))}</small>"))
    caption = Html("<br>".join(captions))
    body = page.figure(chart, caption) if chart else caption
    return Section("Error distribution", body, "Number of scores by absolute error; both axes are logarithmic.")


def _measures(report: RunReport) -> Section:
    """Measures of classes and posteriors, one row per output."""
    columns = (
        *("output", "same best class, %", "best class in best 5, %", "mean KL, nats", "largest KL", "correlation"),
        *("50 %", "90 %", "99 %", "99.9 %", "RMS first frames", "RMS middle", "RMS last frames"),
    )
    rows: list[list[Cell]] = []
    for output, summary in ((name, summarize(measures)) for name, measures in report.measures.items()):
        shares = [summary.class_agreement, summary.top5_agreement]
        cells: list[Cell] = [output, *(None if share is None else page.percentage(share) for share in shares)]
        cells += [summary.mean_kl, summary.max_kl, summary.correlation, *summary.percentiles.values()]
        rows.append([*cells, summary.rms_first_frames, summary.rms_middle_frames, summary.rms_last_frames])
    intro = "Scores are taken as logits or log posteriors; KL of the reference to the scores; percentiles of the error."
    return Section("What errors mean", page.table(columns, rows), intro if rows else "")


def _along_time(detail: ErrorDetail) -> Section:
    several = len(detail.histograms) > 1
    images = {(image.key, image.output): image for image in detail.images}
    shown = []
    for index, series in enumerate(detail.series):
        output = f", {series.output}" if several else ""
        largest = page.number(float(series.difference.max_abs))
        text = f"largest error {largest}, RMS {page.number(series.difference.rms)}"
        text += f", each point is the largest of {series.step} frames" if series.step > 1 else ""
        text += "; red: NaN or infinity do not match" if series.broken else ""
        caption = Html(f"<b>{page.escape(series.key + output)}</b> <small>{page.escape(text)}</small>")
        image = images.get((series.key, series.output))
        name = f"time-{index}"
        chart = charts.score_images(series, image, name) if image else charts.error_along_time(series, name)
        shown.append((page.figure(chart, caption), image is not None))
    intro = "RMS error of each frame, for the utterances with the largest errors."
    if images:
        steps = [(image.frame_step, image.class_step) for image in images.values()]
        most_frames, most_classes = (max(step[axis] for step in steps) for axis in (0, 1))
        if (most_frames, most_classes) != (1, 1):
            intro += f" Each cell of the images is the largest of up to {most_frames} frames x {most_classes} classes."
    wide = page.join(html for html, has_image in shown if has_image)
    return Section(
        "Error along time", page.join([wide, page.grid(html for html, has_image in shown if not has_image)]), intro
    )


def _utterances(detail: ErrorDetail) -> Section:
    compared = any(row.difference is not None for row in detail.rows)
    several = len({row.output for row in detail.rows}) > 1
    timed = all(row.infer_seconds for row in detail.rows)  # unknown if several utterances share a request
    columns = ["utterance", *(["output"] if several else []), "frames"]
    columns += ["largest error", "RMS error", "mean error", "changed, %", "frame", "class"] if compared else []
    columns += ["inference, ms"] if timed else []
    rows = [_utterance_row(row, several=several, compared=compared, timed=timed) for row in detail.rows]
    left_out = detail.num_rows - len(rows)
    which = "with the largest errors" if compared else "that came first"
    intro = f"The {len(rows):,} {which}; {left_out:,} others are not shown." if left_out else ""
    return Section(
        "Utterances",
        page.table(columns, rows, filters="Filter utterances", left_out=left_out, descending="largest error"),
        intro,
    )


def _utterance_row(row: UtteranceRow, *, several: bool, compared: bool, timed: bool) -> list[Cell]:
    cells: list[Cell] = [row.key, *([row.output] if several else []), row.frames]
    difference = row.difference
    if compared and difference is None:
        cells += [None] * 6
    elif difference is not None:
        place = difference.worst
        changed = 100 * difference.class_changes / difference.frames if difference.frames else 0.0
        cells += [float(difference.max_abs), difference.rms, difference.mean_abs, changed]
        cells += [place.frame, place.column] if place else [None, None]
    return [*cells, *([row.infer_seconds * 1e3] if timed else [])]


def layer_times(layers: Sequence[LayerTime]) -> Html:
    """A table of layers with bars for their share of the time; empty without layers."""
    total = total_microseconds(layers)
    columns = ("layer", "share of time", "total, ms", "mean, µs", "calls", "type", "implementation")
    return page.table(
        columns,
        [
            (
                layer.name,
                page.share_bar(layer.share_of(total)),
                layer.real_microseconds / 1e3,
                layer.mean_microseconds,
                layer.calls,
                layer.type,
                layer.exec_type,
            )
            for layer in layers
        ],
        filters="Filter layers",
        descending="share of time",
    )


def gna_layers(report: GnaReport) -> Section:
    """Quantization error of each GNA layer: a chart and a table."""
    columns = ("layer", "number", "kind", "bits", "SNR, dB", "RMS error", "largest error", "saturated")
    rows: list[Sequence[Cell]] = [
        (
            layer.name,
            index,
            layer.kind,
            layer.bits,
            float(layer.signal_to_noise),
            layer.rms,
            float(layer.largest),
            layer.saturated,
        )
        for index, layer in enumerate(report.layers, start=1)
    ]
    said = [f"first layer below {report.limit:g} dB: {report.first_below}"] if report.first_below else []
    notes = page.lines("note", [*said, *report.hints])
    chart = page.figure(
        charts.layer_noise([layer.signal_to_noise for layer in report.layers], report.limit),
        Html("Signal-to-noise ratio <small>layers in order</small>"),
    )
    intro = f"Integers compared with floats over {report.frames:,} frames, layers in the order of computation."
    return Section("Layers of GNA", page.join([chart, notes, page.table(columns, rows)]), intro)


def _placement(report: RunReport) -> Html:
    columns = ("layer", "type", "device", "part", "reason")
    return page.table(
        columns, [(layer.name, layer.type, layer.device, layer.part, layer.reason) for layer in report.placement]
    )


def _settings(report: RunReport) -> Html:
    model = {name: fact for name, fact in report.model.items() if name != "conversion"}
    conversion = report.model.get("conversion")
    parts = [
        page.facts("Model", model),
        page.facts("Device", report.device),
        page.facts("Plan", report.plan),
        page.facts("Inputs", {port.name: _port(port) for port in report.inputs}),
        page.facts("Outputs", {port.name: _port(port) for port in report.outputs}),
        page.facts("Time, seconds", _times(report.totals)),
        page.facts("Versions", {"ov-asr-score": report.tool_version, **report.versions}),
    ]
    parts += [page.facts("Conversion", conversion)] if isinstance(conversion, dict) else []
    return page.join([page.command_line(report.command or []), page.columns(parts)])


def _port(port: PortInfo) -> str:
    shape = "…" if port.shape is None else ", ".join("?" if length is None else str(length) for length in port.shape)
    return f"[{shape}] {port.element_type} {port.layout}".rstrip()


def _times(totals: RunTotals) -> dict[str, object]:
    parts = {
        "loading": totals.load_seconds,
        "reading": totals.read_seconds,
        "inference": totals.infer_seconds,
        "writing": totals.write_seconds,
    }
    return {"whole run": totals.total_seconds, **{name: value for name, value in parts.items() if value}}


def _notes(report: RunReport) -> Html:
    failed = [f"{failure.key}: {failure.message}" for failure in report.failures]
    unlisted = report.num_failures - len(report.failures)
    failed += [f"{unlisted:,} more"] if unlisted else []
    gaps = [
        f"{how} {name} ({len(keys):,}): {', '.join(keys[:_MAX_KEYS])}{', …' if len(keys) > _MAX_KEYS else ''}"
        for how, tables in (("missing in", report.missing_keys), ("only in", report.extra_keys))
        for name, keys in tables.items()
    ]
    return page.join(
        [
            page.lines("bad", _limit_messages(report)),
            page.lines("bad", failed),
            page.lines("note", [*gaps, *report.notes]),
        ]
    )

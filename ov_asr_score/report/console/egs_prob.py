"""The objective of a model on training examples as JSON and as a table."""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.run import render_facts, render_line, render_table
from ov_asr_score.report.data.egs_prob import FORMAT, FORMAT_VERSION, EgsProbReport, OutputObjective
from ov_asr_score.report.data.run import as_dict


def egs_prob_as_dict(report: EgsProbReport) -> dict[str, object]:
    """The report as dicts, lists, strings and numbers, NaN and infinities as strings."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, **as_dict(report)}


def render_egs_prob(report: EgsProbReport, console: Console) -> None:
    """Print the model, a row for each output with six digits as Kaldi's logs have, and what fails."""
    render_facts(console, "Model", {"model": report.model, "examples of": report.kind})
    title = f"{report.examples:,} examples with {report.sequences:,} sequences"
    render_table(console, title, ("per frame", "frames", "accuracy", "", "output"), [_row(o) for o in report.outputs])
    for output in report.outputs:
        for text in _terms(output):
            render_line(console, text)
    for note in report.notes:
        render_line(console, f"note: {note}", "yellow")
    for failure in report.failures:
        render_line(console, f"failed: {failure}", "bold red")


def _row(output: OutputObjective) -> tuple[str, ...]:
    accuracy = "-" if output.accuracy is None else f"{output.accuracy:.6g}"
    return f"{output.per_frame:.6g}", f"{output.frames:.6g}", accuracy, output.figure, output.name


def _terms(output: OutputObjective) -> list[str]:
    texts = []
    if output.l2_term is not None:
        likelihood = output.per_frame - output.l2_term
        texts.append(f"{output.name}: {likelihood:.6g} + {output.l2_term:.6g} = {output.per_frame:.6g} per frame")
    if output.forgetting_term is not None:
        texts.append(f"{output.name}: learning without forgetting: {output.forgetting_term:.6g} per frame")
    return texts

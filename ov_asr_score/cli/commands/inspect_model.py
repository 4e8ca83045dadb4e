"""``ov-asr-score inspect``."""

from __future__ import annotations

import json
from collections.abc import Mapping

import typer

from ov_asr_score.cli.flags import AsJson
from ov_asr_score.settings.model_jobs import InspectSettings


def inspect(settings: InspectSettings, as_json: AsJson = False) -> None:
    """Show what is in a model, blob, decoding graph or model directory.

    Shows inputs, outputs, variables, layers and size, as far as a blob tells them; for a Kaldi model (nnet1, nnet2,
    nnet3) what Kaldi's info programs show, its transition model, and whether it can be converted; for a decoding graph
    (HCLG.fst) its kind, states, arcs and labels; for a model directory what each file is used for, what is missing, and
    what is ignored and why.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job.inspect_model import inspect_model
    from ov_asr_score.report.console.run import render_facts

    sections = inspect_model(
        settings.model,
        settings.device,
        all_layers=settings.all_layers or as_json,
        allow_nonfinite=settings.allow_nonfinite,
        allow_commands=settings.allow_commands,
    )
    if as_json:
        known = {title: _known(facts) for title, facts in sections}
        report = {"format": "ov-asr-score-inspection", "format_version": 1, "sections": known}
        typer.echo(json.dumps(report, indent=1, allow_nan=False))
        return
    console = ReportConsole()
    for title, facts in sections:
        render_facts(console, title, {name: _readable(fact) for name, fact in facts.items()})


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts that have a value."""
    return {name: fact for name, fact in facts.items() if fact is not None and fact != ""}


def _readable(fact: object) -> object:
    """Large numbers with commas; lists and mappings as Kaldi writes them: ``time-offsets=-1,0,1``."""
    match fact:
        case dict():
            return {name: _short(value) for name, value in fact.items()}
        case int() if not isinstance(fact, bool):
            return f"{fact:,}"
    return fact


def _short(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case list():
            return (" " if value and isinstance(value[0], list) else ",").join(map(_short, value))
    return str(value)

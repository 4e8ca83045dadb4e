"""Word errors on the console: compute-wer's lines first, then what they consist of, with pictures of alignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ov_asr_score.report.console.run import printable, render_facts, render_line, render_table
from ov_asr_score.report.data.word_errors import (
    HypothesisComparison,
    HypothesisReport,
    PartErrors,
    SweepReport,
    WordErrorsReport,
)
from ov_asr_score.word_errors.alignment import EditCounts, WordPair
from ov_asr_score.word_errors.totals import UtteranceErrors

_STYLES = {"S": "yellow", "D": "red", "I": "cyan", "": ""}
_LABELS = ("  REF: ", "  HYP: ", "       ")


def render_word_errors(report: WordErrorsReport, console: Console) -> None:
    """Print all hypotheses, then how they compare, notes, and what fails."""
    for hypothesis in report.hypotheses:
        if len(report.hypotheses) > 1:
            render_line(console, hypothesis.path, "bold")
        _render_hypothesis(report, hypothesis, console)
    if report.comparison is not None:
        render_facts(console, "Second hypothesis beside the first", _comparison_facts(report, report.comparison))
    for note in report.notes:
        render_line(console, f"note: {note}", "yellow")
    for failure in report.failures:
        render_line(console, f"failed: {failure}", "bold red")


def _render_hypothesis(report: WordErrorsReport, hypothesis: HypothesisReport, console: Console) -> None:
    for line in hypothesis.kaldi_lines:
        render_line(console, line)
    if hypothesis.characters is not None:
        render_line(console, f"%CER {counts_text(hypothesis.characters)} ({report.character_errors})")
    if hypothesis.interval is not None:
        low, high = hypothesis.interval.low_percent, hypothesis.interval.high_percent
        resamples = f"{report.replications:,} resamples, seed {report.seed}"
        render_line(console, f"95 % interval of the WER: {low:.2f} to {high:.2f} ({resamples})")
    if hypothesis.sweep is not None:
        _render_sweep(hypothesis.sweep, console)
    for title, parts in (("Speakers", hypothesis.speakers), ("Groups", hypothesis.groups)):
        if parts:
            render_table(console, title, _part_columns(parts, title[:-1].lower()), list(_part_rows(parts)))
    if hypothesis.substitutions:
        pairs = [(f"{each.count:,}", f"{each.reference} → {each.hypothesis}") for each in hypothesis.substitutions]
        render_table(console, "Substitutions", ("count", "reference → hypothesis"), pairs)
    for title, missed in (("Deletions", hypothesis.deletions), ("Insertions", hypothesis.insertions)):
        if missed:
            render_table(console, title, ("count", "word"), [(f"{each.count:,}", each.word) for each in missed])
    if hypothesis.worst:
        render_line(console, "Utterances with the most errors", "bold")
        for utterance in hypothesis.worst:
            render_alignment(utterance, console)


def _render_sweep(sweep: SweepReport, console: Console) -> None:
    """Print the error rates of all pairs, a row for each weight, and mark the best one."""
    weights, penalties, cells = sweep_table(sweep)
    best = sweep.lm_weight, sweep.word_penalty
    rows = [
        (
            *(
                f"{cells[weight, penalty].percent:.2f}{'*' if (weight, penalty) == best else ' '}"
                for penalty in penalties
            ),
            f"{weight:g}",
        )
        for weight in weights
    ]
    columns = (*(f"WIP {penalty:g} " for penalty in penalties), "language model weight")
    render_table(console, f"WER %: best with weight {best[0]:g} and penalty {best[1]:g}", columns, rows)


def sweep_table(
    sweep: SweepReport,
) -> tuple[Sequence[float], Sequence[float], Mapping[tuple[float, float], EditCounts]]:
    """All weights, all penalties, and the errors of each pair of them."""
    weights = list(dict.fromkeys(cell.lm_weight for cell in sweep.cells))
    penalties = list(dict.fromkeys(cell.word_penalty for cell in sweep.cells))
    return weights, penalties, {(cell.lm_weight, cell.word_penalty): cell.words for cell in sweep.cells}


def counts_text(counts: EditCounts) -> str:
    """``8.18 [ 13 / 159, 1 ins, 3 del, 9 sub ]``, as compute-wer says it."""
    return (
        f"{counts.percent:.2f} [ {counts.errors} / {counts.length}, {counts.insertions} ins, "
        f"{counts.deletions} del, {counts.substitutions} sub ]"
    )


def render_alignment(utterance: UtteranceErrors, console: Console) -> None:
    """Print the counts of an utterance and its words under those of the reference, with a letter for each error.

    S: substituted, D: deleted, I: inserted. On a terminal, lines are broken between words where it ends.
    """
    speaker = f" of {utterance.speaker}" if utterance.speaker else ""
    render_line(console, f"  {counts_text(utterance.words)} {utterance.key}{speaker}")
    if utterance.alignment is None:
        return
    width = console.width - len(_LABELS[0]) if console.is_terminal else None
    for part in _broken(utterance.alignment, width, console):
        rows = [Text(label) for label in _LABELS]
        for pair in part:
            kind = error_kind(pair)
            cells = [_shown(word, console) for word in pair]
            room = max(map(cell_len, cells)) + 1
            for row, cell in zip(rows, (*cells, kind), strict=True):
                row.append(cell, style=_STYLES[kind]).append(" " * (room - cell_len(cell)))
        for row in rows:
            row.rstrip()
            if row.plain.strip():
                console.print(row, soft_wrap=True)


def error_kind(pair: WordPair) -> str:
    """``S``, ``D`` or ``I`` for a pair of different words; empty for equal ones."""
    reference, hypothesis = pair
    if reference == hypothesis:
        return ""
    return "I" if reference is None else "D" if hypothesis is None else "S"


def _shown(word: str | None, console: Console) -> str:
    return "*" if word is None else printable(console, word)


def _broken(pairs: Sequence[WordPair], width: int | None, console: Console) -> Iterator[Sequence[WordPair]]:
    """The pairs in parts that fit into ``width`` columns; a part has at least one pair."""
    part: list[WordPair] = []
    used = 0
    for pair in pairs:
        room = max(cell_len(_shown(word, console)) for word in pair) + 1
        if width is not None and part and used + room > width:
            yield part
            part, used = [], 0
        part.append(pair)
        used += room
    if part:
        yield part


def _part_columns(parts: Sequence[PartErrors], name: str) -> tuple[str, ...]:
    characters = ("CER %",) if any(part.characters is not None for part in parts) else ()
    return ("WER %", "SER %", *characters, "errors", "words", "utterances", name)


def _part_rows(parts: Sequence[PartErrors]) -> Iterator[tuple[str, ...]]:
    has_characters = any(part.characters is not None for part in parts)
    for part in parts:
        characters = ("" if part.characters is None else f"{part.characters.percent:.2f}",) if has_characters else ()
        yield (
            f"{part.words.percent:.2f}",
            f"{part.ser_percent:.2f}",
            *characters,
            f"{part.words.errors:,}",
            f"{part.words.length:,}",
            f"{part.sentences:,}",
            part.name,
        )


def _comparison_facts(report: WordErrorsReport, comparison: HypothesisComparison) -> dict[str, object]:
    test = comparison.sign_test
    probability = comparison.improvement_probability
    first, second = comparison.first_percent, comparison.second_percent
    return {
        "utterances": f"{comparison.utterances:,} that both have",
        "WER": f"{first:.2f} → {second:.2f} ({comparison.increase_percent:+.2f})",
        "better, worse, equal": f"{test.better:,}, {test.worse:,} and {test.equal:,} utterances",
        "sign test": f"p = {test.p_value:.3g}",
        "probability of improvement": None
        if probability is None
        else f"{100 * probability:.2f} % of {report.replications:,} resamples",
    }

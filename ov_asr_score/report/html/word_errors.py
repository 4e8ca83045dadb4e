"""The page of word errors: rates, alignments of the worst utterances, confusions, speakers and groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from ov_asr_score.report.console.word_errors import counts_text, error_kind, sweep_table
from ov_asr_score.report.data.word_errors import (
    HypothesisComparison,
    HypothesisReport,
    MissedWord,
    PartErrors,
    SweepReport,
    WordErrorsReport,
)
from ov_asr_score.report.html import page
from ov_asr_score.report.html.page import Cell, Html, KeyFigure, PageVerdict, Section
from ov_asr_score.word_errors.totals import UtteranceErrors

_KINDS = {"S": "substituted", "D": "deleted", "I": "inserted", "": "equal"}


def write_word_errors_page(file: TextIO, report: WordErrorsReport) -> None:
    """Write the page to an open text file. Passes OSError on."""
    rates = ", ".join(f"{each.words.percent:.2f} %" for each in report.hypotheses)
    passed = report.verdict == "ok"
    verdict = PageVerdict(passed, f"WER {rates}" if passed else f"Failed: WER {rates}", report.failures)
    page.write_page(file, report.reference, verdict, list(_figures(report)), _sections(report))


def _figures(report: WordErrorsReport) -> Iterator[KeyFigure]:
    for each in report.hypotheses:
        note = each.path if len(report.hypotheses) > 1 else ""
        yield KeyFigure("WER, %", f"{each.words.percent:.2f}", note)
        if each.interval is not None:
            interval = f"{each.interval.low_percent:.2f} – {each.interval.high_percent:.2f}"
            yield KeyFigure("95 % interval", interval, note)
        yield KeyFigure("SER, %", f"{each.ser_percent:.2f}", note)
        if each.characters is not None:
            yield KeyFigure("CER, %", f"{each.characters.percent:.2f}", note)
    yield KeyFigure("words", f"{report.hypotheses[0].words.length:,}", "of the reference")
    yield KeyFigure("utterances", f"{report.hypotheses[0].sentences:,}")


def _sections(report: WordErrorsReport) -> Iterator[Section]:
    if report.comparison is not None:
        yield Section("Second hypothesis beside the first", _comparison(report, report.comparison))
    for each in report.hypotheses:
        of = f": {each.path}" if len(report.hypotheses) > 1 else ""
        if each.sweep is not None:
            title = f"WER, %, for language model weights and word insertion penalties{of}"
            best = f"The best: weight {each.sweep.lm_weight:g}, penalty {each.sweep.word_penalty:g}."
            yield Section(title, _sweep(each.sweep), best)
        pictures = page.join(_alignment(utterance) for utterance in each.worst)
        legend = "The reference above, the hypothesis below; coloured where they differ."
        yield Section(f"Utterances with the most errors{of}", pictures, legend)
        yield Section(f"Confusions{of}", page.columns(_confusions(each)))
        yield Section(f"Speakers{of}", _parts(each.speakers, "speaker"))
        yield Section(f"Groups{of}", _parts(each.groups, "group"))
    lines = [line for each in report.hypotheses for line in (each.path, *each.kaldi_lines)]
    yield Section("As compute-wer says it", Html(f"<pre>{page.escape(chr(10).join(lines))}</pre>"))
    yield Section("Notes", page.lines("note", report.notes))
    facts = {
        "reference": report.reference,
        "mode": report.mode,
        "rules": report.rules,
        "characters": report.character_errors,
        "resamples": report.replications,
        "seed": report.seed,
        "seconds": report.total_seconds,
        "ov-asr-score": report.tool_version,
        **report.versions,
    }
    yield Section(
        "Run", page.join([page.command_line(report.command or ()), page.facts("Settings and versions", facts)])
    )


def _sweep(sweep: SweepReport) -> Html:
    weights, penalties, cells = sweep_table(sweep)
    heads = ("weight", *(f"penalty {penalty:g}" for penalty in penalties))
    return page.table(heads, [(weight, *(cells[weight, each].percent for each in penalties)) for weight in weights])


def _comparison(report: WordErrorsReport, comparison: HypothesisComparison) -> Html:
    probability = comparison.improvement_probability
    test = comparison.sign_test
    named = {
        "utterances that both have": comparison.utterances,
        "WER of the first, %": comparison.first_percent,
        "WER of the second, %": comparison.second_percent,
        "utterances with fewer errors": test.better,
        "utterances with more errors": test.worse,
        "sign test, p": test.p_value,
        "probability of improvement, %": None if probability is None else 100 * probability,
    }
    return page.facts(f"{report.hypotheses[0].path} → {report.hypotheses[-1].path}", named)


def _alignment(utterance: UtteranceErrors) -> Html:
    speaker = f" of {utterance.speaker}" if utterance.speaker else ""
    head = f"<h3>{page.escape(utterance.key + speaker)}: {page.escape(counts_text(utterance.words))}</h3>"
    pairs = "".join(
        f'<span class="{_KINDS[error_kind(pair)]}"><b>{_word(pair[0])}</b><i>{_word(pair[1])}</i></span>'
        for pair in utterance.alignment or ()
    )
    return Html(f'<div class="alignment">{head}<p>{pairs}</p></div>')


def _word(word: str | None) -> Html:
    return Html("&nbsp;") if word is None else page.escape(word)


def _confusions(each: HypothesisReport) -> Iterator[Html]:
    rows = [(pair.reference, pair.hypothesis, pair.count) for pair in each.substitutions]
    yield page.table(("substituted", "by", "times"), rows, descending="times")
    yield page.table(("deleted", "times"), _missed(each.deletions), descending="times")
    yield page.table(("inserted", "times"), _missed(each.insertions), descending="times")


def _missed(words: Sequence[MissedWord]) -> list[tuple[Cell, ...]]:
    return [(each.word, each.count) for each in words]


def _parts(parts: Sequence[PartErrors], name: str) -> Html:
    with_characters = any(part.characters is not None for part in parts)
    heads = (name, "WER, %", "SER, %", *(("CER, %",) if with_characters else ()), "errors", "words", "utterances")
    rows = [
        (
            part.name,
            part.words.percent,
            part.ser_percent,
            *((None if part.characters is None else part.characters.percent,) if with_characters else ()),
            part.words.errors,
            part.words.length,
            part.sentences,
        )
        for part in parts
    ]
    return page.table(heads, rows, filters=f"Filter {name}s")

"""Word errors of one hypothesis or two, and what can be concluded from them."""

from __future__ import annotations

import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import TextIO, TypeVar

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.errors import MissingUtteranceError, UsageError
from ov_asr_score.job.outputs.overwriting import check_files, files_read
from ov_asr_score.job.words.wer_sweep import check_sweep, edge_notes, sweep_lattices
from ov_asr_score.job.words.word_texts import SpokenTexts, changed_texts, read_rules, read_texts
from ov_asr_score.kaldi_io import atomic_output, read_token_table
from ov_asr_score.report.data.word_errors import (
    HypothesisComparison,
    HypothesisReport,
    MissedWord,
    PartErrors,
    SubstitutedWord,
    SweepReport,
    WordErrorsReport,
)
from ov_asr_score.report.files.report_format import report_format
from ov_asr_score.report.files.word_errors import UtteranceTable, word_errors_json
from ov_asr_score.report.html.word_errors import write_word_errors_page
from ov_asr_score.settings.words.wer_job import CharacterErrors, WerJob
from ov_asr_score.text import clipped
from ov_asr_score.word_errors.alignment import import_kaldialign, percent_of
from ov_asr_score.word_errors.bootstrap import bootstrap_interval, improvement_probability, sign_test
from ov_asr_score.word_errors.kaldi_lines import kaldi_lines
from ov_asr_score.word_errors.matching import MatchedTexts, match_texts
from ov_asr_score.word_errors.totals import ErrorCollector, TextTotals, utterance_errors

_SHOWN_KEYS = 3
_ROUNDING = 1e-9  # of percents that are subtracted

Word = TypeVar("Word", str, tuple[str, str])


def run_wer(job: WerJob) -> WordErrorsReport:
    """The errors of all hypotheses, after writing the report that the job asks for.

    Raises UsageError (options that do not fit), MissingExtraError (no kaldialign), MissingUtteranceError (a text, a
    speaker or a group that is missing), and what reading and writing raise.
    """
    started = time.perf_counter()
    _check(job)
    import_kaldialign()  # what is missing is better known before reading
    with ExitStack() as stack:
        output = stack.enter_context(atomic_output(job.report, "w")) if job.report else None
        form = report_format(job.report)
        table = UtteranceTable(output) if output is not None and form == "csv" else None
        best_text = stack.enter_context(atomic_output(job.sweep.best_text, "w")) if job.sweep.best_text else None
        report = _Scoring(job, table, best_text).report(started)
        if output is not None and form == "page":
            write_word_errors_page(output, report)
        elif output is not None and form == "json":
            output.write(word_errors_json(report))
        if output is not None:
            output.flush()  # a full disk is to be known now
    return report


def character_errors(job: WerJob) -> CharacterErrors:
    """How characters are counted: as asked for, and without spaces for a limit if nothing is said."""
    asked = job.counting.characters
    return "without-spaces" if asked == "none" and job.max_cer is not None else asked


def _check(job: WerJob) -> None:
    if job.max_wer_increase is not None and not job.hypothesis_2:
        raise UsageError(
            "max_wer_increase: expected two hypotheses to compare, found one", fields=("max_wer_increase",)
        )
    check_sweep(job.sweep)
    if job.sweep.best_text and job.hypothesis_2:
        raise UsageError("best_text: expected one table of lattices, found two", fields=("best_text",))
    texts = ("reference", "hypothesis", "hypothesis_2")
    read = [pair for name in texts if (path := getattr(job, name)) for pair in files_read(name, path)]
    tables = {"utt2spk": job.details.utt2spk, "groups": job.details.groups}
    read += [pair for name, path in tables.items() if path for pair in files_read(name, path)]
    read += [(name, path) for name, path in (("rules", job.counting.rules), ("words", job.sweep.words)) if path]
    written = [(name, path) for name, path in (("report", job.report), ("best_text", job.sweep.best_text)) if path]
    check_files(iter(read), iter(written))


@dataclass(frozen=True, slots=True)
class _Scored:
    """A hypothesis and its errors."""

    path: str
    matched: MatchedTexts
    errors: ErrorCollector
    sweep: SweepReport | None


class _Scoring:
    """The texts of a job, and what is counted in them."""

    def __init__(self, job: WerJob, table: UtteranceTable | None, best_text: TextIO | None) -> None:
        self._job, self._table, self._best_text = job, table, best_text
        self._rules = read_rules(job.counting.rules, allow_commands=job.allow_commands)
        reference = read_texts(job.reference, job.reference_format, allow_commands=job.allow_commands)
        self._reference = changed_texts(reference, self._rules, "reference")
        self._speakers, self._groups = (
            read_token_table(path, allow_commands=job.allow_commands) if path else {}
            for path in (job.details.utt2spk, job.details.groups)
        )
        self._notes = list(reference.notes)

    def report(self, started: float) -> WordErrorsReport:
        """The report of all hypotheses."""
        job = self._job
        scored = [self._scored(path) for path in (job.hypothesis, job.hypothesis_2) if path]
        comparison = self._comparison(scored[0], scored[1]) if len(scored) == 2 else None
        hypotheses = [self._hypothesis(each) for each in scored]
        return WordErrorsReport(
            reference=job.reference,
            mode=job.counting.mode,
            rules=job.counting.rules,
            character_errors=character_errors(job),
            replications=job.counting.replications,
            seed=job.counting.seed,
            hypotheses=hypotheses,
            comparison=comparison,
            failures=list(_failures(job, hypotheses, comparison)),
            notes=self._notes,
            total_seconds=time.perf_counter() - started,
            command=list(job.command) or None,
            tool_version=__version__,
            versions={
                "kaldialign": version("kaldialign"),
                "numpy": np.__version__,
                "python": platform.python_version(),
                "platform": f"{sys.platform} {platform.machine()}",
            },
        )

    def _scored(self, path: str) -> _Scored:
        job = self._job
        spoken, sweep = self._read(path)
        hypothesis = changed_texts(spoken, self._rules, "hypothesis")
        matched = match_texts(self._reference.texts, hypothesis.texts, job.counting.mode, path)
        errors = ErrorCollector(job.details.worst, self._group_of if job.details.groups else None)
        for text, words in matched.pairs:
            speaker = self._speaker_of(text.key) if job.details.utt2spk else text.speaker
            found = utterance_errors(text, words, speaker=speaker, characters=character_errors(job))
            errors.add(found)
            if self._table is not None:
                self._table.add(path, found)
        self._notes += spoken.notes
        self._notes += _matching_notes(path, matched, job.counting.mode)
        if errors.unaligned:
            self._notes.append(
                f"{path}: {len(errors.unaligned):,} utterances are too long to be aligned, and have no part in the "
                f"confusions: {clipped(errors.unaligned[0])}"
            )
        return _Scored(path, matched, errors, sweep)

    def _read(self, path: str) -> tuple[SpokenTexts, SweepReport | None]:
        job, allowed = self._job, self._job.allow_commands
        if not job.sweep.sweep:
            return read_texts(path, job.hypothesis_format, self._reference.segments, allow_commands=allowed), None
        is_all = job.counting.mode == "all"
        best = sweep_lattices(
            path, self._reference.texts, job.sweep, self._rules, missing_are_empty=is_all, allow_commands=allowed
        )
        self._notes += edge_notes(path, best.report)
        if self._best_text is not None:
            self._best_text.writelines(f"{' '.join((key, *text.words))}\n" for key, text in best.texts.items())
        return SpokenTexts(best.texts), best.report

    def _speaker_of(self, key: str) -> str:
        return _looked_up(self._speakers, key, self._job.details.utt2spk)

    def _group_of(self, key: str) -> str:
        return _looked_up(self._groups, key, self._job.details.groups)

    def _hypothesis(self, scored: _Scored) -> HypothesisReport:
        counting, most = self._job.counting, self._job.details.confusions
        errors, total = scored.errors, scored.errors.total
        absent = len(scored.matched.absent)
        interval = bootstrap_interval(*errors.errors_and_lengths(), counting.replications, counting.seed)
        return HypothesisReport(
            path=scored.path,
            kaldi_lines=kaldi_lines(total.words, total.sentences, total.wrong_sentences, absent),
            words=total.words,
            characters=total.characters,
            sentences=total.sentences,
            wrong_sentences=total.wrong_sentences,
            ser_percent=total.ser_percent,
            absent=absent,
            extra=len(scored.matched.extra),
            interval=interval,
            speakers=_parts(errors.speakers),
            groups=_parts(errors.groups),
            substitutions=[SubstitutedWord(*pair, count) for pair, count in _most(errors.substitutions, most)],
            deletions=[MissedWord(word, count) for word, count in _most(errors.deletions, most)],
            insertions=[MissedWord(word, count) for word, count in _most(errors.insertions, most)],
            worst=errors.worst,
            sweep=scored.sweep,
        )

    def _comparison(self, first: _Scored, second: _Scored) -> HypothesisComparison:
        counting = self._job.counting
        known = set(second.errors.keys)
        keys = [key for key in first.errors.keys if key in known]
        (errors, lengths), (errors_2, _) = (each.errors.errors_and_lengths(keys) for each in (first, second))
        first_percent, second_percent = (
            percent_of(int(found.sum()), int(lengths.sum())) for found in (errors, errors_2)
        )
        probability = improvement_probability(errors, errors_2, counting.replications, counting.seed)
        return HypothesisComparison(len(keys), first_percent, second_percent, probability, sign_test(errors, errors_2))


def _looked_up(table: Mapping[str, str], key: str, name: str) -> str:
    if key not in table:
        raise MissingUtteranceError(f"{name}: expected a line for {clipped(key)}, which the reference has, found none")
    return table[key]


def _parts(totals: Mapping[str, TextTotals]) -> list[PartErrors]:
    return [
        PartErrors(name, total.sentences, total.wrong_sentences, total.words, total.characters)
        for name, total in sorted(totals.items())
    ]


def _most(counter: Counter[Word], count: int) -> list[tuple[Word, int]]:
    """The most frequent ones; of equally frequent ones, those that come first in the alphabet."""
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:count]


def _matching_notes(path: str, matched: MatchedTexts, mode: str) -> Iterator[str]:
    if matched.absent:
        what = "counted as empty" if mode == "all" else "not scored"
        yield f"{path}: {len(matched.absent):,} utterances are missing and {what}: {_few(matched.absent)}"
    if matched.extra:
        count = f"{len(matched.extra):,} utterances"
        yield f"{path}: {count} are not in the reference and not scored: {_few(matched.extra)}"


def _few(keys: Sequence[str]) -> str:
    more = ", …" if len(keys) > _SHOWN_KEYS else ""
    return ", ".join(clipped(key) for key in keys[:_SHOWN_KEYS]) + more


def _failures(
    job: WerJob, hypotheses: Sequence[HypothesisReport], comparison: HypothesisComparison | None
) -> Iterator[str]:
    """What is above a limit; NaN is above any."""
    for each in hypotheses:
        if not each.sentences:
            yield f"{each.path}: no utterance was scored"
        if job.max_wer is not None and not each.words.percent <= job.max_wer:
            yield f"{each.path}: WER {each.words.percent:.2f} %, expected {job.max_wer:g} % or less"
        if job.max_cer is not None and (each.characters is None or not each.characters.percent <= job.max_cer):
            found = "no character" if each.characters is None else f"CER {each.characters.percent:.2f} %"
            yield f"{each.path}: {found}, expected {job.max_cer:g} % or less"
    limit = job.max_wer_increase
    if comparison is not None and limit is not None and not comparison.increase_percent <= limit + _ROUNDING:
        yield (
            f"{hypotheses[-1].path}: WER {comparison.first_percent:.2f} % → {comparison.second_percent:.2f} %, "
            f"expected {limit:g} % more or less"
        )

"""Words as part of a run: scores go in, files are written, and everything is counted.

Tests: tests/job/words/test_word_run.py, tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ov_asr_score.decoding.hypotheses import Hypotheses, HypothesisMaker, HypothesisOptions
from ov_asr_score.decoding.workers import Utterances, decode_all
from ov_asr_score.job.overwriting import NamedFiles
from ov_asr_score.job.word_texts import read_texts
from ov_asr_score.job.words.segments import segment_of
from ov_asr_score.job.words.word_files import (
    WordWriters,
    check_word_files,
    open_word_files,
    wants_times,
    word_files_written,
)
from ov_asr_score.job.words.word_model import WordModel, files_of_words, open_word_model
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.settings.words.decoding import LATTICE_BEAM, check_decoding
from ov_asr_score.settings.words.word_outputs import WordFiles, WordSettings
from ov_asr_score.word_errors.text_formats import UtteranceText
from ov_asr_score.word_errors.totals import TextTotals, utterance_errors


@dataclass(slots=True)
class WordRun:
    """Words of one run. ``row_seconds`` is the duration of a row of scores."""

    settings: WordSettings
    model: WordModel
    options: HypothesisOptions
    row_seconds: float
    totals: WordTotals
    writers: WordWriters
    reference: dict[str, UtteranceText] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def decode(self, utterances: Utterances) -> Iterator[Hypotheses]:
        """The hypotheses of all utterances, pairs of a key and scores, in their order."""
        maker = HypothesisMaker(self.model.transitions, self.model.source, self.options)
        return decode_all(
            self.model.graph,
            self.model.transitions,
            self.settings.search,
            utterances,
            acoustic_scale=self.model.acoustic_scale,
            finish=maker,
            wants_lattices=self.options.needs_lattices,
            workers=self.settings.decode_workers,
        )

    def take(self, hypotheses: Hypotheses) -> None:
        """Write an utterance, and count it."""
        best = segment_of(hypotheses, self.model.symbols, self.row_seconds, with_spoken=False)
        spoken = segment_of(hypotheses, self.model.symbols, self.row_seconds)
        self.writers.write(hypotheses, best, spoken)
        self._count(hypotheses)
        said = self.reference.get(hypotheses.key)
        if said is not None and self.totals.errors is not None:
            self.totals.errors.add(utterance_errors(said, best.text.split()))

    def _count(self, hypotheses: Hypotheses) -> None:
        totals, path = self.totals, hypotheses.path
        totals.decode_seconds += hypotheses.seconds
        if path is None:
            totals.add_failure(hypotheses.key, "; ".join(hypotheses.warnings))
            return
        totals.utterances += 1
        totals.partial += not path.is_final
        totals.frames += hypotheses.num_frames
        totals.words += len(path.words)
        totals.graph_cost += path.graph_cost
        totals.acoustic_cost += path.acoustic_cost * self.options.acoustic_scale
        for warning in hypotheses.warnings:
            if warning not in totals.warnings:
                totals.warnings[warning] = hypotheses.key

    def finish(self) -> None:
        """Write what is written at the end; the files get their names when the run is closed."""
        self.writers.finish()
        self.notes += [f"{text} (first: utterance {key})" for text, key in self.totals.warnings.items()]
        lacking = len(self.reference) - (self.totals.errors.sentences if self.totals.errors else 0)
        if self.reference and lacking:
            self.notes.append(f"{self.settings.files.reference_text}: {lacking} utterances were not decoded")


@contextmanager
def open_word_run(
    settings: WordSettings,
    model: str,
    row_seconds: float,
    *,
    allow_commands: bool = False,
) -> Iterator[WordRun]:
    """The words of a run; its files get their names at the end, and are not there after an exception.

    Raises UsageError, ShapeMismatchError, FileAccessError, and what reading graph and models raises.
    """
    files = settings.files
    check_word_files(files)
    options = _wanted(files, 1.0, settings.search.lattice_beam)
    check_decoding(settings.search, options.needs_lattices)
    word_model = open_word_model(
        settings.graph, settings.search, model, wants_times=options.times, allow_commands=allow_commands
    )
    options = _wanted(files, word_model.acoustic_scale, settings.search.lattice_beam)
    reference = read_texts(files.reference_text, "auto", allow_commands=allow_commands).texts if files.reference_text else {}
    totals = WordTotals(settings.graph.graph, word_model.acoustic_scale)
    totals.errors = TextTotals() if reference else None
    with open_word_files(files, word_model.transitions, model=model, allow_commands=allow_commands) as writers:
        yield WordRun(
            settings, word_model, options, row_seconds, totals, writers, reference, notes=list(word_model.notes)
        )


def word_files_read(settings: WordSettings) -> NamedFiles:
    """The files that a run with words reads besides scores and their model, each with its setting."""
    yield from files_of_words(settings.graph)
    yield "reference_text", settings.files.reference_text


def files_with_words(settings: WordSettings) -> NamedFiles:
    """The files that a run with words writes."""
    yield from word_files_written(settings.files)


def _wanted(files: WordFiles, acoustic_scale: float, lattice_beam: float | None) -> HypothesisOptions:
    return HypothesisOptions(
        acoustic_scale=acoustic_scale,
        times=wants_times(files) or files.confidence != "none",
        nbest=files.nbest,
        confidence=files.confidence,
        lattice=files.lattice_as if files.lattice else "none",
        lattice_beam=LATTICE_BEAM if lattice_beam is None else lattice_beam,
    )

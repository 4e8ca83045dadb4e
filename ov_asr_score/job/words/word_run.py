"""Words as part of a run: scores go in, files are written, and everything is counted.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ov_asr_score.decoding.phrases.phrase_files import phrase_files_read
from ov_asr_score.decoding.words.word_model import files_of_words
from ov_asr_score.decoding.workers import Utterances
from ov_asr_score.job.outputs.overwriting import NamedFiles
from ov_asr_score.job.words.graph_words import GraphWords, open_graph_words
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.job.words.word_files import WordWriters, check_word_files, open_word_files, word_files_written
from ov_asr_score.job.words.word_texts import read_texts
from ov_asr_score.report.data.words import WordErrorCounts, WordTotals, word_changes
from ov_asr_score.settings.words.word_limits import check_word_limits
from ov_asr_score.settings.words.word_outputs import WordFiles, WordSettings
from ov_asr_score.word_errors.changes import ChangeCounts
from ov_asr_score.word_errors.kaldi_lines import kaldi_lines
from ov_asr_score.word_errors.text_formats import UtteranceText
from ov_asr_score.word_errors.totals import TextTotals, utterance_errors

if TYPE_CHECKING:  # most words are of graphs
    from ov_asr_score.job.words.ctc_words import CtcWords


@dataclass(frozen=True, slots=True)
class KnownTexts:
    """What was said, and the words of another run, by key; with the names of their files."""

    reference_name: str
    reference: Mapping[str, UtteranceText]
    hypothesis_name: str
    hypothesis: Mapping[str, UtteranceText]


@dataclass(slots=True)
class WordRun:
    """Words of one run. ``row_seconds`` is the duration of a row of scores.

    ``channels`` are recording and channel, counted from 0, of utterances that are one of several of a recording.
    """

    row_seconds: float
    decoder: GraphWords | CtcWords
    totals: WordTotals
    writers: WordWriters
    texts: KnownTexts
    errors: TextTotals = field(default_factory=TextTotals)
    changes: ChangeCounts = field(default_factory=ChangeCounts)
    notes: list[str] = field(default_factory=list)
    channels: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def compare_with(self, name: str, hypothesis: Mapping[str, UtteranceText]) -> None:
        """Compare all words with another hypothesis, which is called ``name``."""
        self.texts = replace(self.texts, hypothesis_name=name, hypothesis=hypothesis)

    def decode(self, utterances: Utterances) -> Iterator[Outcome]:
        """The outcome of all utterances, pairs of a key and scores, in their order, each written and counted."""
        for outcome in self.found(utterances):
            self.take(outcome)
            yield outcome

    def found(self, utterances: Utterances) -> Iterator[Outcome]:
        """The same, to be written and counted by ``take``."""
        for outcome in self.decoder.decode(utterances):
            yield _in_channel(outcome, self.channels.get(outcome.key))

    def take(self, outcome: Outcome) -> None:
        """Write and count an outcome, wherever it comes from."""
        self.writers.write(outcome)
        self._count(outcome)

    def finish(self) -> None:
        """Write what is written at the end; the files get their names when the run is closed."""
        self.writers.finish()
        self.notes += map(str, self.totals.warnings)
        texts, totals = self.texts, self.totals
        if texts.reference:
            lacking = len(texts.reference) - self.errors.sentences
            totals.errors = _counts(self.errors, lacking)
            self.notes += _gaps(texts.reference_name, lacking, totals.utterances - self.errors.sentences)
        if texts.hypothesis:
            compared = self.changes.utterances
            totals.changes = word_changes(texts.hypothesis_name, self.changes)
            self.notes += _gaps(texts.hypothesis_name, len(texts.hypothesis) - compared, totals.utterances - compared)

    def _count(self, outcome: Outcome) -> None:
        totals = self.totals
        totals.decode_seconds += outcome.seconds
        if not outcome.has_words:
            totals.add_failure(outcome.key, "; ".join(outcome.best.warnings))
            return
        words = outcome.best.alternatives[0].words
        totals.utterances += 1
        totals.partial += outcome.is_partial
        totals.frames += outcome.num_frames
        totals.words += len(words)
        totals.graph_cost += outcome.graph_cost
        totals.acoustic_cost += outcome.acoustic_cost
        for warning in outcome.best.warnings:
            totals.add_warning(outcome.key, warning)
        found = [word.text for word in words]
        said, before = self.texts.reference.get(outcome.key), self.texts.hypothesis.get(outcome.key)
        if said is not None:
            self.errors.add(utterance_errors(said, found))
        if before is not None:
            self.changes.add(before.words, found, None if said is None else said.words)


def _in_channel(outcome: Outcome, place: tuple[str, int] | None) -> Outcome:
    """The outcome as part of a recording with several channels, if it is one."""
    if place is None:
        return outcome
    recording, channel = place
    best, spoken = (replace(each, recording=recording, channel=channel + 1) for each in (outcome.best, outcome.spoken))
    return replace(outcome, best=best, spoken=spoken)


@contextmanager
def open_word_run(
    settings: WordSettings, model: str, row_seconds: float, *, allow_commands: bool = False
) -> Iterator[WordRun]:
    """The words of a run; its files get their names at the end, and are not there after an exception.

    ``model`` is the file with the transition model if the settings name no other, ``row_seconds`` the duration of a row
    of scores. Raises UsageError, ShapeMismatchError, FileAccessError, and what reading graph and models raises.
    """
    files = settings.files
    check_word_files(files)
    check_word_limits(settings.limits, files.reference_text, files.hypothesis)
    decoder: GraphWords | CtcWords
    if settings.ctc.tokens:
        from ov_asr_score.job.words.ctc_words import open_ctc_words

        decoder = open_ctc_words(settings, row_seconds, allow_commands=allow_commands)
    else:
        decoder = open_graph_words(settings, model, row_seconds, allow_commands=allow_commands)
    texts = _known_texts(files, allow_commands)
    totals = WordTotals(settings.graph.graph, decoder.acoustic_scale)
    with open_word_files(
        files, settings.captions, model=model, acoustic_scale=decoder.acoustic_scale, allow_commands=allow_commands
    ) as writers:
        yield WordRun(row_seconds, decoder, totals, writers, texts, notes=list(decoder.notes))


def _known_texts(files: WordFiles, allow_commands: bool) -> KnownTexts:
    reference, hypothesis = (
        read_texts(name, "auto", allow_commands=allow_commands).texts if name else {}
        for name in (files.reference_text, files.hypothesis)
    )
    return KnownTexts(files.reference_text, reference, files.hypothesis, hypothesis)


def _gaps(name: str, lacking: int, unknown: int) -> Iterator[str]:
    if lacking:
        yield f"{name}: {lacking:,} utterances were not decoded, and are not counted"
    if unknown:
        yield f"{name}: {unknown:,} utterances that were decoded are not there, and are not counted"


def _counts(errors: TextTotals, absent: int) -> WordErrorCounts:
    words = errors.words
    return WordErrorCounts(
        sentences=errors.sentences,
        wrong_sentences=errors.wrong_sentences,
        words=words.length,
        insertions=words.insertions,
        deletions=words.deletions,
        substitutions=words.substitutions,
        wer_percent=words.percent,
        ser_percent=errors.ser_percent,
        lines=kaldi_lines(words, errors.sentences, errors.wrong_sentences, absent),
    )


def word_files_read(settings: WordSettings) -> NamedFiles:
    """The files that a run with words reads besides scores and their model, each with its setting."""
    yield from files_of_words(settings.graph)
    yield "reference_text", settings.files.reference_text
    yield "hypothesis", settings.files.hypothesis
    yield from phrase_files_read(settings.phrases)
    yield "tokens", settings.ctc.tokens
    yield "lm", settings.ctc.lm


def files_with_words(settings: WordSettings) -> NamedFiles:
    """The files that a run with words writes."""
    yield from word_files_written(settings.files)

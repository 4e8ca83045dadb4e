"""Words by a decoding graph.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ov_asr_score.decoding.graph_checks import check_width
from ov_asr_score.decoding.hypotheses import Hypotheses, HypothesisMaker, HypothesisOptions
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.words.model_searches import model_graph
from ov_asr_score.decoding.words.restricted_model import open_restricted_model
from ov_asr_score.decoding.words.utterance_segments import segment_of
from ov_asr_score.decoding.words.word_model import WordModel, open_word_model
from ov_asr_score.decoding.workers import Utterances, decode_all
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.job.words.word_files import wants_times
from ov_asr_score.lattice.alignments import converted_alignment
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.words.decoding import LATTICE_BEAM, check_decoding
from ov_asr_score.settings.words.word_outputs import WordFiles, WordSettings
from ov_asr_score.text import shown_key


@dataclass(frozen=True, slots=True, eq=False)
class GraphWords:
    """A graph, and what is wanted of each utterance. ``row_seconds`` is the duration of a row of scores.

    ``pair`` is searched where the graph is a lookahead pair.
    """

    settings: WordSettings
    model: WordModel
    options: HypothesisOptions
    row_seconds: float
    pair: SearchGraph | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, whatever the utterances are."""
        return self.model.notes

    @property
    def acoustic_scale(self) -> float:
        """The factor of scores in the search."""
        return self.model.acoustic_scale

    def check_shape(self, shape: tuple[int, ...], key: str) -> None:
        """Raise ShapeMismatchError for scores with other columns than the pdfs of the model; none are no frames."""
        rows, width = shape
        if rows:
            check_width(self.model.transitions, width, f"scores of utterance {shown_key(key)}")

    def decode(self, utterances: Utterances) -> Iterator[Outcome]:
        """The outcome of all utterances, pairs of a key and scores, in their order."""
        maker = HypothesisMaker(self.model.transitions, self.model.source, self.options)
        found = decode_all(
            self.model.graph if self.pair is None else self.pair,
            self.model.transitions,
            self.settings.search,
            utterances,
            acoustic_scale=self.acoustic_scale,
            finish=maker,
            wants_lattices=self.options.needs_lattices,
            workers=self.settings.decode_workers,
        )
        yield from map(self._outcome, found)

    def _outcome(self, hypotheses: Hypotheses) -> Outcome:
        symbols, path = self.model.symbols, hypotheses.path
        best = segment_of(hypotheses, symbols, self.row_seconds, with_spoken=False)
        spoken = segment_of(hypotheses, symbols, self.row_seconds)
        if path is None:
            return Outcome(best, spoken, hypotheses.num_frames, seconds=hypotheses.seconds)
        return Outcome(
            best,
            spoken,
            hypotheses.num_frames,
            not path.is_final,
            converted_alignment(path.alignment, self.model.transitions, self.settings.files.alignment_as),
            hypotheses.lattice,
            path.graph_cost,
            path.acoustic_cost * self.acoustic_scale,
            hypotheses.seconds,
        )


def open_graph_words(
    settings: WordSettings, model: str, row_seconds: float, *, allow_commands: bool = False
) -> GraphWords:
    """The graph that ``settings`` ask for. Raises UsageError, and what reading graph and models raises."""
    wants_lattices = _wanted(settings, 1.0, _needs_times(settings.files)).needs_lattices
    check_decoding(settings.search, wants_lattices)
    word_model = open_word_model(
        settings.graph,
        settings.search,
        model,
        wants_times=_needs_times(settings.files),
        allow_commands=allow_commands,
    )
    word_model = _with_phrases(word_model, settings.phrases, allow_commands)
    times = _needs_times(settings.files) or word_model.source is not None
    pair = None if word_model.pair is None else model_graph(word_model)
    return GraphWords(settings, word_model, _wanted(settings, word_model.acoustic_scale, times), row_seconds, pair)


def _with_phrases(model: WordModel, phrases: PhraseSettings, allow_commands: bool) -> WordModel:
    made = open_restricted_model(model, phrases, allow_commands=allow_commands)
    return replace(made.model, notes=model.notes + made.warnings)


def _wanted(settings: WordSettings, acoustic_scale: float, times: bool) -> HypothesisOptions:
    files, beam = settings.files, settings.search.lattice_beam
    return HypothesisOptions(
        acoustic_scale=acoustic_scale,
        times=times,
        nbest=files.nbest,
        confidence=files.confidence,
        lattice=files.lattice_as if files.lattice else "none",
        lattice_beam=LATTICE_BEAM if beam is None else beam,
        word_insertion_penalty=settings.search.word_insertion_penalty,
    )


def _needs_times(files: WordFiles) -> bool:
    return wants_times(files) or files.confidence != "none"

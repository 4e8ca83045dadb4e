"""Words of CTC models, with and without a graph.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from ov_asr_score.decoding.ctc.alternatives import CtcAlternative, CtcDecoded
from ov_asr_score.decoding.ctc.ctc_decoder import CtcDecoder, open_ctc_decoder
from ov_asr_score.decoding.ctc.graph_search import CtcGraph
from ov_asr_score.decoding.phrases.phrase_graph import open_phrase_graph
from ov_asr_score.decoding.words.word_model import graph_symbols
from ov_asr_score.decoding.workers import Utterances
from ov_asr_score.errors import UsageError
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import DecodingOptions, check_decoding
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.transcript.transcript import Alternative, Segment, Word


@dataclass(frozen=True, slots=True, eq=False)
class CtcWords:
    """The decoder of a CTC model. ``row_seconds`` is the duration of a row of scores."""

    decoder: CtcDecoder
    row_seconds: float
    notes: tuple[str, ...]  # what a user should know, whatever the utterances are

    @property
    def acoustic_scale(self) -> float:
        """The factor of scores in the search."""
        return 1.0 if self.decoder.graph is None else self.decoder.graph.acoustic_scale

    def check_shape(self, shape: tuple[int, ...], key: str) -> None:
        """Raise ShapeMismatchError for scores with other columns than tokens."""
        self.decoder.tokens.check_width(shape, key)

    def decode(self, utterances: Utterances) -> Iterator[Outcome]:
        """The outcome of all utterances, pairs of a key and scores, in their order."""
        return map(self._outcome, self.decoder.decode_all(utterances))

    def _outcome(self, decoded: CtcDecoded) -> Outcome:
        segment = Segment(
            utterance=decoded.key,
            start=0.0,
            end=decoded.num_frames * self.row_seconds,
            alternatives=tuple(map(self._alternative, decoded.alternatives)),
            warnings=decoded.warnings,
        )
        best = decoded.best
        if best is None:
            return Outcome(segment, segment, decoded.num_frames, seconds=decoded.seconds)
        return Outcome(
            segment,
            segment,
            decoded.num_frames,
            graph_cost=best.graph_cost,
            acoustic_cost=best.acoustic_cost * self.acoustic_scale,
            seconds=decoded.seconds,
        )

    def _alternative(self, found: CtcAlternative) -> Alternative:
        words = tuple(
            Word(word.text, word.first_frame * self.row_seconds, word.end_frame * self.row_seconds, word.confidence)
            for word in found.words
        )
        return Alternative(words, found.posterior, found.acoustic_cost, found.graph_cost)


def open_ctc_words(settings: WordSettings, row_seconds: float, *, allow_commands: bool = False) -> CtcWords:
    """The decoder that ``settings`` ask for, with a graph if they name one.

    Raises UsageError, ShapeMismatchError (graph, words and tokens that do not belong together), and what reading them
    and language models raises.
    """
    for name in ("alignment", "lattice"):
        if getattr(settings.files, name):
            raise UsageError(
                f"{name}: is for the graphs of Kaldi models, and tokens of a CTC model are given",
                fields=(name, "tokens"),
            )
    num_best = settings.files.nbest
    graph: CtcGraph | None = None
    notes: tuple[str, ...] = ()
    if settings.graph.graph:
        check_decoding(settings.search, num_best > 1)
        file = open_graph(settings.graph.graph, allow_commands=allow_commands)
        symbols, note = graph_symbols(settings.graph, file, allow_commands)
        made = open_phrase_graph(file, symbols, settings.phrases, allow_commands=allow_commands)
        file, symbols = made.graph, made.symbols
        notes = (*((note,) if note else ()), *made.warnings)
        graph = CtcGraph(file, symbols, settings.search, settings.decode_workers)
    elif settings.phrases.are_given:
        name = next(name for name in ("phrases", "grammar", "boost", "boost_file") if getattr(settings.phrases, name))
        raise UsageError(f"{name}: is for decoding graphs (graph FILE), and none is given", fields=(name, "graph"))
    decoder = open_ctc_decoder(settings.ctc, graph, num_best, allow_commands=allow_commands)
    return CtcWords(decoder, row_seconds, (*notes, *decoder.notes, *_without_effect(settings)))


def _without_effect(settings: WordSettings) -> Iterator[str]:
    """Notes on options that change nothing in such a run; suites and scripts may have them for other runs, too."""
    if not settings.graph.graph and (names := _changed(settings.search)):
        yield f"without a graph these options change nothing: {', '.join(sorted(names))}"
    if not settings.ctc.lm and (names := _changed(settings.ctc) & {"lm_weight", "word_bonus"}):
        yield f"without a language model (lm) these options change nothing: {', '.join(sorted(names))}"


def _changed(options: DecodingOptions | CtcOptions) -> set[str]:
    return {each.name for each in fields(options) if getattr(options, each.name) != each.default}

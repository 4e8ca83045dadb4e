"""Utterances of scores to words, with the tokens and options of a CTC model."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ov_asr_score.decoding.ctc.alternatives import CtcAlternative, CtcDecoded
from ov_asr_score.decoding.ctc.arpa import ArpaModel, load_arpa
from ov_asr_score.decoding.ctc.graph_search import CtcGraph, check_ctc_graph, decode_with_graph
from ov_asr_score.decoding.ctc.greedy import decode_greedily
from ov_asr_score.decoding.ctc.log_probabilities import log_probabilities, why_without_words
from ov_asr_score.decoding.ctc.prefix_beam import FoundPrefix, PrefixSearch
from ov_asr_score.decoding.ctc.token_spans import CtcWord, Floats, TokenSpans, measure_spans, spell_words
from ov_asr_score.decoding.ctc.tokens import Tokens, load_tokens
from ov_asr_score.decoding.ctc.word_scores import WordScores
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.ctc import CtcOptions

DEFAULT_BEAM = 32


@dataclass(frozen=True, slots=True, eq=False)
class CtcDecoder:
    """What is needed to decode utterances: everything that files hold has been read."""

    options: CtcOptions
    tokens: Tokens
    model: ArpaModel | None
    graph: CtcGraph | None
    num_best: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, whatever the utterances are."""
        unknown: tuple[str, ...] = ()
        if self.model is not None and self.model.unknown < 0:
            unknown = (f"{self.model.name} has no <unk>: words that it does not know get the probability 1e-100",)
        of_graph = () if self.graph is None else check_ctc_graph(self.graph, self.tokens)
        return (*self.tokens.notes, *unknown, *of_graph)

    @property
    def beam(self) -> int | None:
        """Prefixes that the search keeps; None: the best token of each frame is taken."""
        if self.options.ctc_beam is not None:
            return self.options.ctc_beam
        return DEFAULT_BEAM if self.model is not None or self.num_best > 1 else None

    def decode_all(self, utterances: Iterable[tuple[str, Floats]]) -> Iterator[CtcDecoded]:
        """The word sequences of utterances, pairs of a key and scores [T, V], in their order.

        Why there are no words is in their warnings. Raises ShapeMismatchError (V is not the number of tokens), and
        with a graph what ``decode_with_graph`` raises.
        """
        if self.graph is not None:
            return decode_with_graph(utterances, self.graph, self.tokens, self.options, self.num_best)
        return (self._decode(key, scores) for key, scores in utterances)

    def _decode(self, key: str, scores: Floats) -> CtcDecoded:
        self.tokens.check_width(scores.shape, key)
        started = time.thread_time()
        if why := why_without_words(scores):
            return CtcDecoded(key, len(scores), (), (why,))
        log_probs, note = log_probabilities(scores, self.options.ctc_scores)
        found = self._greedy(log_probs) if self.beam is None else self._search(log_probs, self.beam)
        seconds = time.thread_time() - started
        return CtcDecoded(key, len(scores), found, (note,) if note else (), seconds)

    def _greedy(self, log_probs: Floats) -> tuple[CtcAlternative, ...]:
        spans = decode_greedily(log_probs, self.tokens.blank)
        cost = -float(log_probs.max(axis=1).sum(dtype=np.float64))
        return (CtcAlternative(self._words(spans), spans, cost, 0.0, 1.0),)

    def _search(self, log_probs: Floats, beam: int) -> tuple[CtcAlternative, ...]:
        options, rule = self.options, self.tokens.words
        scores = None
        if self.model is not None:
            scores = WordScores(rule, self.model, options.lm_weight, options.word_bonus)
        search = PrefixSearch(self.tokens.blank, beam, options.token_beam, rule, scores)
        search.accept(log_probs)
        groups: dict[tuple[str, ...], list[FoundPrefix]] = {}
        for prefix in search.finish():
            words = tuple(word.text for word in rule.words(prefix.ids.tolist()))
            groups.setdefault(words, []).append(prefix)
        sums = [float(reduce(np.logaddexp, [each.log_prob for each in group])) for group in groups.values()]
        totals = np.array([sum_ + group[0].word_score for sum_, group in zip(sums, groups.values(), strict=True)])
        order = np.argsort(-totals, kind="stable")
        shares = np.exp(totals - totals.max())
        shares /= shares.sum()
        best_of = [group[0] for group in groups.values()]
        return tuple(
            self._alternative(log_probs, best_of[place], sums[place], float(shares[place]))
            for place in order[: self.num_best].tolist()
        )

    def _alternative(self, log_probs: Floats, prefix: FoundPrefix, log_prob: float, share: float) -> CtcAlternative:
        spans = measure_spans(log_probs, prefix.ids, prefix.first_frames, prefix.end_frames)
        # adding 0 makes 0 of -0
        return CtcAlternative(self._words(spans), spans, -log_prob, 0.0 - prefix.word_score, share)

    def _words(self, spans: TokenSpans) -> tuple[CtcWord, ...]:
        return tuple(spell_words(spans, self.tokens.words, self.options.token_confidence))


def open_ctc_decoder(
    options: CtcOptions, graph: CtcGraph | None = None, num_best: int = 1, *, allow_commands: bool = False
) -> CtcDecoder:
    """The decoder that ``options`` ask for, with up to ``num_best`` word sequences per utterance.

    Raises UsageError (no tokens, options that exclude each other, what the tokens leave open), ShapeMismatchError (a
    graph of other tokens or words) and what reading the files raises.
    """
    if not options.tokens:
        raise UsageError("tokens: expected the file with the tokens of the model, found none", fields=("tokens",))
    if graph is not None:
        _check_beside_graph(options)
    tokens = load_tokens(options.tokens, options.blank, options.word_separator, allow_commands=allow_commands)
    if graph is not None:
        check_ctc_graph(graph, tokens)
    model = load_arpa(options.lm, allow_commands=allow_commands) if options.lm else None
    return CtcDecoder(options, tokens, model, graph, num_best)


def _check_beside_graph(options: CtcOptions) -> None:
    """Raise UsageError for options of the search without a graph."""
    asked = {"lm": options.lm, "ctc_beam": options.ctc_beam}
    name = next((name for name, value in asked.items() if value), None)
    if name is not None:
        raise UsageError(f"{name}: is for the search without a graph", fields=(name,))


def decode_ctc(
    utterances: Iterable[tuple[str, Floats]],
    options: CtcOptions,
    graph: CtcGraph | None = None,
    num_best: int = 1,
    *,
    allow_commands: bool = False,
) -> Iterator[CtcDecoded]:
    """The word sequences of utterances, pairs of a key and scores [T, V], in their order.

    Raises as ``open_ctc_decoder`` and ``CtcDecoder.decode_all``.
    """
    return open_ctc_decoder(options, graph, num_best, allow_commands=allow_commands).decode_all(utterances)

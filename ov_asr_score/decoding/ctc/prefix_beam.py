"""Prefix beam search: the label sequences of which all alignments together are most probable.

Source: Hannun, Maas, Jurafsky, Ng (2014), Algorithm 1; Graves (2006) for the sums over alignments. Besides the sums,
each prefix has its best alignment, which tells the frames of its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.prefix_tree import ROOT, Chains, Ints
from ov_asr_score.decoding.ctc.token_spans import Floats
from ov_asr_score.decoding.ctc.word_rules import WordRule
from ov_asr_score.decoding.ctc.word_scores import WordPrefix, WordScores

Doubles = NDArray[np.float64]

_MOST_NODES = 1 << 16  # new ones, until those that no prefix needs are forgotten
# Prefixes that differ in nothing but a place farther back never meet again, and would fill the beam and the memory.
_OPEN_FRAMES = 3000


@dataclass(frozen=True, slots=True, eq=False)
class FoundPrefix:
    """A label sequence of N tokens with the frames of its best alignment.

    ``log_prob`` is the natural logarithm of its probability, all alignments summed; ``word_score`` is what the language
    model adds.
    """

    ids: Ints  # [N]
    first_frames: Ints  # [N]
    end_frames: Ints  # [N]; the frame behind the last one
    log_prob: float
    word_score: float


@dataclass(slots=True, eq=False)
class _Beam:
    """B prefixes. Logarithms: sums of alignments that end in a blank or in the last token, best ones of each kind."""

    nodes: Ints
    last: Ints  # last token, -1 for the empty prefix
    blank_sum: Doubles
    token_sum: Doubles
    blank_best: Doubles
    token_best: Doubles
    blank_times: Ints  # chain of tokens with first frame, and the end of the token before
    blank_end: Ints  # the frame behind the last token in the best alignment that ends in a blank
    token_times: Ints
    word_score: Doubles

    def kept(self, chosen: Ints) -> _Beam:
        """A copy of some of them."""
        return _Beam(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    """Prefixes [B] with one of K tokens behind them, all [B, K] but for the tokens."""

    tokens: Ints  # [K]
    sums: Doubles
    bests: Doubles
    from_token: NDArray[np.bool_]  # whether the best alignment has no blank in between
    scores: Doubles  # of the language model


class PrefixSearch:
    """A search over one utterance: frames are given in pieces, of any size."""

    def __init__(
        self, blank: int, beam: int, token_beam: float, rule: WordRule, word_scores: WordScores | None = None
    ) -> None:
        """``beam`` prefixes are kept; tokens by more than ``token_beam`` below the best of a frame are left out."""
        self._blank, self._size, self._token_beam = blank, beam, token_beam
        self._rule, self._scores = rule, word_scores
        self._prefixes = Chains(1)
        self._times = Chains(2)  # first frame of a token, end of the token before
        self._words: list[WordPrefix] = [word_scores.root()] if word_scores is not None else []
        self._children: dict[tuple[int, int], int] = {}
        self._limit = _MOST_NODES
        self._frame = 0
        nothing, zero = np.full(1, -np.inf), np.zeros(1)
        root = np.array([ROOT])
        self._beam = _Beam(
            root, np.array([-1]), zero, nothing, zero, nothing, root, np.zeros(1, np.int64), root, np.zeros(1)
        )

    def accept(self, log_probs: Floats) -> None:
        """Go on by the frames of log-probabilities [T, V]."""
        for row in log_probs:
            self._step(row.astype(np.float64))
            self._frame += 1
            if len(self._prefixes) + len(self._times) > self._limit:
                self._forget()

    def finish(self) -> list[FoundPrefix]:
        """The prefixes that were kept, best first."""
        beam = self._beam
        total = np.logaddexp(beam.blank_sum, beam.token_sum)
        words = beam.word_score.copy()
        if self._scores is not None:
            words += [self._scores.end(self._words[node]) for node in beam.nodes.tolist()]
        return [self._found(place, total[place], words[place]) for place in np.argsort(-(total + words), kind="stable")]

    def _found(self, place: int, log_prob: float, word_score: float) -> FoundPrefix:
        beam = self._beam
        ids = self._prefixes.values(int(beam.nodes[place]))[:, 0]
        in_blank = beam.blank_best[place] >= beam.token_best[place]
        times = self._times.values(int((beam.blank_times if in_blank else beam.token_times)[place]))
        last_end = beam.blank_end[place] if in_blank else self._frame
        ends = np.append(times[1:, 1], last_end)[: len(ids)]
        return FoundPrefix(ids, times[:, 0], ends, float(log_prob), float(word_score))

    def _step(self, row: Doubles) -> None:
        beam, frame = self._beam, self._frame
        last, tokens = beam.last, self._tokens(row)
        total = np.logaddexp(beam.blank_sum, beam.token_sum)
        best = np.maximum(beam.blank_best, beam.token_best)
        in_token = beam.token_best > beam.blank_best
        own = np.where(last >= 0, row[last], -np.inf)

        # with a blank, or the last token once more, a prefix stays what it is
        stayed = beam.kept(np.arange(len(last)))
        stayed.blank_sum, stayed.blank_best = total + row[self._blank], best + row[self._blank]
        stayed.blank_times = np.where(in_token, beam.token_times, beam.blank_times)
        stayed.blank_end = np.where(in_token, frame, beam.blank_end)
        stayed.token_sum, stayed.token_best = beam.token_sum + own, beam.token_best + own

        # it grows [B, K]; by its last token only behind a blank
        repeats = last[:, None] == tokens
        grown = _Grown(
            tokens,
            np.where(repeats, beam.blank_sum[:, None], total[:, None]) + row[tokens],
            np.where(repeats, beam.blank_best[:, None], best[:, None]) + row[tokens],
            ~repeats & in_token[:, None],
            beam.word_score[:, None] + self._closing(beam, tokens),
        )
        self._merge(stayed, grown, row, total, best, in_token)
        with np.errstate(invalid="ignore"):
            stay_ranks = np.logaddexp(stayed.blank_sum, stayed.token_sum) + stayed.word_score
        chosen = _highest(np.concatenate([stay_ranks, (grown.sums + grown.scores).ravel()]), self._size)
        growing = chosen[chosen >= len(last)] - len(last)
        self._beam = _joined(stayed.kept(chosen[chosen < len(last)]), self._grow(grown, growing))

    def _tokens(self, row: Doubles) -> Ints:
        """The tokens of a frame that prefixes grow by: no more than could all be kept of one prefix."""
        is_near = (row >= row.max() - self._token_beam) & (row > -np.inf)
        is_near[self._blank] = False
        tokens = np.flatnonzero(is_near)
        most = self._size + 1  # one of them may be the last token of a prefix
        if len(tokens) > most:
            # the language model adds the same to all tokens that begin a word
            begins = self._rule.begins[tokens]
            kept = [part[np.argsort(-row[part], kind="stable")[:most]] for part in (tokens[begins], tokens[~begins])]
            tokens = np.sort(np.concatenate(kept))
        return tokens

    def _begins(self, last: Ints, tokens: Ints) -> NDArray[np.bool_]:
        """Whether the word before ends when a prefix with this last token grows by a token [B, K]."""
        goes_on = (last >= 0) & self._rule.continued[last]
        return self._rule.begins[tokens] & ~goes_on[:, None]

    def _closing(self, beam: _Beam, tokens: Ints) -> Doubles:
        """What the language model adds when a prefix grows by a token [B, K]."""
        if self._scores is None:
            return np.zeros((len(beam.nodes), len(tokens)))
        closing = np.array([self._words[node].closing for node in beam.nodes.tolist()])
        return np.where(self._begins(beam.last, tokens), closing[:, None], 0.0)

    def _merge(
        self, stayed: _Beam, grown: _Grown, row: Doubles, total: Doubles, best: Doubles, in_token: NDArray[np.bool_]
    ) -> None:
        """Add to prefixes what other prefixes give that grow into them."""
        beam = self._beam
        child, parent = np.nonzero(self._prefixes.parents[beam.nodes][:, None] == beam.nodes)
        if not child.size:
            return
        token = beam.last[child]
        repeats = beam.last[parent] == token
        sums = np.where(repeats, beam.blank_sum[parent], total[parent]) + row[token]
        bests = np.where(repeats, beam.blank_best[parent], best[parent]) + row[token]
        stayed.token_sum[child] = np.logaddexp(stayed.token_sum[child], sums)
        is_better = bests > stayed.token_best[child]
        where, origin = child[is_better], parent[is_better]
        stayed.token_best[where] = bests[is_better]
        stayed.token_times[where] = self._begin_token(origin, ~repeats[is_better] & in_token[origin])
        which, place = np.nonzero(token[:, None] == grown.tokens)
        grown.sums[parent[which], place] = -np.inf

    def _begin_token(self, origin: Ints, from_token: NDArray[np.bool_]) -> Ints:
        """Chains of times with a token that begins now; the token before it lasted until now, or a blank is between."""
        beam = self._beam
        before = np.where(from_token, beam.token_times[origin], beam.blank_times[origin])
        end = np.where(from_token, self._frame, beam.blank_end[origin])
        return self._times.add(before, np.full(len(origin), self._frame), end)

    def _grow(self, grown: _Grown, chosen: Ints) -> _Beam:
        beam, count = self._beam, len(chosen)
        origin, place = np.divmod(chosen, max(1, len(grown.tokens)))
        tokens = grown.tokens[place]
        nodes = self._child_nodes(beam.nodes[origin], beam.last[origin], tokens)
        nothing = np.full(count, -np.inf)
        return _Beam(
            nodes=nodes,
            last=tokens,
            blank_sum=nothing,
            token_sum=grown.sums[origin, place],
            blank_best=nothing,
            token_best=grown.bests[origin, place],
            blank_times=np.zeros(count, np.int64),
            blank_end=np.zeros(count, np.int64),
            token_times=self._begin_token(origin, grown.from_token[origin, place]),
            word_score=grown.scores[origin, place],
        )

    def _child_nodes(self, parents: Ints, last: Ints, tokens: Ints) -> Ints:
        """The nodes of prefixes that have grown; a prefix that was there before keeps its node."""
        pairs = list(zip(parents.tolist(), tokens.tolist(), strict=True))
        is_new = np.array([pair not in self._children for pair in pairs], bool)
        added = self._prefixes.add(parents[is_new], tokens[is_new])
        places = np.flatnonzero(is_new)
        for node, place in zip(added.tolist(), places.tolist(), strict=True):
            parent, token = pairs[place]
            self._children[parent, token] = node
            if self._scores is not None:
                begins = bool(self._begins(last[place : place + 1], tokens[place : place + 1])[0, 0])
                self._words.append(self._scores.extended(self._words[parent], token, begins))
        return np.array([self._children[pair] for pair in pairs], np.int64)

    def _forget(self) -> None:
        """Free the memory of prefixes and times that nothing in the beam comes from.

        What lies far back is settled before: only prefixes stay that have the best one's tokens there.
        """
        chosen, settled, settled_times = self._settled()
        self._beam = beam = self._beam.kept(chosen)
        numbers = self._prefixes.keep(beam.nodes, settled)
        if self._scores is not None:
            self._words = [word for word, number in zip(self._words, numbers.tolist(), strict=True) if number >= 0]
        self._children = {
            (int(numbers[parent]), token): int(numbers[node])
            for (parent, token), node in self._children.items()
            if numbers[node] >= 0
        }
        beam.nodes = numbers[beam.nodes]
        numbers = self._times.keep(np.concatenate([beam.blank_times, beam.token_times, [settled_times]]), settled_times)
        beam.blank_times, beam.token_times = numbers[beam.blank_times], numbers[beam.token_times]
        self._limit = len(self._prefixes) + len(self._times) + _MOST_NODES

    def _settled(self) -> tuple[Ints, int, int]:
        """The prefixes that have the tokens of the best one up to ``_OPEN_FRAMES`` before now.

        And the node of these tokens, with that of their times.
        """
        beam = self._beam
        nodes = beam.nodes
        times = np.where(beam.blank_best >= beam.token_best, beam.blank_times, beam.token_times)
        while (is_open := (nodes != ROOT) & (self._times.column(0)[times] >= self._frame - _OPEN_FRAMES)).any():
            nodes = np.where(is_open, self._prefixes.parents[nodes], nodes)
            times = np.where(is_open, self._times.parents[times], times)
        best = int(np.argmax(np.logaddexp(beam.blank_sum, beam.token_sum) + beam.word_score))
        settled = int(nodes[best])
        # alignments may lie on both sides of the frame
        parents = self._prefixes.parents
        is_same = (nodes == settled) | (parents[nodes] == settled) | (nodes == parents[settled])
        return np.flatnonzero(is_same), settled, int(times[best])


def _highest(ranks: Doubles, most: int) -> Ints:
    """The places of the ``most`` highest ranks above -inf, in ascending order."""
    places = np.flatnonzero(ranks > -np.inf)
    if len(places) > most:
        places = np.sort(places[np.argpartition(-ranks[places], most - 1)[:most]])
    return places


def _joined(first: _Beam, second: _Beam) -> _Beam:
    return _Beam(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in _Beam.__slots__))

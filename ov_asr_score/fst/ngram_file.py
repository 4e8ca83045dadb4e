"""Language models as OpenFst's kind ``ngram`` packs them, unpacked into arcs with the states that they lead to.

The file holds the tree of contexts as bits, and none of the states that arcs lead to: an arc leads to the longest
context that ends in its word. State 0 is the context without words, from which the others are numbered breadth first;
the parent of a context is the one without its oldest word, to which its state backs off.

Source: OpenFst 1.7 (extensions/ngram/ngram-fst.h, ``NGramFstImpl``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.header import FstHeader
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

_DAMAGED = "the language model is damaged"
_HIGHEST_ORDER = 100
LARGEST_LABEL = 1 << 24
"""With fewer arcs than that; so that a number in a file does not ask for much memory."""

_MOST = 2**31 - 1  # states and labels are int32


@dataclass(frozen=True, slots=True, eq=False)
class NgramModel:
    """States [S] with arcs [A] ordered by state and word, each state but 0 with one state that it backs off to."""

    start: int
    order: int
    first_arcs: NDArray[np.int64]  # [S + 1]
    labels: NDArray[np.int32]  # [A]: 1 or more, ascending in each state
    weights: NDArray[np.float32]  # [A]
    next_states: NDArray[np.int32]  # [A]
    final_weights: NDArray[np.float32]  # [S]; infinity where a state is not final
    backoff_states: NDArray[np.int32]  # [S]; -1: none
    backoff_weights: NDArray[np.float32]  # [S]; infinity where there is none


def read_ngram(stream: KaldiStream, header: FstHeader) -> NgramModel:
    """The language model behind its header.

    Raises TableFormatError.
    """
    offset = stream.offset
    states, arcs, finals = struct.unpack("<QQQ", stream.read(24))
    if not 0 < states < _MOST or arcs > _MOST or finals > states:
        found = f"{states} states, {arcs} arcs and {finals} final states"
        raise stream.error("the size of a language model", found, _DAMAGED, offset=offset)
    if not 0 <= header.start < states:
        raise stream.error("a state where it begins", f"state {header.start} of {states}", _DAMAGED, offset=offset)
    # All of it has to be there before anything is unpacked.
    fields = [2 * states + 1, arcs + states + 1, states]
    stream.check_left(8 * sum(-(-bits // 64) for bits in fields) + 4 * (2 * states + 2 * arcs + finals + 3))
    contexts, futures, is_final = (_read_bits(stream, bits) for bits in fields)
    parents = _parents(stream, offset, contexts, states)
    first_arcs = _first_arcs(stream, offset, futures, states, arcs)
    if np.count_nonzero(is_final) != finals:
        found = f"{np.count_nonzero(is_final)} of them"
        raise stream.error(f"the bits of {finals} final states", found, _DAMAGED, offset=offset)
    words = stream.read_bytes(4 * (states + 1)).view("<i4")[:-1]
    labels = stream.read_bytes(4 * arcs).view("<i4")
    backoff_weights = stream.read_bytes(4 * (states + 1)).view("<f4")[:-1]
    weights_of_finals = stream.read_bytes(4 * finals).view("<f4")
    weights = stream.read_bytes(4 * (arcs + 1)).view("<f4")[:-1]
    backoff_weights[0] = np.inf  # not used
    for numbers in (backoff_weights, weights_of_finals, weights):
        if not (numbers > -np.inf).all():
            raise stream.error("weights that are numbers", "NaN or minus infinity", _DAMAGED, offset=offset)
    largest = max(int(labels.max(initial=0)), int(words.max()))
    if largest > max(4 * arcs, LARGEST_LABEL):
        raise stream.error(f"labels up to {LARGEST_LABEL}", str(largest), _DAMAGED, offset=offset)
    _check_ascending(stream, offset, np.repeat(np.arange(states), np.diff(first_arcs)), labels, "labels of arcs")
    _check_ascending(stream, offset, parents[1:], words[1:], "words of contexts")
    final_weights = np.full(states, np.inf, np.float32)
    final_weights[is_final] = weights_of_finals
    depths = _depths(stream, offset, parents)
    return NgramModel(
        start=header.start,
        order=len(depths),
        first_arcs=first_arcs,
        labels=labels,
        weights=weights,
        next_states=_next_states(parents, words, depths, first_arcs, labels),
        final_weights=final_weights,
        backoff_states=parents,
        backoff_weights=backoff_weights,
    )


def _read_bits(stream: KaldiStream, bits: int) -> NDArray[np.bool_]:
    return np.unpackbits(stream.read_bytes(-(-bits // 64) * 8), bitorder="little", count=bits).view(bool)


def _parents(stream: KaldiStream, offset: int, contexts: NDArray[np.bool_], states: int) -> NDArray[np.int32]:
    """The parent of each state [S], -1 for state 0; never a later state.

    The bits are 1 0, then for each state a 1 per child and a 0.
    """
    ones = np.flatnonzero(contexts)
    parents = (ones - np.arange(len(ones)) - 1).astype(np.int32)
    if len(ones) != states or parents[0] != -1 or (parents[1:] < 0).any() or (parents >= np.arange(states)).any():
        raise stream.error(f"the bits of a tree of {states} contexts", "others", _DAMAGED, offset=offset)
    return parents


def _first_arcs(
    stream: KaldiStream, offset: int, futures: NDArray[np.bool_], states: int, arcs: int
) -> NDArray[np.int64]:
    """Where the arcs of each state begin [S + 1]. The bits are a 0, then for each state a 1 per arc and a 0."""
    zeros = np.flatnonzero(~futures)
    first = zeros - np.arange(len(zeros))
    if len(zeros) != states + 1 or first[0] != 0 or first[-1] != arcs:
        raise stream.error(f"the bits of {arcs} arcs of {states} states", "others", _DAMAGED, offset=offset)
    return first.astype(np.int64)


def _check_ascending(
    stream: KaldiStream, offset: int, groups: NDArray[np.integer], labels: NDArray[np.int32], what: str
) -> None:
    """Refuse labels below 0, and those that do not ascend within their group: they are looked up by halving."""
    falls = (labels[1:] <= labels[:-1]) & (groups[1:] == groups[:-1])
    if falls.any() or (labels < (1 if what.startswith("labels") else 0)).any():
        raise stream.error(f"{what} in ascending order", "others", _DAMAGED, offset=offset)


def _depths(stream: KaldiStream, offset: int, parents: NDArray[np.int32]) -> list[slice]:
    """The states of contexts of 0, 1, 2, … words: breadth first, each lies between two numbers."""
    depths = [slice(0, 1)]
    while (begin := depths[-1].stop) < len(parents):
        # Parents never fall, so that those of the last depth end before the first one that is deeper.
        depths.append(slice(begin, int(np.searchsorted(parents, begin))))
        if len(depths) > _HIGHEST_ORDER:
            found = "contexts of more words"
            raise stream.error(f"a language model of an order up to {_HIGHEST_ORDER}", found, offset=offset)
    return depths


def _next_states(
    parents: NDArray[np.int32],
    words: NDArray[np.int32],
    depths: list[slice],
    first_arcs: NDArray[np.int64],
    labels: NDArray[np.int32],
) -> NDArray[np.int32]:
    """The state of each arc [A]: from the context of its word alone on, by one older word after the other.

    A context has its oldest word in ``words``; the path to it from state 0 takes the newest word first.
    """
    next_states = np.zeros(len(labels), np.int32)
    if len(depths) == 1:
        return next_states
    alone = depths[1]
    state_of_word = np.zeros(max(int(labels.max(initial=0)), int(words[alone].max())) + 1, np.int32)
    state_of_word[words[alone]] = np.arange(alone.start, alone.stop)
    next_states[:] = state_of_word[labels]
    # Looked up by the word and then by the parent: what the arcs of a state ask for lies close together.
    deeper = slice(alone.stop, len(parents))
    keys = (words[deeper].astype(np.int64) << 32) | parents[deeper]
    by_word = np.argsort(keys)
    keys = np.append(keys[by_word], np.iinfo(np.int64).max)
    states = np.append(by_word + alone.stop, 0).astype(np.int32)
    has_children = np.zeros(len(parents), bool)
    has_children[parents[1:]] = True
    # Of the arcs that still go on: their numbers, the states that they leave, and those that they lead to so far.
    arcs = np.arange(len(labels), dtype=np.int32)
    sources = np.repeat(np.arange(len(parents), dtype=np.int32), np.diff(first_arcs))
    nexts = next_states
    for depth in range(1, len(depths) - 1):
        goes_on = np.flatnonzero(has_children[nexts] & (nexts > 0) & (sources >= depths[depth].start))
        arcs, sources = arcs[goes_on], sources[goes_on]
        wanted = words[_above(parents, depths, depth)[sources]]
        queries = (wanted.astype(np.int64) << 32) | nexts[goes_on]
        found = np.searchsorted(keys, queries)
        is_there = keys[found] == queries
        arcs, sources, nexts = arcs[is_there], sources[is_there], states[found[is_there]]
        next_states[arcs] = nexts
    return next_states


def _above(parents: NDArray[np.int32], depths: list[slice], depth: int) -> NDArray[np.int32]:
    """Of each state the one of ``depth`` on the way to it; itself where it is no deeper."""
    above = np.arange(len(parents), dtype=np.int32)
    for deeper in depths[depth + 1 :]:
        above[deeper] = above[parents[deeper]]
    return above

"""Small graphs at random, and the cheapest path of each of their word sequences, by trying all."""

from __future__ import annotations

import math

import numpy as np

from ov_asr_score.fst.graph_file import GraphFile, GraphFst
from ov_asr_score.fst.header import ARC
from ov_asr_score.fst.symbols import SymbolTable

WORDS = ("", "on", "off", "light", "turn")
SYMBOLS = SymbolTable("words.txt", {number: text or "<eps>" for number, text in enumerate(WORDS)})


def random_graph(seed: int, num_states: int = 6, num_arcs: int = 16, num_words: int = 3) -> GraphFst:
    """A graph from state 0, half of whose arcs have one of the words from 1."""
    rng = np.random.default_rng(seed)
    sources = np.sort(rng.integers(0, num_states, num_arcs))
    arcs = np.empty(num_arcs, ARC)
    arcs["ilabel"] = rng.integers(0, 5, num_arcs)
    arcs["olabel"] = rng.integers(1, num_words + 1, num_arcs) * rng.integers(0, 2, num_arcs)
    arcs["weight"] = rng.integers(0, 64, num_arcs) / 8
    arcs["next"] = rng.integers(0, num_states, num_arcs)
    finals = np.where(rng.random(num_states) < 0.4, rng.integers(0, 16, num_states) / 8, np.inf).astype(np.float32)
    return graph_of(finals, sources, arcs)


def graph_of(finals: np.ndarray, sources: np.ndarray, arcs: np.ndarray) -> GraphFst:
    return GraphFst(
        0,
        finals,
        np.searchsorted(sources, np.arange(len(finals) + 1)).astype(np.int64),
        arcs,
        int(np.isfinite(finals).sum()),
        int(arcs["ilabel"].max(initial=0)),
        int(arcs["olabel"].max(initial=0)),
    )


def sentence_graph(*sentences: str) -> GraphFst:
    """A graph that says these sentences of WORDS, the n-th at a cost of n in its last arc."""
    finals, sources, rows = [math.inf], [], []
    for cost, sentence in enumerate(sentences):
        state = 0
        words = sentence.split()
        for place, word in enumerate(words, 1):
            finals.append(math.inf if place < len(words) else 0.0)
            sources.append(state)
            rows.append((1, WORDS.index(word), cost * (place == len(words)), len(finals) - 1))
            state = len(finals) - 1
    order = np.argsort(sources, kind="stable")
    return graph_of(np.array(finals, np.float32), np.array(sources)[order], np.array(rows, ARC)[order])


def graph_file(fst: GraphFst) -> GraphFile:
    return GraphFile("HCLG.fst", "const", fst, None, None)


def best_costs(fst: GraphFst, most_arcs: int = 6) -> dict[tuple[int, ...], float]:
    """The least cost of each word sequence among paths of at most so many arcs."""
    found: dict[tuple[int, ...], float] = {}
    wave: dict[tuple[int, tuple[int, ...]], float] = {(fst.start, ()): 0.0}
    for _ in range(most_arcs + 1):
        following: dict[tuple[int, tuple[int, ...]], float] = {}
        for (state, words), cost in wave.items():
            if (total := cost + float(fst.final_weights[state])) < found.get(words, math.inf):
                found[words] = total
            for _, word, weight, target in fst.arcs[fst.first_arcs[state] : fst.first_arcs[state + 1]].tolist():
                key = (target, (*words, word) if word else words)
                following[key] = min(cost + weight, following.get(key, math.inf))
        wave = following
    return found


def spoken(fst: GraphFst, symbols: SymbolTable = SYMBOLS, most_arcs: int = 6) -> dict[str, float]:
    """`best_costs` with the texts of words."""
    return {" ".join(map(symbols.text, words)): cost for words, cost in best_costs(fst, most_arcs).items()}

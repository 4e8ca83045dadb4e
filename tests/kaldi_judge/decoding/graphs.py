"""Random decoding graphs: of words that are spelled in phones, of a real graph with changes, and of arcs by chance."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.kaldi_model.transitions import TransitionModel

NUM_WORDS = 12
SILENCES = (1, 6)  # phones that are no part of a word, on their own


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc; ``transition_id`` and ``word`` are 0 for none."""

    source: int
    target: int
    transition_id: int
    word: int
    weight: float


@dataclass(slots=True)
class Graph:
    """A graph that begins at state 0. ``has_words_of_phones``: its paths are phones that word_boundary.int divides."""

    arcs: list[Arc] = field(default_factory=list)
    finals: dict[int, float] = field(default_factory=dict)
    num_states: int = 1
    has_words_of_phones: bool = True
    loops_after: bool = True  # the loops of a state follow the transition that leaves it, as recipes have it
    text: str = ""

    def new_state(self) -> int:
        """A state more."""
        self.num_states += 1
        return self.num_states - 1

    def with_penalty(self, penalty: float) -> Graph:
        """The graph whose arcs with words weigh more by ``penalty``."""
        # in the precision of the files: a narrow beam sees the last bit
        arcs = [
            replace(arc, weight=float(np.float32(arc.weight) + np.float32(penalty))) if arc.word else arc
            for arc in self.arcs
        ]
        return replace(self, arcs=arcs)


def write_graph(graph: Graph, path: Path, kind: str) -> None:
    """Write the graph as OpenFst does: ``const``, or ``vector``."""
    by_state: list[list[Arc]] = [[] for _ in range(graph.num_states)]
    for arc in graph.arcs:
        by_state[arc.source].append(arc)
    finals = [graph.finals.get(state, float("inf")) for state in range(graph.num_states)]

    def named(text: str) -> bytes:
        return struct.pack("<i", len(text)) + text.encode()

    def encoded(arcs: list[Arc]) -> bytes:
        return b"".join(struct.pack("<iifi", arc.transition_id, arc.word, arc.weight, arc.target) for arc in arcs)

    version = 2
    head = struct.pack("<i", 2125659606) + named(kind) + named("standard")
    head += struct.pack("<iiQqqq", version, 0, 1 if kind == "const" else 3, 0, graph.num_states, len(graph.arcs))
    body = b""
    if kind == "const":
        first = 0
        for state, arcs in enumerate(by_state):
            empty_inputs = sum(not arc.transition_id for arc in arcs)
            empty_outputs = sum(not arc.word for arc in arcs)
            body += struct.pack("<fIIII", finals[state], first, len(arcs), empty_inputs, empty_outputs)
            first += len(arcs)
        body += b"".join(map(encoded, by_state))
    else:
        for state, arcs in enumerate(by_state):
            body += struct.pack("<fq", finals[state], len(arcs)) + encoded(arcs)
    path.write_bytes(head + body)


def spelled_graph(chance: np.random.Generator, transitions: TransitionModel) -> Graph:
    """Some nodes with words between them; words are phones with all states and loops, as in graphs of recipes."""
    nodes = int(chance.integers(1, 5))
    graph = Graph(num_states=nodes, loops_after=bool(chance.random() < 0.7))
    lexicon = [spelling(chance, transitions) for _ in range(NUM_WORDS)]
    for word in range(1, NUM_WORDS):
        if chance.random() < 0.15:
            lexicon[word] = lexicon[word - 1]  # sounds the same
    scale = float(chance.choice((0.0, 0.5, 2.0, 5.0)))
    for _ in range(int(chance.integers(1, 20))):
        source, target = map(int, chance.integers(0, nodes, 2))
        if chance.random() < 0.05:
            target = graph.new_state()  # from where nothing goes on
        if chance.random() < 0.15:
            silence = int(chance.choice(SILENCES))
            _add_phones(graph, chance, transitions, source, target, [silence], 0, scale)
            continue
        word = int(chance.integers(NUM_WORDS))
        _add_phones(graph, chance, transitions, source, target, lexicon[word], word + 1, scale)
    for source in range(nodes - 1):  # only to later nodes: no cycles without a frame
        if chance.random() < 0.2:
            target = int(chance.integers(source + 1, nodes))
            graph.arcs.append(Arc(source, target, 0, 0, scale * float(chance.random())))
    _make_final(graph, chance, range(nodes))
    graph.text = f"spelled, {nodes} nodes, loops {'after' if graph.loops_after else 'before'} transitions"
    return graph


def spelling(chance: np.random.Generator, transitions: TransitionModel) -> list[int]:
    """Phones of a word: numbers from 11 on, four for each phone, which begin, end, are inside of, or are a word."""
    bases = range(11, int(transitions.phones.max()) - 2, 4)
    length = int(chance.choice((1, 2, 2, 3)))
    chosen = [int(chance.choice(bases)) for _ in range(length)]
    if length == 1:
        return [chosen[0] + 3]
    return [chosen[0], *(phone + 2 for phone in chosen[1:-1]), chosen[-1] + 1]


def _add_phones(
    graph: Graph,
    chance: np.random.Generator,
    transitions: TransitionModel,
    source: int,
    target: int,
    phones: list[int],
    word: int,
    scale: float,
) -> None:
    """Add a way from ``source`` to ``target``; the word is at some transition, or before all of them."""
    ways = [way for phone in phones for way in way_through(chance, transitions, phone)]
    place = int(chance.integers(-1, len(ways))) if chance.random() < 0.4 else 0
    state = source
    if word and place == -1:
        state = graph.new_state()
        graph.arcs.append(Arc(source, state, 0, word, 0.0))
    for number, (forward, loop) in enumerate(ways):
        following = target if number == len(ways) - 1 and not graph.loops_after else graph.new_state()
        weight = scale * float(chance.random())
        said = word if number == place else 0
        if graph.loops_after:
            graph.arcs.append(Arc(state, following, forward, said, weight))
            loop_at = following
        else:
            if number == 0:  # a loop at a node would belong to all its phones
                loop_at = graph.new_state()
                graph.arcs.append(Arc(state, loop_at, 0, 0, 0.0))
                state = loop_at
            graph.arcs.append(Arc(state, following, forward, said, weight))
            loop_at = state
        if loop:
            graph.arcs.append(Arc(loop_at, loop_at, loop, 0, float(chance.choice((0.0, 0.1, 0.7)))))
        state = following
    if graph.loops_after:
        graph.arcs.append(Arc(state, target, 0, 0, 0.0))


def way_through(chance: np.random.Generator, transitions: TransitionModel, phone: int) -> Iterator[tuple[int, int]]:
    """Transition-ids of a phone from its first state to its last: that which leads on, and the loop before it or 0."""
    topology = transitions.topology
    states = topology.entries[int(topology.entry_of_phone[phone])]
    state = 0
    while state < len(states) - 1:
        ids = np.flatnonzero((transitions.phones == phone) & (transitions.hmm_states == state))
        chosen = int(chance.choice(np.unique(transitions.transition_states[ids])))
        first = int(ids[transitions.transition_states[ids] == chosen][0])
        targets = [target for target, _ in states[state].transitions]
        onward = [number for number, target in enumerate(targets) if target > state]
        if not onward:
            return
        number = int(chance.choice(onward))
        yield first + number, first + targets.index(state) if state in targets else 0
        state = targets[number]


def changed_graph(chance: np.random.Generator, path: Path) -> Graph:
    """The graph of a recipe, with other weights, fewer arcs and other final states."""
    source = open_graph(path).fst
    states = np.repeat(np.arange(source.num_states), np.diff(source.first_arcs)).tolist()
    columns = (source.next_states, source.ilabels, source.olabels, source.weights)
    arcs = [Arc(*each) for each in zip(states, *(column.tolist() for column in columns), strict=True)]
    finals = {int(state): float(source.final_weights[state]) for state in np.flatnonzero(source.final_weights < np.inf)}
    graph = Graph(arcs, finals, source.num_states)
    done = []
    if chance.random() < 0.5:
        scale = float(chance.choice((0.1, 1.0, 5.0)))
        # A cycle below 0 without frames would never end.
        graph.arcs = [
            replace(arc, weight=arc.weight + scale * float(extra if arc.transition_id else abs(extra)))
            for arc, extra in zip(arcs, chance.standard_normal(len(arcs)), strict=True)
        ]
        done.append(f"weights moved by {scale:g}")
    if chance.random() < 0.3:
        part = float(chance.choice((0.02, 0.1, 0.3)))
        kept = chance.random(len(arcs)) >= part
        graph.arcs = [arc for arc, keep in zip(graph.arcs, kept, strict=True) if keep]
        done.append(f"{part:.0%} fewer arcs")
    if chance.random() < 0.3:
        graph.finals = {}
        _make_final(graph, chance, range(graph.num_states))
        done.append("other final states")
    if chance.random() < 0.2:
        graph.arcs = [replace(arc, word=arc.word and int(chance.integers(1, NUM_WORDS + 1))) for arc in graph.arcs]
        done.append("other words")
    graph.text = ", ".join(["changed", *done])
    return graph


def wild_graph(chance: np.random.Generator, transitions: TransitionModel) -> Graph:
    """States and arcs by chance; what is in a row is no phone."""
    states = int(chance.integers(1, 20))
    graph = Graph(num_states=states, has_words_of_phones=False, text=f"wild, {states} states")
    for _ in range(int(chance.integers(1, 4 * states + 2))):
        source, target = map(int, chance.integers(0, states, 2))
        transition = int(chance.integers(1, transitions.num_transition_ids + 1))
        if chance.random() < 0.2 and source < target:
            transition = 0
        word = int(chance.integers(1, NUM_WORDS + 1)) if chance.random() < 0.3 else 0
        weight = float(chance.choice((0.0, 0.5, 1.5))) if chance.random() < 0.3 else float(5 * chance.random())
        if transition and chance.random() < 0.05:
            weight = float(chance.choice((-1.0, 1e4, np.inf)))
        graph.arcs.append(Arc(source, target, transition, word, weight))
    _make_final(graph, chance, range(states))
    return graph


def _make_final(graph: Graph, chance: np.random.Generator, states: range) -> None:
    """Some final states of the given ones: all, some, the last, or none."""
    kind = int(chance.integers(10))
    chosen = {
        0: [],
        1: list(states),
        2: [states[-1]],
    }.get(kind, [state for state in states if chance.random() < 0.5] or [states[0]])
    for state in chosen:
        graph.finals[state] = float(chance.choice((0.0, 0.0, 1.0, 4.0)))


def walk(graph: Graph, chance: np.random.Generator, most: int) -> NDArray[np.int64]:
    """Transition-ids along some path, up to a final state or ``most`` of them."""
    by_state: dict[int, list[Arc]] = {}
    for arc in graph.arcs:
        by_state.setdefault(arc.source, []).append(arc)
    state = 0
    found: list[int] = []
    least = int(chance.integers(1, most + 1))
    for _ in range(4 * most):
        if state not in by_state or (len(found) >= least and state in graph.finals):
            break
        arc = by_state[state][int(chance.integers(len(by_state[state])))]
        if arc.transition_id:
            found.append(arc.transition_id)
        state = arc.target
        if len(found) == most:
            break
    return np.array(found or [1], np.int64)

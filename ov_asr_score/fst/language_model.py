"""The second half of a lookahead graph, Gr.fst: a language model whose states back off.

It is of the kind ``ngram``, or an automaton (``const``, ``vector``) whose backoff arcs have no output. Those of Kaldi's
G.fst have a label of their own as input, ``#0``, which is no word.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst, read_graph_behind, telling_foreign_kinds
from ov_asr_score.fst.header import FstHeader, read_header
from ov_asr_score.fst.ngram_file import LARGEST_LABEL, NgramModel, read_ngram
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream

_GR = "a language model (Gr.fst)"
_AS_KALDI = "as Kaldi's arpa2fst makes them"


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """States [L] with the arcs of words [A], ordered by state and label; weights are negated log-probabilities.

    A label leaves a state once at most. The words that a state has no arc for, it leaves to the state that it backs off
    to; no state is reached from itself in this way.
    """

    start: int
    first_arcs: NDArray[np.int64]  # [L + 1]
    labels: NDArray[np.int32]  # [A]: 1 or more
    weights: NDArray[np.float32]  # [A]
    nexts: NDArray[np.int32]  # [A]
    finals: NDArray[np.float32]  # [L]; infinity where a state is not final
    backoff_state: NDArray[np.int32]  # [L]; -1: none
    backoff_cost: NDArray[np.float32]  # [L]; infinity where there is none
    words_of_label: NDArray[np.int32]  # [largest label + 1]; 0 for labels without an arc
    said: NDArray[np.int32] | None = None  # [L]; the label that stands for all words of a state, 0: each for itself
    backoff_label: int = 0  # the input label of backoff arcs; 0: none, as in the kind ngram

    @property
    def num_states(self) -> int:
        """Number of states."""
        return len(self.finals)

    @property
    def order(self) -> int:
        """The most words that a weight depends on: one more than the states that are backed off to in a row."""
        to = np.append(self.backoff_state, -1)  # -1 stays where it is
        steps = (to >= 0).astype(np.int64)
        while (to >= 0).any():
            steps += steps[to]  # twice as far each time
            to = to[to]
        return int(steps.max()) + 1


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModelFile:
    """A language model, the kind of its file, and the tables of symbols in it, if it has any."""

    path: str
    kind: str  # ngram, const or vector
    model: LanguageModel
    input_symbols: SymbolTable | None
    output_symbols: SymbolTable | None

    @property
    def backoff_label(self) -> int:
        """The input label of backoff arcs; 0: none."""
        return self.model.backoff_label

    @property
    def words(self) -> SymbolTable | None:
        """The symbols of ``words_of_label``, if the file has them: an acceptor may have them on one side only."""
        if self.kind == "ngram" and self.output_symbols is None:
            return self.input_symbols
        return self.output_symbols


def open_language_model(path: str | os.PathLike[str], allow_commands: bool = False) -> LanguageModelFile:
    """The language model in a file.

    Raises FileAccessError, SpecifierError, TableFormatError (file, byte, what was expected) and UnsupportedModelError
    (another kind of automaton or file, or arcs that are not those of a model that backs off).
    """
    with open_stream(os.fspath(path), allow_commands=allow_commands) as stream:
        with telling_foreign_kinds(stream, _GR):
            header = read_header(stream)
        return read_language_model(stream, header, os.fspath(path))


def read_language_model(stream: KaldiStream, header: FstHeader, path: str) -> LanguageModelFile:
    """The language model behind its header. Raises TableFormatError and UnsupportedModelError."""
    if header.kind == "ngram" and header.arc_type == "standard":
        model = _of_ngram(stream.name, read_ngram(stream, header))
    else:
        model, _ = language_model_of(stream.name, read_graph_behind(stream, header, _GR))
    return LanguageModelFile(path, header.kind, model, header.input_symbols, header.output_symbols)


def _of_ngram(name: str, ngram: NgramModel) -> LanguageModel:
    return LanguageModel(
        start=ngram.start,
        first_arcs=ngram.first_arcs,
        labels=ngram.labels,
        weights=ngram.weights,
        nexts=ngram.next_states,
        finals=ngram.final_weights,
        backoff_state=ngram.backoff_states,
        backoff_cost=ngram.backoff_weights,
        words_of_label=_words_of_label(name, ngram.labels, ngram.labels),
    )


def language_model_of(name: str, fst: GraphFst) -> tuple[LanguageModel, int]:
    """The model in a graph, and the input label of its backoff arcs: those without output.

    ``name`` is the file's for messages. Raises UnsupportedModelError.
    """
    states = fst.num_states
    sources = np.repeat(np.arange(states, dtype=np.int32), np.diff(fst.first_arcs))
    is_backoff = fst.olabels == 0
    backoff = fst.arcs[is_backoff]
    backoff_labels = np.unique(backoff["ilabel"])
    if len(backoff_labels) > 1:
        found = ", ".join(map(str, backoff_labels[:3]))
        raise _unsupported(name, "arcs without output of one input label, those to back off", f"labels {found}")
    backoff_label = int(backoff_labels[0]) if backoff_labels.size else 0
    backoff_state, backoff_cost = np.full(states, -1, np.int32), np.full(states, np.inf, np.float32)
    backoff_state[sources[is_backoff]] = backoff["next"]
    backoff_cost[sources[is_backoff]] = backoff["weight"]
    if np.count_nonzero(backoff_state >= 0) < len(backoff):
        twice = int(np.flatnonzero(np.bincount(sources[is_backoff]) > 1)[0])
        raise _unsupported(name, "one backoff arc at most for each state", f"several for state {twice}")
    _check_backoff_ends(name, backoff_state)
    arcs, sources = fst.arcs[~is_backoff], sources[~is_backoff]
    labels = arcs["ilabel"]
    if labels.size and (least := int(labels.min())) < 1:
        raise _unsupported(name, "words with labels of 1 or more", str(least))
    if backoff_label and (labels == backoff_label).any():
        found = f"label {backoff_label} on both"
        raise _unsupported(name, "a label to back off that no word has", found)
    keys = (sources.astype(np.int64) << 32) | labels
    if (keys[1:] <= keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        arcs, keys = arcs[order], keys[order]
        if (twice_at := np.flatnonzero(keys[1:] == keys[:-1])).size:
            state, label = divmod(int(keys[twice_at[0]]), 1 << 32)
            raise _unsupported(name, "one arc of a label for each state", f"several of {label} for state {state}")
    first_arcs = np.zeros(states + 1, np.int64)
    np.cumsum(np.bincount(sources, minlength=states), out=first_arcs[1:])
    model = LanguageModel(
        start=fst.start,
        first_arcs=first_arcs,
        labels=np.ascontiguousarray(arcs["ilabel"]),
        weights=np.ascontiguousarray(arcs["weight"]),
        nexts=np.ascontiguousarray(arcs["next"]),
        finals=np.ascontiguousarray(fst.final_weights),
        backoff_state=backoff_state,
        backoff_cost=backoff_cost,
        words_of_label=_words_of_label(name, arcs["ilabel"], arcs["olabel"]),
        backoff_label=backoff_label,
    )
    return model, backoff_label


def _check_backoff_ends(name: str, backoff_state: NDArray[np.int32]) -> None:
    """Refuse states that back off in a circle: what backs off farther than there are states does so without end."""
    to = np.append(backoff_state, -1)  # -1 stays where it is
    for _ in range(len(backoff_state).bit_length()):
        to = to[to]  # twice as far each time
    if (to >= 0).any():
        raise _unsupported(name, "states that back off without a circle", f"one through state {int(to.max())}")


def _words_of_label(name: str, labels: NDArray[np.int32], words: NDArray[np.int32]) -> NDArray[np.int32]:
    largest = int(labels.max(initial=0))
    if largest > max(4 * len(labels), LARGEST_LABEL):
        raise _unsupported(name, f"labels up to {LARGEST_LABEL}", str(largest))
    words_of_label = np.zeros(largest + 1, np.int32)
    words_of_label[labels] = words
    if (other := np.flatnonzero(words_of_label[labels] != words)).size:
        label = int(labels[other[0]])
        raise _unsupported(name, "one word for each label", f"several for label {label}")
    return words_of_label


def _unsupported(name: str, expected: str, found: str) -> UnsupportedModelError:
    return UnsupportedModelError(f"{name}: expected {expected}, {_AS_KALDI}, found {found}")

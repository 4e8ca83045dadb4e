"""Whether a graph, a transition model and a table of words belong together, before anything is decoded with them.

Kaldi finds out when a path gets there: it reads pdfs from outside of its memory (``TransitionIdToPdfFast``), or stops
at a word that its table of symbols lacks.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.fst.graph_file import GraphFile, GraphFst
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.text import clipped, printable_name

_DISAMBIGUATION = re.compile(r"#(\d+|nonterm.*)")
_SHOWN = 3
_ADVICE = "give the model that the graph was made for"
_MOST_COUNTED = 1 << 24  # labels above are sorted instead: a table of them would only fill the memory


def check_graph(
    graph: GraphFile, transitions: TransitionModel, words: SymbolTable | None = None, num_pdfs: int | None = None
) -> tuple[str, ...]:
    """What a user should know of files that can be used together: no final state, disambiguation symbols as words.

    ``words`` is the table of output labels, if there is one; ``num_pdfs`` the width of scores, if it is known. Raises
    ShapeMismatchError for files that do not belong together.
    """
    fst = graph.fst
    name = printable_name(graph.path)
    if fst.largest_ilabel > transitions.num_transition_ids:
        state = fst.state_of_arc(int(np.argmax(fst.ilabels > transitions.num_transition_ids)))
        raise ShapeMismatchError(
            f"{name}: the graph has transition-ids up to {fst.largest_ilabel}, the model "
            f"{transitions.num_transition_ids} ({transitions.source}), the first above it at state {state}; "
            + ("it seems to be a grammar (G.fst); give HCLG.fst" if is_grammar(fst) else _ADVICE)
        )
    if num_pdfs is not None:
        check_width(transitions, num_pdfs)
    notes = []
    if is_grammar(fst):
        notes.append(f"{name}: its words are its transition-ids, too; is it a grammar (G.fst) instead of HCLG.fst?")
    if not fst.num_final_states:
        notes.append(f"{name}: the graph has no final state: all paths are partial ones")
    if words is not None and (note := check_words(name, fst, words)):
        notes.append(note)
    return tuple(notes)


def is_grammar(fst: GraphFst) -> bool:
    """Whether arcs with a word, of two words at least, have the same label on both sides, as in G.fst."""
    words = fst.olabels[fst.olabels > 0]
    return bool(words.size and words.min() < words.max() and (fst.ilabels[fst.olabels > 0] == words).all())


def check_width(transitions: TransitionModel, num_columns: int, what: str = "scores") -> None:
    """Raise ShapeMismatchError unless scores, or priors, have a column for each pdf of the model.

    Kaldi: ``DecodableMatrixScaledMapped`` (decoder/decodable-matrix.h).
    """
    if num_columns != transitions.num_pdfs:
        raise ShapeMismatchError(
            f"{what}: expected {transitions.num_pdfs} columns, one for each pdf of {transitions.source}, found "
            f"{num_columns}; give the scores of the model that the graph was made for"
        )


def check_words(name: str, fst: GraphFst, words: SymbolTable) -> str:
    """A note about disambiguation symbols among the words of graph ``name``, or an empty text.

    Raises ShapeMismatchError for words without a symbol.
    """
    used = _used_labels(fst.olabels, fst.largest_olabel)
    missing = used[~np.isin(used, words.ids)]
    if missing.size:
        first = int(missing[0])
        state = fst.state_of_arc(int(np.argmax(fst.olabels == first)))
        raise ShapeMismatchError(
            f"{words.source}: expected a symbol for each of the {len(used)} words in {name}, found none for "
            f"{len(missing)} of them, the first {first} (at state {state} of the graph); give the table of the graph"
        )
    left = [text for label in used.tolist() if _DISAMBIGUATION.fullmatch(text := words.text(label))]
    if not left:
        return ""
    shown = ", ".join(map(clipped, left[:_SHOWN])) + (", …" if len(left) > _SHOWN else "")
    return f"{name}: the graph has disambiguation symbols among its words ({shown}): they are written as words"


def _used_labels(labels: NDArray[np.int32], largest: int) -> NDArray[np.int64]:
    """All labels above 0 that occur, ascending."""
    if largest > _MOST_COUNTED:
        used = np.unique(labels)
        return used[used > 0].astype(np.int64)
    occurs = np.zeros(largest + 1, bool)
    occurs[labels] = True
    occurs[0] = False
    return np.flatnonzero(occurs)

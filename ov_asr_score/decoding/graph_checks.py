"""Whether a graph, a transition model and a table of words belong together, before anything is decoded with them.

Kaldi finds out when a path gets there: it reads pdfs from outside of its memory (``TransitionIdToPdfFast``), or stops
at a word that its table of symbols lacks.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.fst.arc_columns import blocks, used_labels
from ov_asr_score.fst.graph_file import GraphFile, GraphFst
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.text import clipped, printable_name

_SHOWN = 3
_ADVICE = "give the model that the graph was made for"
_NO_DISAMBIGUATION = "put disambig_tid.int beside it, which tells the labels that take no frame, or "


def check_graph(
    graph: GraphFile,
    transitions: TransitionModel,
    words: SymbolTable | None = None,
    num_pdfs: int | None = None,
    *,
    disambiguation: Iterable[int] = (),
    words_of_label: NDArray[np.int32] | None = None,
) -> tuple[str, ...]:
    """What a user should know of files that can be used together: no final state, disambiguation symbols as words.

    ``words`` is the table of output labels, if there is one; ``num_pdfs`` the width of scores, if it is known. The
    first half of a lookahead pair has input labels for ``disambiguation``, and its output labels become words by
    ``words_of_label`` (0 and labels behind it: none). Raises ShapeMismatchError for files that do not belong together.
    """
    fst = graph.fst
    name, known = printable_name(graph.path), list(disambiguation)
    if (least := min(known, default=2**31)) <= transitions.num_transition_ids:
        raise ShapeMismatchError(
            f"{name}: expected labels that take no frame (disambig_tid.int) above the model's "
            f"{transitions.num_transition_ids} transition-ids ({transitions.source}), found {least}; {_ADVICE}"
        )
    if fst.largest_ilabel > transitions.num_transition_ids:
        labels = used_labels(fst.ilabels)
        labels = labels[(labels > transitions.num_transition_ids) & ~np.isin(labels, known)]
        if labels.size:
            state = fst.state_of_arc(int(np.argmax(np.isin(fst.ilabels, labels))))
            advice = _ADVICE if known or words_of_label is None else _NO_DISAMBIGUATION + _ADVICE
            raise ShapeMismatchError(
                f"{name}: the graph has transition-ids up to {labels[-1]}, the model "
                f"{transitions.num_transition_ids} ({transitions.source}), the first above it at state {state}; "
                + ("it seems to be a grammar (G.fst); give HCLG.fst" if is_grammar(fst) else advice)
            )
    if num_pdfs is not None:
        check_width(transitions, num_pdfs)
    notes = []
    if words_of_label is None and is_grammar(fst):
        notes.append(f"{name}: its words are its transition-ids, too; is it a grammar (G.fst) instead of HCLG.fst?")
    if not fst.num_final_states:
        notes.append(f"{name}: the graph has no final state: all paths are partial ones")
    if words is not None and (note := check_words(name, fst, words, words_of_label)):
        notes.append(note)
    return tuple(notes)


def is_grammar(fst: GraphFst) -> bool:
    """Whether arcs with a word, of two words at least, have the same label on both sides, as in G.fst."""
    least, most = 0, 0
    for block in blocks(fst.num_arcs):
        words, ids = fst.olabels[block], fst.ilabels[block]
        has_word = words > 0
        if not (ids[has_word] == words[has_word]).all():
            return False
        if has_word.any():
            lowest, highest = int(words[has_word].min()), int(words.max())
            least, most = min(least or lowest, lowest), max(most, highest)
    return least < most


def check_width(transitions: TransitionModel, num_columns: int, what: str = "scores") -> None:
    """Raise ShapeMismatchError unless scores, or priors, have a column for each pdf of the model.

    Kaldi: ``DecodableMatrixScaledMapped`` (decoder/decodable-matrix.h).
    """
    if num_columns != transitions.num_pdfs:
        raise ShapeMismatchError(
            f"{what}: expected {transitions.num_pdfs} columns, one for each pdf of {transitions.source}, found "
            f"{num_columns}; give the scores of the model that the graph was made for"
        )


def check_words(name: str, fst: GraphFst, words: SymbolTable, words_of_label: NDArray[np.int32] | None = None) -> str:
    """A note about disambiguation symbols among the words of graph ``name``, or an empty text.

    ``words_of_label`` gives the words of output labels that are no words. Raises ShapeMismatchError for words without a
    symbol.
    """
    labels = used = used_labels(fst.olabels)
    if words_of_label is not None:
        labels = labels[labels < len(words_of_label)]
        used = words_of_label[labels].astype(np.int64)
    used = np.sort(used[used > 0])
    is_missing = ~_are_in(used, words.ids)
    if is_missing.any():
        first = int(used[is_missing].min())
        label = first if words_of_label is None else int(labels[np.argmax(words_of_label[labels] == first)])
        state = fst.state_of_arc(int(np.argmax(fst.olabels == label)))
        raise ShapeMismatchError(
            f"{words.source}: expected a symbol for each of the {len(used)} words in {name}, found none for "
            f"{np.count_nonzero(is_missing)} of them, the first {first} (at state {state} of the graph); give the "
            "table of the graph"
        )
    known = words.disambiguation()
    left = [words.text(number) for number in known[_are_in(known, used)].tolist()]
    if not left:
        return ""
    shown = ", ".join(map(clipped, left[:_SHOWN])) + (", …" if len(left) > _SHOWN else "")
    return f"{name}: the graph has disambiguation symbols among its words ({shown}): they are written as words"


def _are_in(numbers: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which numbers are among others; of many this is much faster than `np.isin`."""
    places = np.searchsorted(ascending, numbers)
    found: NDArray[np.bool_] = np.append(ascending, -1)[places] == numbers
    return found

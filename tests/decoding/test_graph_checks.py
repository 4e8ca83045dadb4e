"""Graphs with models and tables of words that belong to them, and with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.decoding.graph_checks import check_graph, check_width
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.fst import arc_columns
from ov_asr_score.fst.graph_file import GraphFile, open_graph
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions

ROOT = Path(__file__).parents[2]
DECODING = ROOT / "tests" / "kaldi_speech" / "decoding"


def graph(name: str = "HCLG.fst") -> GraphFile:
    return open_graph(DECODING / name)


def transitions(name: str = "nnet3_chain_tdnnf") -> TransitionModel:
    return load_transitions(ROOT / "models" / name / "final.mdl")


def words(numbers: Sequence[int] | range, **others: str) -> SymbolTable:
    texts = {number: f"w{number}" for number in numbers} | {int(key[1:]): text for key, text in others.items()}
    return SymbolTable("words.txt", texts)


def with_label(source: GraphFile, field: str, arc: int, label: int) -> GraphFile:
    arcs = source.fst.arcs.copy()
    arcs[field][arc] = label
    largest = int(arcs["ilabel"].max()), int(arcs["olabel"].max())
    return replace(source, fst=replace(source.fst, arcs=arcs, largest_ilabel=largest[0], largest_olabel=largest[1]))


def test_files_that_belong_together() -> None:
    assert check_graph(graph(), transitions(), words(range(29)), 56) == ()
    assert check_graph(graph(), transitions()) == ()
    # Only the graph's words count.
    assert check_graph(graph(), transitions(), words(range(1, 40))) == ()


def test_transition_ids_of_another_model() -> None:
    other = with_label(graph(), "ilabel", 100, 812)
    state = other.fst.state_of_arc(100)
    with pytest.raises(ShapeMismatchError) as failure:
        check_graph(other, transitions())
    source = ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"
    assert str(failure.value) == (
        f"{DECODING / 'HCLG.fst'}: the graph has transition-ids up to 812, the model 314 ({source}), the first above "
        f"it at state {state}; give the model that the graph was made for"
    )
    assert check_graph(with_label(graph(), "ilabel", 100, 314), transitions()) == ()


def test_width_of_scores() -> None:
    with pytest.raises(
        ShapeMismatchError, match=r"^scores: expected 56 columns, one for each pdf of .*mdl, found 120; "
    ):
        check_graph(graph(), transitions(), None, 120)
    with pytest.raises(ShapeMismatchError, match=r"^priors: expected 56 columns, .* found 55; "):
        check_width(transitions(), 55, "priors")
    check_width(transitions(), 56)


@pytest.mark.parametrize("most_counted", [1, 1 << 24])
def test_words_without_a_symbol(most_counted: int) -> None:
    source = graph()
    lacking = words([number for number in range(29) if number not in (7, 9)])
    state = source.fst.state_of_arc(int(np.flatnonzero(source.fst.olabels == 7)[0]))
    used = len(set(source.fst.olabels.tolist()) - {0})
    with (
        patch.object(arc_columns, "_MOST_COUNTED", most_counted),
        pytest.raises(ShapeMismatchError) as failure,
    ):
        check_graph(source, transitions(), lacking)
    assert str(failure.value) == (
        f"words.txt: expected a symbol for each of the {used} words in {source.path}, found none for 2 of them, the "
        f"first 7 (at state {state} of the graph); give the table of the graph"
    )


def test_labels_of_a_lookahead_graph() -> None:
    """Words by label, and disambiguation symbols behind the transition-ids."""
    source = with_label(graph(), "ilabel", 100, 400)
    with pytest.raises(ShapeMismatchError, match=r"transition-ids up to 400, the model \d+ .* the first above it at"):
        check_graph(source, transitions(), disambiguation=[401])
    words_of_label = np.arange(100, 129, dtype=np.int32)

    def checked(table: SymbolTable) -> tuple[str, ...]:
        return check_graph(source, transitions(), table, disambiguation=[400], words_of_label=words_of_label)

    assert checked(words(range(100, 129))) == ()
    state = source.fst.state_of_arc(int(np.flatnonzero(source.fst.olabels == 7)[0]))
    with pytest.raises(ShapeMismatchError, match=rf"for 1 of them, the first 107 \(at state {state} of the graph\)"):
        checked(words([number for number in range(100, 129) if number != 107]))
    (note,) = checked(words(range(100, 129), _107="#0"))
    assert "disambiguation symbols among its words ('#0')" in note
    # a label of the lexicon that the language model lacks
    source = with_label(source, "olabel", int(np.flatnonzero(source.fst.olabels == 8)[0]), 5000)
    assert checked(words(range(100, 129))) == ()
    with pytest.raises(ShapeMismatchError, match=r"for 1 of them, the first 107 \(at state"):
        checked(words([number for number in range(100, 129) if number != 107]))


def test_labels_without_a_frame_of_another_model() -> None:
    with pytest.raises(ShapeMismatchError) as failure:
        check_graph(graph(), transitions(), disambiguation=[400, 314])
    source = ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"
    assert str(failure.value) == (
        f"{DECODING / 'HCLG.fst'}: expected labels that take no frame (disambig_tid.int) above the model's 314 "
        f"transition-ids ({source}), found 314; give the model that the graph was made for"
    )


def test_a_very_large_word() -> None:
    """No table of two thousand million labels is made."""
    with pytest.raises(ShapeMismatchError, match="found none for 1 of them, the first 2147483647"):
        check_graph(with_label(graph(), "olabel", 0, 2**31 - 1), transitions(), words(range(29)))


def test_disambiguation_symbols_among_the_words() -> None:
    """In the table they may be; on arcs they are written as Kaldi writes them, and that is said."""
    unused = words(range(29), _30="#0", _31="#nonterm_begin")
    assert check_graph(graph(), transitions(), unused) == ()
    (note,) = check_graph(with_label(graph(), "olabel", 3, 30), transitions(), unused)
    assert note.endswith("disambiguation symbols among its words ('#0'): they are written as words")
    many = words(range(29), _3="#3", _4="#4", _5="#5", _6="#6")
    (note,) = check_graph(graph(), transitions(), many)
    assert "('#3', '#4', '#5', …)" in note


def test_without_final_states() -> None:
    (note,) = check_graph(graph("HCLG_nofinal.fst"), transitions(), words(range(29)))
    assert note == f"{DECODING / 'HCLG_nofinal.fst'}: the graph has no final state: all paths are partial ones"

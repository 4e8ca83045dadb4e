from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.lattice.align_lexicon import AlignLexicon, read_align_lexicon
from ov_asr_score.lattice.archive import read_compact_lattices
from ov_asr_score.lattice.files.building import EMPTY_COMPACT
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.word_alignment import align_phones, align_words
from ov_asr_score.lattice.word_boundary import WordBoundary, read_word_boundary
from tests.lattice.aligning.lattice_texts import differences, parse_lattice
from tests.lattice.aligning.toy_model import BOUNDARY, LATTICES, SETS, ids_of, int_table, model_of, toy_transitions

TOY = toy_transitions()
LEXICON = AlignLexicon({0: {(1,): 0}, 10: {(2,): 10, (2, 1): 10}, 11: {(3, 5): 11, (3, 4, 5): 11}}, "lexicon.int")


def lattices(file: str) -> dict[str, CompactLattice]:
    return dict(read_compact_lattices(f"ark:{LATTICES}/{file}.gz"))


def language(kind: str) -> WordBoundary | AlignLexicon:
    if kind == "aligned_lexicon":
        return read_align_lexicon(str(LATTICES / "lang/align_lexicon.int"))
    return read_word_boundary(str(LATTICES / "lang/word_boundary.int"))


def linear(words: list[int], ids: np.ndarray) -> CompactLattice:
    """A path with all words in front of all transition-ids."""
    lines = [f"{state} {state + 1} {word} 1,2," for state, word in enumerate(words)]
    return parse_lattice("\n".join([*lines, f"{len(words)} 4,8,{'_'.join(map(str, ids.tolist()))}"]))


def path(lattice: CompactLattice | None) -> list[tuple[int, int]]:
    """Words and numbers of frames of the only path."""
    assert lattice is not None
    assert lattice.sources.tolist() == list(range(lattice.num_states - 1))
    return list(zip(lattice.words.tolist(), np.diff(lattice.first_ids).tolist(), strict=False))


@pytest.mark.parametrize("kind", ["aligned", "aligned_lexicon"])
@pytest.mark.parametrize("name", SETS)
def test_lattices_are_kaldis(name: str, kind: str) -> None:
    transitions, source = model_of(name), language(kind)
    given = lattices(f"{name}/lat.ark")
    for key, expected in lattices(f"{name}/{kind}.txt").items():
        aligned = align_words(given[key], transitions, source)
        assert aligned.warnings == ()
        assert aligned.lattice is not None
        assert differences(aligned.lattice, expected) == ""


def test_lattices_that_were_cut_off_are_kaldis() -> None:
    transitions, source = model_of("chain"), language("aligned")
    expected = lattices("odd/aligned_partial_true.txt")
    warnings = {}
    for key, lattice in lattices("odd/lat_partial_true.txt").items():
        aligned = align_words(lattice, transitions, source)
        assert aligned.lattice is not None
        assert differences(aligned.lattice, expected[key]) == ""
        warnings[key] = aligned.warnings
    assert warnings.pop("prefix1") == ("the path ends inside a word",)
    assert set(warnings.values()) == {()}


@pytest.mark.parametrize("name", SETS)
def test_phones_of_the_best_path_are_kaldis(name: str) -> None:
    transitions = model_of(name)
    found = []
    for key, ids in int_table(LATTICES / name / "ali.txt").items():
        start = 0
        for phone, count in path(align_phones(linear([7], ids), transitions).lattice):
            found.append((key, start, count, phone))
            start += count
    step = 0.01 if name == "tri" else 0.03
    lines = [line.split() for line in (LATTICES / name / "ctm_phones.txt").read_text().splitlines()]
    assert found == [
        (key, round(float(start) / step), round(float(length) / step), int(phone))
        for key, _, start, length, phone in lines
    ]


@pytest.mark.parametrize("source", [BOUNDARY, LEXICON])
def test_words_move_to_their_phones_and_costs_stay(source: WordBoundary | AlignLexicon) -> None:
    aligned = align_words(linear([10, 11], ids_of(1, 2, 3, 4, 5)), TOY, source)
    assert path(aligned.lattice) == [(0, 2), (10, 2), (11, 6)]
    assert aligned.warnings == ()
    assert aligned.lattice is not None
    lattice = aligned.lattice
    assert lattice.graph_costs.sum() + lattice.final_graph_costs.sum() == 6
    assert lattice.acoustic_costs.sum() + lattice.final_acoustic_costs.sum() == 12


def test_all_ways_of_a_lexicon_are_kept() -> None:
    aligned = align_words(linear([10], ids_of(2, 1)), TOY, LEXICON).lattice
    assert aligned is not None
    assert sorted(zip(aligned.words.tolist(), np.diff(aligned.first_ids).tolist(), strict=False)) == [
        (0, 2),
        (10, 2),
        (10, 4),
    ]


def test_words_without_phones_and_words_shown_as_others() -> None:
    lexicon = AlignLexicon({0: {(1,): 30}, 10: {(): 10}, 11: {(2,): 31}})
    aligned = align_words(linear([10, 11], ids_of(1, 2)), TOY, lexicon)
    assert path(aligned.lattice) == [(10, 0), (30, 2), (31, 2)]


def test_lattices_cut_off_by_lexicon() -> None:
    aligned = align_words(linear([11], ids_of(1, 3)), TOY, LEXICON)
    assert path(aligned.lattice) == [(0, 2), (11, 2)]
    assert aligned.warnings == ("the path ends inside a word",)


def test_words_without_frames() -> None:
    aligned = align_words(linear([10, 10, 10], ids_of(2)), TOY, BOUNDARY)
    assert path(aligned.lattice) == [(10, 2)]
    assert aligned.warnings == ("2 words at the end left out: no frames are left",)


def test_a_lexicon_of_other_words() -> None:
    aligned = align_words(linear([12], ids_of(2)), TOY, LEXICON)
    assert (aligned.lattice, aligned.warnings) == (None, ("word 12 has no line in lexicon.int",))
    aligned = align_words(linear([10], ids_of(4, 4, 4)), TOY, LEXICON)
    assert (aligned.lattice, aligned.warnings) == (None, ("no path of the lattice has pronunciations of lexicon.int",))


@pytest.mark.parametrize("source", [BOUNDARY, LEXICON])
def test_lattices_without_paths(source: WordBoundary | AlignLexicon) -> None:
    for lattice in (EMPTY_COMPACT, parse_lattice("0 1 10 0,0,3")):
        aligned = align_words(lattice, TOY, source)
        assert aligned.lattice is None
        assert len(aligned.warnings) == 1
    assert align_phones(EMPTY_COMPACT, TOY).warnings == ("the lattice has no path",)


def test_the_bound_on_states() -> None:
    # Phones of no position wait for a word that never comes, with another history on each way.
    ways = "\n".join(f"{state} {state + 1} {10 + way} 0,0,11" for state in range(12) for way in range(2))
    lattice = parse_lattice(f"{ways}\n12")
    aligned = align_words(lattice, TOY, BOUNDARY, max_expand=1)
    assert aligned.lattice is None
    assert aligned.warnings == ("more than 1013 states are needed to align the lattice",)
    assert align_words(lattice, TOY, BOUNDARY, max_expand=0).lattice is not None


@pytest.mark.parametrize("reorder", [None, False])
def test_loops_before_their_transition(reorder: bool | None) -> None:
    lattice = linear([10], np.array([2, 1, 4, 3, 2, 1]))
    assert path(align_words(lattice, TOY, BOUNDARY, reorder=reorder).lattice) == [(0, 2), (10, 2), (0, 2)]
    assert path(align_phones(lattice, TOY, reorder=reorder).lattice) == [(1, 2), (2, 2), (1, 2)]


def test_transition_ids_of_another_model() -> None:
    lattice = linear([], np.array([99]))
    with pytest.raises(ShapeMismatchError):
        align_words(lattice, TOY, BOUNDARY)
    with pytest.raises(ShapeMismatchError):
        align_phones(lattice, TOY)

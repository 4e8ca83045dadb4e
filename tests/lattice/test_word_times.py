from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.lattice.align_lexicon import AlignLexicon, read_align_lexicon
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.word_boundary import WordBoundary, read_word_boundary
from ov_asr_score.lattice.word_times import TimedWords, time_words
from tests.lattice.aligning.toy_model import BOUNDARY, LATTICES, SETS, ids_of, int_table, model_of, toy_transitions
from tests.places import ROOT

TOY = toy_transitions()
LEXICON = AlignLexicon({0: {(1,): 0}, 10: {(2,): 10}, 11: {(3, 5): 11, (3, 4, 5): 11}}, "lexicon.int")


def path_of(words: list[int], alignment: np.ndarray, frames: list[int] | None = None) -> BestPath:
    places = np.array(frames or [0] * len(words), np.int32)
    return BestPath(np.array(words, np.int32), places, alignment.astype(np.int32), 0.0, 0.0, is_final=True)


def spans(timed: TimedWords) -> list[tuple[int, int, int]]:
    return list(zip(timed.words.tolist(), timed.first_frames.tolist(), timed.num_frames.tolist(), strict=True))


def ctm_of(name: str, source: WordBoundary | AlignLexicon, *, with_silence: bool) -> list[tuple[str, int, int, int]]:
    transitions = model_of(name)
    words = int_table(LATTICES / name / "words.int")
    lines = []
    for key, alignment in int_table(LATTICES / name / "ali.txt").items():
        timed = time_words(path_of(words[key].tolist(), alignment), transitions, source)
        assert timed.warnings == ()
        assert int(timed.num_frames.sum()) == len(alignment)
        lines += [(key, *span) for span in spans(timed if with_silence else timed.spoken())]
    return lines


def kaldis_ctm(path: Path, frame_shift: float) -> list[tuple[str, int, int, int]]:
    lines = [line.split() for line in path.read_text().splitlines()]
    return [
        (key, int(word), round(float(start) / frame_shift), round(float(length) / frame_shift))
        for key, _, start, length, word in lines
    ]


@pytest.mark.parametrize("name", SETS)
def test_times_by_word_boundary_are_kaldis(name: str) -> None:
    boundary = read_word_boundary(str(LATTICES / "lang/word_boundary.int"))
    step = 0.01 if name == "tri" else 0.03
    assert ctm_of(name, boundary, with_silence=False) == kaldis_ctm(LATTICES / name / "ctm_1best.txt", step)
    assert ctm_of(name, boundary, with_silence=True) == kaldis_ctm(LATTICES / name / "ctm_1best_silence.txt", step)


@pytest.mark.parametrize("name", SETS)
def test_times_by_lexicon_are_kaldis(name: str) -> None:
    lexicon = read_align_lexicon(str(LATTICES / "lang/align_lexicon.int"))
    step = 0.01 if name == "tri" else 0.03
    assert ctm_of(name, lexicon, with_silence=False) == kaldis_ctm(LATTICES / name / "ctm_1best_lexicon.txt", step)


@pytest.mark.parametrize("source", [BOUNDARY, LEXICON])
def test_where_words_stand_on_arcs_does_not_matter(source: WordBoundary | AlignLexicon) -> None:
    alignment = ids_of(1, 2, 3, 4, 5, 1, 3, 5)
    for frames in ([0, 0, 0], [15, 15, 15]):
        timed = time_words(path_of([10, 11, 11], alignment, frames), TOY, source)
        assert spans(timed) == [(0, 0, 2), (10, 2, 2), (11, 4, 6), (0, 10, 2), (11, 12, 4)]
        assert timed.warnings == ()


def test_loops_before_their_transition() -> None:
    alignment = np.array([2, 2, 1, 3, 6, 5, 9, 2, 1])
    assert spans(time_words(path_of([10, 11], alignment), TOY, BOUNDARY)) == [
        (0, 0, 3),
        (10, 3, 1),
        (11, 4, 3),
        (0, 7, 2),
    ]
    # Where loops follow, the first silence would take the loop of the next one, too.
    alignment = np.array([1, 2, 2, 1])
    assert spans(time_words(path_of([], alignment), TOY, BOUNDARY, reorder=True)) == [(0, 0, 3), (0, 3, 1)]
    assert spans(time_words(path_of([], alignment), TOY, BOUNDARY, reorder=False)) == [(0, 0, 1), (0, 1, 3)]


def test_loops_of_one_state_belong_to_the_word_before() -> None:
    # linear-to-nbest, lattice-align-words and nbest-to-ctm: three frames, then one
    transitions = load_transitions(ROOT / "models" / "chain_ivector" / "final.mdl")
    path = path_of([5, 5], np.array([268, 267, 267, 268]), [0, 3])
    assert spans(time_words(path, transitions, read_word_boundary(str(LATTICES / "lang" / "word_boundary.int")))) == [
        (5, 0, 3),
        (5, 3, 1),
    ]


def test_a_path_that_was_cut_off() -> None:
    timed = time_words(path_of([10, 11], ids_of(2, 1, 3, 4)), TOY, BOUNDARY)
    assert spans(timed) == [(10, 0, 2), (0, 2, 2), (11, 4, 4)]
    assert timed.warnings == ("the path ends inside a word",)
    timed = time_words(path_of([10], ids_of(2, 1, 3, 4)), TOY, BOUNDARY)
    assert spans(timed)[-1] == (0, 4, 4)
    assert timed.warnings == ("the path ends with phones of no word",)
    timed = time_words(path_of([10, 11, 10], ids_of(2)), TOY, BOUNDARY)
    assert spans(timed) == [(10, 0, 2)]
    assert timed.warnings == ("2 words at the end left out: no frames are left",)


def test_words_boundaries_of_other_phones() -> None:
    timed = time_words(path_of([10], ids_of(1, 3, 6, 5, 1)), TOY, BOUNDARY)
    assert spans(timed) == [(0, 0, 2), (10, 2, 6), (0, 8, 2)]
    assert timed.warnings == (
        "phone 6 may not stand inside a word by toy.int; does it belong to the model, and the graph?",
    )


def test_a_lexicon_of_other_words() -> None:
    path = path_of([10, 12], ids_of(2, 2), [0, 2])
    timed = time_words(path, TOY, LEXICON)
    assert spans(timed) == [(10, 0, 2), (12, 2, 2)]
    assert timed.warnings[0] == "word 12 has no line in lexicon.int"
    timed = time_words(path_of([10], ids_of(4, 4, 4)), TOY, LEXICON)
    assert timed.warnings[0] == "the words do not have these phones in lexicon.int"


def test_times_by_arcs() -> None:
    timed = time_words(path_of([10, 11], ids_of(1, 2, 3, 5), [1, 4]), TOY)
    assert spans(timed) == [(10, 1, 3), (11, 4, 4)]
    assert "word_boundary.int" in timed.warnings[0]
    assert spans(time_words(path_of([], ids_of(1)), TOY)) == []


def test_no_frames() -> None:
    for source in (BOUNDARY, LEXICON, None):
        timed = time_words(path_of([], np.zeros(0)), TOY, source)
        assert (spans(timed), timed.warnings) == ([], ())


def test_transition_ids_of_another_model() -> None:
    with pytest.raises(ShapeMismatchError):
        time_words(path_of([], np.array([99])), TOY, BOUNDARY)


def test_seconds() -> None:
    timed = time_words(path_of([10], ids_of(1, 2)), TOY, BOUNDARY).spoken()
    starts, lengths = timed.seconds(0.01, 3)
    np.testing.assert_allclose([*starts, *lengths], [0.06, 0.06])

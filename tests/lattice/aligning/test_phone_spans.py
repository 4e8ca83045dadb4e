from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.lattice.aligning.phone_spans import (
    are_arcs_reordered,
    are_words_reordered,
    check_transition_ids,
    is_reordered,
    split_phones,
)
from tests.lattice.aligning.lattice_texts import parse_lattice
from tests.lattice.aligning.toy_model import LATTICES, SETS, ids_of, int_table, model_of, toy_transitions

TOY = toy_transitions()


@pytest.mark.parametrize("name", SETS)
def test_phones_as_kaldi_has_them(name: str) -> None:
    transitions = model_of(name)
    spans = {key: split_phones(ids, transitions) for key, ids in int_table(LATTICES / name / "ali.txt").items()}
    assert all(each.are_whole for each in spans.values())
    found = [
        f"{key} 1 {first} {count} {phone}"
        for key, each in spans.items()
        for phone, first, count in zip(each.phones, each.first_frames, each.num_frames, strict=True)
    ]
    step = 0.01 if name == "tri" else 0.03
    lines = [line.split() for line in (LATTICES / name / "ctm_phones.txt").read_text().splitlines()]
    assert found == [
        f"{key} 1 {round(float(start) / step)} {round(float(length) / step)} {phone}"
        for key, _, start, length, phone in lines
    ]


def test_loops_follow_the_transition_or_come_before_it() -> None:
    reordered = np.array([1, 2, 2, 3, 1, 2], np.int32)
    loops_first = np.array([2, 2, 1, 3, 2, 1], np.int32)
    assert is_reordered(reordered, TOY)
    assert not is_reordered(loops_first, TOY)
    assert split_phones(reordered, TOY).num_frames.tolist() == [3, 1, 2]
    assert split_phones(loops_first, TOY).num_frames.tolist() == [3, 1, 2]
    assert split_phones(loops_first, TOY).phones.tolist() == [1, 2, 1]
    assert split_phones(loops_first, TOY).are_whole


def test_loops_on_the_arcs_of_a_lattice() -> None:
    def reordered(*arcs: str) -> bool:
        lines = [f"{state} {state + 1} 0 0,0,{ids}" for state, ids in enumerate(arcs)]
        return are_arcs_reordered(parse_lattice("\n".join([*lines, f"{len(arcs)}"])), TOY)

    assert reordered("1_2_3")
    assert not reordered("2_1_4")
    # Neighbours on two arcs, an arc without transition-ids, and nothing that tells.
    assert reordered("3", "2", "", "1_2_3")
    assert not reordered("2", "3", "2_1_4_3")
    assert reordered("1_3")
    assert reordered("")


def test_one_state_only() -> None:
    assert is_reordered(np.array([1, 2, 2], np.int32), TOY)
    assert not is_reordered(np.array([2, 2, 1], np.int32), TOY)
    assert not is_reordered(np.array([1, 1], np.int32), TOY)
    # words are as recipes have them, unless a loop comes first
    for ids, expected in (([1, 2, 2], True), ([2, 2, 1], False), ([1, 2, 2, 1], True), ([1, 1], True), ([], True)):
        assert are_words_reordered(np.array(ids, np.int32), TOY) == expected
    assert split_phones(np.array([1, 1], np.int32), TOY).num_frames.tolist() == [1, 1]


def test_a_phone_that_is_cut_off() -> None:
    spans = split_phones(np.array([2, 2, 3], np.int32), TOY)
    assert spans.phones.tolist() == [1, 2]
    assert not spans.are_whole


def test_a_phone_that_begins_in_the_middle() -> None:
    transitions = model_of("tri")
    ids = next(iter(int_table(LATTICES / "tri/ali.txt").values()))
    whole = split_phones(ids, transitions)
    later = int(np.flatnonzero(transitions.hmm_states[ids] != 0)[0])
    assert 0 < later < whole.num_frames[0]
    cut = split_phones(ids[later:], transitions)
    assert whole.are_whole
    assert not cut.are_whole
    assert cut.num_frames[0] == whole.num_frames[0] - later


def test_no_frames() -> None:
    spans = split_phones(np.zeros(0, np.int32), TOY)
    assert (spans.phones.size, spans.first_frames.size, spans.num_frames.size) == (0, 0, 0)
    assert not is_reordered(np.zeros(0, np.int32), TOY)


@pytest.mark.parametrize("wrong", [0, -1, 13])
def test_transition_ids_of_another_model(wrong: int) -> None:
    with pytest.raises(ShapeMismatchError) as caught:
        check_transition_ids(np.array([1, wrong], np.int32), TOY)
    assert str(caught.value) == (
        f"alignment: expected transition-ids from 1 to 12, found {wrong}; it was made with another model than toy.mdl"
    )
    check_transition_ids(ids_of(1, 6), TOY)

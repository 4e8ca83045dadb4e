from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.aligning.phone_patterns import make_patterns, position_of
from ov_asr_score.lattice.word_boundary import PhonePosition
from tests.lattice.aligning.toy_model import BOUNDARY, ids_of, toy_transitions

TOY = toy_transitions()


def end_of(pattern: str, *phones: int, reorder: bool = True) -> int | None:
    patterns = make_patterns(TOY, BOUNDARY, reorder=reorder)
    match = getattr(patterns, pattern).match(patterns.encode(ids_of(*phones)))
    return match.end() if match else None


def test_positions_are_kept_in_letters() -> None:
    letters = make_patterns(TOY, BOUNDARY).encode(ids_of(1, 3, 6))
    positions = [position_of(letter) for letter in letters[::2]]
    assert positions == [PhonePosition.NONWORD, PhonePosition.BEGIN, PhonePosition.UNKNOWN]


def test_silences_and_words_are_whole_if_something_follows() -> None:
    assert end_of("nonword", 1) is None
    assert end_of("nonword", 1, 2) == 2
    assert end_of("nonword", 2, 1) is None
    assert end_of("word", 1, 2) == 2
    assert end_of("word", 2) is None
    assert end_of("word", 2, 2) == 2
    assert end_of("word", 3, 4, 4, 5) is None
    assert end_of("word", 3, 4, 4, 5, 1) == 8
    assert end_of("word", 3, 5, 1) == 4
    assert end_of("word", 3, 4, 1) is None
    assert end_of("word", 4, 5, 1) is None


def test_loops_belong_to_the_phone_only_if_reordered() -> None:
    assert end_of("word", 2, 1, reorder=False) == 1
    patterns = make_patterns(TOY, BOUNDARY, reorder=False)
    assert patterns.cut_phones(patterns.encode(np.array([2, 2, 1, 4, 3], np.int32))) == [3, 5]


def test_phones() -> None:
    patterns = make_patterns(TOY)
    assert patterns.cut_phones(patterns.encode(ids_of(1, 6, 6, loops=2))) == [3, 6, 9]
    assert patterns.cut_phones(b"") == []
    assert patterns.encode_bytes(ids_of(1, 2).tobytes()) == patterns.encode(ids_of(1, 2))


def test_end() -> None:
    patterns = make_patterns(TOY)
    assert patterns.last.search(patterns.encode(ids_of(1)))
    assert not patterns.last.search(patterns.encode(np.array([2, 2], np.int32)))

from __future__ import annotations

from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.aligning.lexicon_parse import parse_phones

LEXICON = AlignLexicon(
    {0: {(1,): 0, (1, 1): 9}, 10: {(2, 3): 10}, 11: {(2, 3, 4): 11, (2,): 11}, 12: {(): 12}, 13: {(3,): 99}}
)


def parse(phones: tuple[int, ...], words: tuple[int, ...]) -> list[tuple[int, int]] | None:
    found = parse_phones(phones, words, LEXICON)
    return None if found is None else list(zip(found.words, found.num_phones, strict=True))


def test_words_and_silences() -> None:
    assert parse((1, 2, 3, 1, 2, 3, 4), (10, 11)) == [(0, 1), (10, 2), (0, 1), (11, 3)]
    assert parse((), ()) == []
    assert parse_phones((2, 3), (10,), LEXICON) is not None
    assert parse_phones((2, 3), (10,), LEXICON).warnings == ()  # type: ignore[union-attr]


def test_silences_may_be_shown_as_words() -> None:
    assert parse((1, 1), ()) == [(9, 2)]
    assert parse((3,), (13,)) == [(99, 1)]


def test_words_without_phones() -> None:
    assert parse((1, 2, 3), (12, 10)) == [(12, 0), (0, 1), (10, 2)]


def test_another_way_is_found() -> None:
    # The long pronunciation of 11 comes first, but leaves no phone for 13.
    assert parse((2, 3), (11, 13)) == [(11, 1), (99, 1)]


def test_a_path_that_was_cut_off() -> None:
    found = parse_phones((1, 2), (10,), LEXICON)
    assert found is not None
    assert (found.words, found.num_phones) == ((0, 10), (1, 1))
    assert found.warnings == ("the path ends inside a word",)
    found = parse_phones((2, 3, 2), (10,), LEXICON)
    assert found is not None
    assert (found.words, found.num_phones) == ((10, 0), (2, 1))
    assert found.warnings == ("the path ends with phones of no word",)
    found = parse_phones((2, 3), (10, 10, 10), LEXICON)
    assert found is not None
    assert (found.words, found.num_phones) == ((10, 10), (2, 0))
    assert found.warnings == ("the path ends inside a word", "1 word at the end left out: no frames are left")


def test_other_phones() -> None:
    assert parse((4, 4, 4), (10,)) is None

"""The phones of a path shared out among its words and silences.

Source: lat/word-align-lattice-lexicon.cc. Where it keeps several ways, one of them is chosen here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ov_asr_score.lattice.align_lexicon import AlignLexicon, Phones
from ov_asr_score.lattice.aligning.word_doubts import CUT_PHONES, CUT_WORD, dropped_words

_Place = tuple[int, int]  # how many phones and how many words lie before it

_MOST_PLACES = 1 << 20
"""A real lexicon leaves few ways for words and phones."""


@dataclass(frozen=True, slots=True)
class PhoneParse:
    """Words as the lexicon shows them, 0 for silences, each with a number of the phones."""

    words: tuple[int, ...]
    num_phones: tuple[int, ...]
    warnings: tuple[str, ...] = ()


def parse_phones(phones: Phones, words: Phones, lexicon: AlignLexicon) -> PhoneParse | None:
    """The words with their phones, in order, all phones used up; None if the lexicon does not allow it.

    A path that was cut off ends with its first phones of a word, or with phones of no word (0). Of several ways, words
    go before silences and long pronunciations before short ones.
    """
    # The place before each place that can be reached, and the word between them.
    before: dict[_Place, tuple[_Place, int]] = {}
    end = (len(phones), len(words))
    reached = {(0, 0)}
    stack = [(0, 0)]
    while stack and end not in reached and len(reached) < _MOST_PLACES:
        place = stack.pop()
        new = [(target, shown) for target, shown in _steps(place, phones, words, lexicon) if target not in reached]
        for target, shown in reversed(new):
            before[target] = place, shown
            stack.append(target)
        reached.update(target for target, _ in new)
    if end in reached:
        return PhoneParse(*_way_to(end, before))
    cut = [place for place in reached if _may_be_cut(place, phones, words, lexicon)]
    if not cut:
        return None
    first_phone, first_word = max(cut)
    found, counts = _way_to((first_phone, first_word), before)
    left = words[first_word:]
    warnings = [CUT_WORD if left else CUT_PHONES]
    if left[1:]:
        warnings.append(dropped_words(len(left) - 1))
    last = left[0] if left else 0
    return PhoneParse((*found, last), (*counts, len(phones) - first_phone), tuple(warnings))


def _steps(place: _Place, phones: Phones, words: Phones, lexicon: AlignLexicon) -> Iterator[tuple[_Place, int]]:
    """The places behind one more word or silence, and how that is shown."""
    first, number = place
    if number < len(words):
        yield from _matches(words[number], first, number + 1, phones, lexicon)
    yield from _matches(0, first, number, phones, lexicon)


def _matches(word: int, first: int, number: int, phones: Phones, lexicon: AlignLexicon) -> Iterator[tuple[_Place, int]]:
    pronunciations = lexicon.pronunciations.get(word, {})
    for spoken in sorted(pronunciations, key=len, reverse=True):
        if phones[first : first + len(spoken)] == spoken:
            yield (first + len(spoken), number), pronunciations[spoken]


def _may_be_cut(place: _Place, phones: Phones, words: Phones, lexicon: AlignLexicon) -> bool:
    """Whether the phones behind ``place`` can be the beginning of something."""
    left = phones[place[0] :]
    return place[1] == len(words) or len(left) < 2 or lexicon.goes_on(left[:-1], words[place[1]])


def _way_to(place: _Place, before: dict[_Place, tuple[_Place, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The words up to ``place``, and the number of phones of each."""
    steps: list[tuple[int, int]] = []
    while place in before:
        start, word = before[place]
        steps.append((word, place[0] - start[0]))
        place = start
    return tuple(word for word, _ in reversed(steps)), tuple(count for _, count in reversed(steps))

"""Transition-ids as letters, so that regular expressions find whole phones and words among them.

The letter of a transition-id says whether it is a loop, whether a phone ends with it, and where in a word its phone
stands. A phone or word is whole only if something follows it: loops may still come where graphs are reordered.

Sources: lat/word-align-lattice.cc (``OutputSilenceArc``, ``OutputOnePhoneWordArc``, ``OutputNormalWordArc``),
lat/phone-align-lattice.cc (``OutputPhoneArc``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.aligning.arc_graph import from_bytes
from ov_asr_score.lattice.word_boundary import PhonePosition, WordBoundary

_LOOP, _FINAL, _POSITION = 1, 2, 4  # the letter is 4 * position + 2 * is final + is a loop


@dataclass(frozen=True, slots=True, eq=False)
class PhonePatterns:
    """Letters of transition-ids, and patterns of what they may begin with."""

    letters: NDArray[np.uint8]  # by transition-id
    phone: re.Pattern[bytes]  # a phone
    nonword: re.Pattern[bytes]  # a phone that belongs to no word
    word: re.Pattern[bytes]  # that, a word of one phone, or a word of several
    last: re.Pattern[bytes]  # at the end of the letters: the transition with which a phone ends, and its loops

    def encode(self, ids: NDArray[np.int32]) -> bytes:
        """The letters of transition-ids [T]."""
        return self.letters[ids].tobytes()

    def encode_bytes(self, ids: bytes) -> bytes:
        """The same of transition-ids as bytes, four for each."""
        return self.encode(from_bytes(ids))

    def cut_phones(self, letters: bytes) -> list[int]:
        """Where the phones of ``letters`` end; the last one may be cut off."""
        ends = [match.end() for match in self.phone.finditer(letters)]
        return ends if not letters else [*ends, len(letters)]


def position_of(letter: int) -> PhonePosition:
    """Where in a word the phone of a transition-id with this letter stands."""
    return PhonePosition(letter // _POSITION)


@lru_cache(maxsize=4)
def make_patterns(
    transitions: TransitionModel, boundary: WordBoundary | None = None, *, reorder: bool = True
) -> PhonePatterns:
    """Patterns for phones, and, with ``boundary``, for words.

    ``reorder``: the graph has loops behind the transition that leaves their state (``--reorder`` of Kaldi's programs).
    """
    positions = np.zeros(len(transitions.phones), np.uint8)
    if boundary is not None:
        positions = boundary.of_phones(transitions.phones)
    letters = positions * _POSITION + transitions.is_final * _FINAL + transitions.is_self_loop * _LOOP
    all_letters = range(_POSITION * len(PhonePosition))
    final = _any_of(letter for letter in all_letters if letter & _FINAL)
    not_final = _any_of(letter for letter in all_letters if not letter & _FINAL)
    loop = _any_of(letter for letter in all_letters if letter & _LOOP)
    not_loop = _any_of(letter for letter in all_letters if not letter & _LOOP)
    # What follows must be no loop, so that the loops are all taken.
    rest = loop + b"*" if reorder else b""
    closed = not_final + b"*" + final + rest + (b"(?=" + not_loop + b")" if reorder else b"(?=.)")
    nonword, single, begin, end = (
        b"(?=" + _any_of(letter for letter in all_letters if letter // _POSITION == position) + b")"
        for position in (PhonePosition.NONWORD, PhonePosition.SINGLETON, PhonePosition.BEGIN, PhonePosition.END)
    )
    not_end = _any_of(letter for letter in all_letters if letter // _POSITION != PhonePosition.END)
    several = begin + closed + not_end + b"*" + end + closed
    return PhonePatterns(
        letters.astype(np.uint8),
        phone=re.compile(closed, re.DOTALL),
        nonword=re.compile(nonword + closed, re.DOTALL),
        word=re.compile(b"(?:" + nonword + b"|" + single + b")" + closed + b"|" + several, re.DOTALL),
        last=re.compile(final + rest + rb"\Z", re.DOTALL),
    )


def _any_of(letters: Iterable[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % letter for letter in letters) + b"]"

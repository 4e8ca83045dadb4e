"""Where in a word a phone may stand: ``word_boundary.int`` or ``word_boundary.txt`` of a language directory.

Source: lat/word-align-lattice.cc (``WordBoundaryInfo::Init``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.lattice.aligning.symbol_fields import SymbolFields
from ov_asr_score.text import clipped, suggestion


class PhonePosition(IntEnum):
    """Where in a word a phone stands; ``UNKNOWN`` for phones of which the file says nothing."""

    UNKNOWN = 0
    BEGIN = 1
    END = 2
    SINGLETON = 3
    INTERNAL = 4
    NONWORD = 5


_POSITIONS = {position.name.lower(): position for position in PhonePosition if position is not PhonePosition.UNKNOWN}


@dataclass(frozen=True, slots=True, eq=False)
class WordBoundary:
    """The position of every phone of the file ``name``."""

    positions: Mapping[int, PhonePosition]
    name: str = ""

    def of_phones(self, phones: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The positions of ``phones``, as an array of the same shape."""
        found, places = np.unique(phones, return_inverse=True)
        positions = [self.positions.get(phone, PhonePosition.UNKNOWN) for phone in found.tolist()]
        return np.array(positions, np.uint8)[places].reshape(phones.shape)


def read_word_boundary(
    rxfilename: str, phones: Mapping[str, int] | None = None, *, allow_commands: bool = False
) -> WordBoundary:
    """The positions in a file with lines ``phone position``; of a phone that comes twice the last one counts.

    Phones are numbers, or, if the first one is not, names in ``phones``. Positions are nonword, begin, end, internal
    and singleton. Raises FileAccessError, and TableFormatError with the number of the bad line.
    """
    positions: dict[int, PhonePosition] = {}
    fields: SymbolFields | None = None
    for line in word_lines(rxfilename, allow_commands=allow_commands):
        if len(line.words) != 2:
            found = f"{len(line.words)} in {line.shown}"
            raise TableFormatError(f"{line.place}: expected two words, a phone and its position, found {found}")
        if fields is None:
            fields = SymbolFields.like(line.words[0], phones, "phone", "phones.txt")
        name, word = line.words
        phone = fields.number(line, name)
        if phone == 0:
            raise TableFormatError(f"{line.place}: expected a phone above 0, found 0")
        if word not in _POSITIONS:
            hint = suggestion(word, _POSITIONS)
            raise TableFormatError(f"{line.place}: expected a position in a word, found {clipped(word)}{hint}")
        positions[phone] = _POSITIONS[word]
    if not positions:
        raise TableFormatError(f"{rxfilename}: expected lines with a phone and its position, found none")
    return WordBoundary(positions, rxfilename)

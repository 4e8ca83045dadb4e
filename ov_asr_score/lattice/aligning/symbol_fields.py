"""Words of a line that are numbers of symbols, or names of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.word_lines import WordLine
from ov_asr_score.text import clipped

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class SymbolFields:
    """How the symbols of one kind (``what``) stand in a file: as names in ``names``, or as numbers (None)."""

    names: Mapping[str, int] | None
    what: str
    table: str  # what the file with the names is usually called

    @classmethod
    def like(cls, first: str, names: Mapping[str, int] | None, what: str, table: str) -> SymbolFields:
        """How to read a file whose first symbol is ``first``."""
        return cls(None if _INTEGER.fullmatch(first) else names, what, table)

    def number(self, line: WordLine, field: str) -> int:
        """The number of the symbol ``field`` of ``line``, from 0 to 2^31 - 1. Raises TableFormatError."""
        if self.names is not None:
            if field not in self.names:
                raise TableFormatError(f"{line.place}: expected a {self.what} of {self.table}, found {clipped(field)}")
            return self.names[field]
        if not _INTEGER.fullmatch(field):
            advice = f"names need {self.table}, and are read if the first {self.what} is one"
            raise TableFormatError(
                f"{line.place}: expected the number of a {self.what}, found {clipped(field)}; {advice}"
            )
        number = int(field)
        if not 0 <= number < 2**31:
            raise TableFormatError(f"{line.place}: expected the number of a {self.what}, found {number}")
        return number

from __future__ import annotations

from ov_asr_score.kaldi_io.tables.word_lines import WordLine
from ov_asr_score.lattice.aligning.symbol_fields import SymbolFields


def test_the_first_symbol_decides() -> None:
    line = WordLine(("7", "x"), 1, "file")
    assert SymbolFields.like("7", {"7": 3}, "phone", "phones.txt").number(line, "7") == 7
    assert SymbolFields.like("x", {"x": 3}, "phone", "phones.txt").number(line, "x") == 3

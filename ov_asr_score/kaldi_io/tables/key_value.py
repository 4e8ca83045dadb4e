"""Tables of single words, such as utt2spk: a line ``key word`` for every utterance."""

from __future__ import annotations

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.text import clipped


def read_token_table(specifier: str | ReadSpecifier, *, allow_commands: bool = False) -> dict[str, str]:
    """The word of every key, in the order of the file; a plain file name and ``ark:<file>`` mean the same.

    Raises SpecifierError (scp, npz), FileAccessError, and TableFormatError with the number of the bad line (not two
    words, a duplicate key). Source: util/kaldi-holder-inl.h (``TokenHolder``).
    """
    parsed = parse_read_specifier(specifier)
    if parsed.form != "ark":
        raise SpecifierError(f"{parsed.original!r}: a table of words must be a text file or ark:<file>")
    table: dict[str, str] = {}
    for part in parts_of(parsed):
        _read_part(part, table, allow_commands)
    return table


def _read_part(part: ReadSpecifier, table: dict[str, str], allow_commands: bool) -> None:
    for line in word_lines(part.filename, allow_commands=allow_commands):
        if len(line.words) != 2:
            found = f"{len(line.words)} in {line.shown}"
            raise TableFormatError(f"{line.place}: expected two words, a key and its value, found {found}")
        key, value = line.words
        if key in table:
            raise TableFormatError(f"{line.place}: key {clipped(key)} came before")
        table[key] = value

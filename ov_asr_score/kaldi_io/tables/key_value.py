"""Tables of single words, such as utt2spk: a line ``key word`` for every utterance."""

from __future__ import annotations

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import check_is_itself
from ov_asr_score.kaldi_io.tables.parts import parts_of
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
    with open_stream(part.filename, allow_commands=allow_commands) as stream:
        check_is_itself(stream)
        text = stream.read_all()
        name = stream.name
    for number, line in enumerate(text.splitlines(), start=1):
        words = [word.decode("utf-8", "surrogateescape") for word in line.split()]
        if not words:  # Kaldi reads a word after another, and sees no empty lines
            continue
        if len(words) != 2:
            found = f"{len(words)} in {clipped(line)}"
            raise TableFormatError(f"{name}: line {number}: expected two words, a key and its value, found {found}")
        if words[0] in table:
            raise TableFormatError(f"{name}: line {number}: key {clipped(words[0])} came before")
        table[words[0]] = words[1]

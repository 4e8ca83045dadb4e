"""Tables of single numbers, such as the VTLN warps of speakers (``spk2warp``, ``utt2warp``)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import check_is_itself, read_key
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.kaldi_io.tables.script import ScriptReader, read_script
from ov_asr_score.kaldi_io.tables.word_lines import pass_byte_order_mark
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.text import clipped, shown_key

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read_float_map(
    specifier: str | ReadSpecifier, *, allow_commands: bool = False, path_map: PathMap = NO_PATH_MAP
) -> dict[str, float]:
    """The number of every key, in the order of the table: an archive, in text or binary form, or a script.

    A plain file name means an archive, too. Raises SpecifierError (npz, npy), FileAccessError, and TableFormatError
    with the place of what is no finite number, or of a key that came before. Source: util/kaldi-holder-inl.h
    (``BasicHolder``).
    """
    parsed = parse_read_specifier(specifier, path_map)
    if parsed.form not in ("ark", "scp"):
        raise SpecifierError(f"{parsed.original!r}: a table of numbers must be a text file, ark:<file> or scp:<file>")
    table: dict[str, float] = {}
    for part in parts_of(parsed):
        numbers = _read_script(part, allow_commands) if part.form == "scp" else _read_archive(part, allow_commands)
        for key, number, place in numbers:
            if key in table:
                raise TableFormatError(f"{place}: key {shown_key(key)} came before")
            table[key] = number
    return table


def _read_archive(part: ReadSpecifier, allow_commands: bool) -> Iterator[tuple[str, float, str]]:
    with open_stream(part.filename, allow_commands=allow_commands) as stream:
        check_is_itself(stream)
        pass_byte_order_mark(stream)
        while (key := read_key(stream, of_arrays=False)) is not None:
            yield key, _read_number(stream), stream.name


def _read_script(part: ReadSpecifier, allow_commands: bool) -> Iterator[tuple[str, float, str]]:
    lines = read_script(part.filename, allow_commands=allow_commands, path_map=part.path_map)
    with ScriptReader(allow_commands=allow_commands) as reader:
        for line in lines:
            if line.part is not None:
                raise TableFormatError(f"{line.place}: a range cannot be taken from a number")
            yield line.key, reader.read_with(line, _read_number), line.place


def _read_number(stream: KaldiStream) -> float:
    """The number at the stream's position: behind ``\\0B``, or the rest of a line of text. Raises TableFormatError."""
    start = stream.offset
    if stream.peek(2) == BINARY_MARK:
        stream.read(2)
        number = stream.read_float()
    else:
        text = stream.read_line().strip()
        if not _NUMBER.fullmatch(text):
            raise stream.error("a number", clipped(text) if text else "the end of the line", offset=start)
        number = float(text)
    if not math.isfinite(number):
        raise stream.error("a finite number", str(number), offset=start)
    return number

"""Tables that are spread over several files, named by a pattern such as ``ark:raw_mfcc.*.ark``.

Kaldi has no patterns. They are those of the shell (``*``, ``?``, ``[…]``, and ``**`` for folders), for plain files; a
file that really has such a name comes first. Files are read in natural order: 2 before 10.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests
from ov_asr_score.kaldi_io.tables.npy import key_of_npy
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.script import ScriptLine, script_lines
from ov_asr_score.text import printable_name, shown_key

OnKey = Callable[[str], None]


def has_pattern(specifier: ReadSpecifier, folder: str | Path = "") -> bool:
    """Whether its name is a pattern, and not that of a file in ``folder`` or of a command."""
    name = specifier.filename
    if not glob.has_magic(name) or name.endswith("|"):
        return False
    try:
        return not Path(folder, name).exists()
    except (OSError, ValueError):  # said where it is opened
        return False


def parts_of(specifier: ReadSpecifier, folder: str | Path = "") -> list[ReadSpecifier]:
    """The tables that it stands for, in their order; a table without a pattern is its only part.

    The names of parts are as the pattern has them, relative to ``folder``. Raises FileAccessError if no file matches.
    """
    if not has_pattern(specifier, folder):
        return [specifier]
    # Path.glob takes no absolute patterns
    names = glob.glob(specifier.filename, root_dir=folder or None, recursive=True)  # noqa: PTH207
    files = sorted((name for name in names if Path(folder, name).is_file()), key=natural_order)
    if not files:
        raise FileAccessError(f"{printable_name(specifier.filename)}: no file has this name or matches it as a pattern")
    return [replace(specifier, filename=name, original=f"{specifier.form}:{name}") for name in files]


class UniqueKeys:
    """The keys of the parts of a table that were met so far, in a few bytes each."""

    def __init__(self, parts: Sequence[ReadSpecifier]) -> None:
        """Begin without any key."""
        self._parts = parts
        self._digests = KeyDigests()
        self._met = [0] * len(parts)

    @property
    def count(self) -> int:
        """Number of entries met."""
        return sum(self._met)

    def of_part(self, number: int) -> OnKey:
        """What to call with each key of part ``number`` (from 0), in their order; TableFormatError for one met before.

        The error names both files.
        """

        def add(key: str) -> None:
            self._met[number] += 1
            # Digests may be equal by chance: it is an error only if the keys, which are read again, are equal.
            if self._digests.add(key) and (other := self._part_with(key, number)) is not None:
                name, before = (printable_name(self._parts[index].filename) for index in (number, other))
                where = "came before in the same file" if other == number else f"is also in {before}"
                raise TableFormatError(f"{name}: the key {shown_key(key)} {where}; keys must differ")

        return add

    def _part_with(self, key: str, last: int) -> int | None:
        for number, (part, met) in enumerate(zip(self._parts[: last + 1], self._met, strict=False)):
            if key in islice(_keys(part), met - 1 if number == last else met):
                return number
        return None


def check_keys(parts: Sequence[ReadSpecifier], scripts: Sequence[Sequence[ScriptLine]]) -> None:
    """Raise TableFormatError if the lines of several scripts, those of ``parts``, have a key twice."""
    keys = UniqueKeys(parts)
    for number, lines in enumerate(scripts):
        on_key = keys.of_part(number)
        for line in lines:
            on_key(line.key)


def _keys(part: ReadSpecifier) -> Iterator[str]:
    if part.form == "npz":
        with open_npz(part.filename) as reader:
            yield from reader.keys
    elif part.form == "npy":
        yield key_of_npy(part.filename)
    else:
        with open_stream(part.filename) as stream:
            if part.form == "scp":
                yield from (line.key for _, line in script_lines(stream))
            else:
                yield from (key for key, _ in archive_entries(stream))


def natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorts numbers in names by their value: ``x.2.ark`` before ``x.10.ark``."""
    pieces = re.split(r"([0-9]+)", name)
    return [(int(piece), "") if index % 2 else (-1, piece) for index, piece in enumerate(pieces)], name

"""What tables hold, without reading their values where the headers of binary objects tell it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import peek_object_kind, read_array, skip_to_shape
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, range_slices
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.npy import NPY_MAGIC, read_npy
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.kaldi_io.tables.script import ScriptLine, ScriptReader, script_lines
from ov_asr_score.kaldi_io.tables.sequential import OnSkip, damage_of, end_is_known, log_skipped, read_table, rest_of

MATRIX_KINDS = ("FM", "DM", "CM", "CM2", "CM3", "SM", "text matrix", "NumPy matrix")


@dataclass(frozen=True, slots=True)
class TableContent:
    """One entry: its kind, its shape as it is read, its bytes in the file; ``values`` only where they were read."""

    key: str
    kind: str
    shape: tuple[int, ...]
    num_bytes: int
    values: NDArray[Any] | None


def read_contents(
    specifier: ReadSpecifier, *, allow_commands: bool = False, with_values: bool = False, on_skip: OnSkip | None = None
) -> Iterator[TableContent]:
    """The entries of a table in their order, with their values if they are asked for.

    ``on_skip`` and the option ``p`` are as for ``read_table``. Raises FileAccessError and TableFormatError.
    """
    if on_skip is None and specifier.permissive:
        on_skip = log_skipped
    if specifier.form in ("npz", "npy"):
        for key, values in read_table(specifier, allow_commands=allow_commands, on_skip=on_skip):
            yield TableContent(key, f"NumPy {_noun(values)}", values.shape, values.nbytes, values)
        return
    for part in parts_of(specifier):
        read_part = _of_script if part.form == "scp" else _of_archive
        yield from read_part(part, allow_commands, with_values, on_skip)


def _of_archive(
    part: ReadSpecifier, allow_commands: bool, with_values: bool, on_skip: OnSkip | None
) -> Iterator[TableContent]:
    with open_stream(part.filename, allow_commands=allow_commands) as stream:
        stream.may_hold_numbers = True
        reading = ""
        try:
            for key, start in archive_entries(stream):
                reading = key
                try:
                    kind, shape, values = _read_object(stream, with_values)
                except TableFormatError as error:
                    if on_skip is None or not end_is_known(stream, start):
                        raise
                    on_skip(key, error)
                    continue
                yield TableContent(key, kind, shape, stream.offset - start, values)
                reading = ""  # from here on, damage lies between entries
        except TableFormatError as error:
            if on_skip is None:
                raise damage_of(stream, error) from None
            on_skip(reading, rest_of(damage_of(stream, error)))


def _of_script(
    part: ReadSpecifier, allow_commands: bool, with_values: bool, on_skip: OnSkip | None
) -> Iterator[TableContent]:
    with contextlib.ExitStack() as stack:
        script = stack.enter_context(open_stream(part.filename, allow_commands=allow_commands))
        reader = stack.enter_context(ScriptReader(allow_commands=allow_commands, may_hold_numbers=True))
        for _, line in script_lines(script, part.path_map):
            try:
                yield reader.read_with(line, partial(_content, line, with_values))
            except (FileAccessError, TableFormatError) as error:
                if on_skip is None:
                    raise
                on_skip(line.key, error)


def _content(line: ScriptLine, with_values: bool, stream: KaldiStream) -> TableContent:
    start = stream.offset
    kind, shape, values = _read_object(stream, with_values)
    if line.part is not None:
        slices = range_slices(shape, line.part)
        values = None if values is None else values[slices]
        shape = tuple(len(range(size)[piece]) for size, piece in zip(shape, slices, strict=False))
    return TableContent(line.key, kind, shape, stream.offset - start, values)


def _read_object(stream: KaldiStream, with_values: bool) -> tuple[str, tuple[int, ...], NDArray[Any] | None]:
    """Kind, shape, and perhaps values of the object at the stream's position, which is passed."""
    if stream.peek(len(NPY_MAGIC)) == NPY_MAGIC:
        values = read_npy(stream)
        return f"NumPy {_noun(values)}", values.shape, values
    kind = peek_object_kind(stream)
    if kind == "text":
        values = read_array(stream)
        return f"text {_noun(values)}", values.shape, values
    if not with_values:
        return kind, skip_to_shape(stream), None
    values = read_array(stream)
    return kind, values.shape, values


def _noun(values: NDArray[Any]) -> str:
    if values.ndim == 2:
        return "matrix"
    return "integers" if values.dtype == np.int32 else "vector"

"""Kaldi's ``wav.scp``: lines ``key file`` or ``key command |``.

Source: util/kaldi-table.cc (``ReadScriptFile``). Paths are relative to the working folder, as in Kaldi.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ov_asr_score.audio.lists.decoding_commands import DecodingCommand, parse_decoding_command
from ov_asr_score.audio.lists.recording_source import FoundSource, RecordingSource
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import access_error, is_stream, split_offset
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.parts import check_keys, parts_of
from ov_asr_score.kaldi_io.tables.script import ScriptLine, explained_absence, read_script
from ov_asr_score.settings.path_map import PathMap
from ov_asr_score.text import printable_name, shown_key

logger = logging.getLogger(__name__)


class WaveScript:
    """The recordings of one or several scripts."""

    def __init__(self, table: ReadSpecifier, *, allow_commands: bool = False) -> None:
        """Read the scripts. Raises FileAccessError and TableFormatError (a bad line)."""
        self._allow_commands, self._path_map = allow_commands, table.path_map
        try:
            parts = parts_of(table)
            scripts = [read_script(part.filename, allow_commands=allow_commands) for part in parts]
        except FileAccessError as error:
            if not table.permissive:
                raise
            logger.warning("%s; treated as an empty table", error)
            parts, scripts = [], []
        if len(parts) > 1:
            check_keys(parts, scripts)
        self._lines = list(chain.from_iterable(scripts))
        self._by_key: dict[str, ScriptLine] | None = None

    def keys(self) -> list[str]:
        """The keys in their order."""
        return [line.key for line in self._lines]

    def sources(self) -> Iterator[tuple[str, FoundSource]]:
        """Each key with its recording, or why there is none; in one script a key may come twice, as in Kaldi."""
        for line in self._lines:
            yield line.key, self._found(line)

    def find(self, key: str) -> FoundSource | None:
        """The recording of a key, or why there is none; None for a key that is not there.

        Raises TableFormatError if any key comes twice.
        """
        if self._by_key is None:
            self._by_key = {}
            for line in self._lines:
                if (before := self._by_key.setdefault(line.key, line)) is not line:
                    raise TableFormatError(
                        f"{line.place}: the key {shown_key(line.key)} came before in line {before.number}; keys of "
                        "recordings must differ"
                    )
        line_of_key = self._by_key.get(key)
        return None if line_of_key is None else self._found(line_of_key)

    def _found(self, line: ScriptLine) -> FoundSource:
        try:
            return source_of_line(line, self._path_map, allow_commands=self._allow_commands)
        except OvAsrScoreError as error:
            return error


def source_of_line(line: ScriptLine, path_map: PathMap, *, allow_commands: bool) -> RecordingSource:
    """The recording that a line of a script names; a command that only decodes is replaced by the file that it reads.

    Raises SpecifierError (other commands, unless they are allowed), FileAccessError (a missing file) and
    TableFormatError (a range).
    """
    where = f"{line.place}: recording {shown_key(line.key)}"
    if line.part is not None:
        raise TableFormatError(f"{where}: a range cannot be taken from sound; write it into a file of segments")
    if not line.rxfilename.endswith("|"):
        mapped = _mapped(line, line.rxfilename, path_map)
        if not is_stream(mapped.rxfilename):
            _check_is_there(split_offset(mapped.rxfilename)[0], mapped, where)
        return RecordingSource(line.key, mapped.rxfilename, printable_name(mapped.rxfilename), line.place)
    try:
        command = parse_decoding_command(line.rxfilename[:-1].strip())
    except SpecifierError as error:
        if allow_commands:
            return RecordingSource(line.key, line.rxfilename, printable_name(line.rxfilename), line.place)
        raise SpecifierError(
            f"{where}: {error}; commands that do more than decode are run only with allow_commands",
            fields=("allow_commands",),
        ) from error
    return _decoded(line, command, path_map, where)


def _decoded(line: ScriptLine, command: DecodingCommand, path_map: PathMap, where: str) -> RecordingSource:
    """What a command decodes, as if it stood in the line."""
    mapped = _mapped(line, command.path, path_map)
    _check_is_there(mapped.rxfilename, mapped, where)
    return RecordingSource(
        line.key,
        Path(mapped.rxfilename) if command.offset is None else f"{mapped.rxfilename}:{command.offset}",
        printable_name(mapped.rxfilename),
        line.place,
        command=replace(command, path=mapped.rxfilename),
        # with another path it would not find its file
        runnable="" if mapped.written else line.rxfilename,
    )


def _mapped(line: ScriptLine, path: str, path_map: PathMap) -> ScriptLine:
    mapped = path_map.mapped(path)
    return replace(line, rxfilename=mapped, written="" if mapped == path else path)


def _check_is_there(path: str, line: ScriptLine, where: str) -> None:
    """Raise FileAccessError if the file of a line is missing."""
    try:
        Path(path).stat()
    except (OSError, ValueError) as error:
        explained = explained_absence(access_error(path, error), line)
        raise FileAccessError(f"{where}: {explained}", fields=explained.fields) from error

"""Sound files by name, pattern (``*``, ``?``, ``[…]``, ``**`` for folders) or folder; the key of a file is its stem.

Keys of tables have no blanks: in those of files each becomes an underscore.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ov_asr_score.audio.lists.recording_source import FoundSource, RecordingSource
from ov_asr_score.audio.lists.sound_specifier import SOUND_SUFFIXES
from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.archive import check_key
from ov_asr_score.kaldi_io.tables.parts import natural_order, parts_of
from ov_asr_score.text import printable_name, shown_key

STANDARD_INPUT_KEY = "stdin"


class SoundFiles:
    """Sound files with their keys."""

    def __init__(self, names: Sequence[str]) -> None:
        """Find the files that the names and patterns mean.

        Raises FileAccessError if there is none, and TableFormatError if two files have the same key.
        """
        self._files: dict[str, str] = {}
        for name in names:
            for file in _files_of(name):
                key = STANDARD_INPUT_KEY if file == "-" else Path(file).stem.replace(" ", "_")
                if (other := self._files.setdefault(key, file)) != file:
                    raise TableFormatError(
                        f"{printable_name(file)}: its key {shown_key(key)} is also that of {printable_name(other)}; "
                        "rename a file, or give keys in a list (wav,scp:FILE)"
                    )

    def keys(self) -> list[str]:
        """The keys in their order."""
        return list(self._files)

    def sources(self) -> Iterator[tuple[str, FoundSource]]:
        """Each key with its recording, or the error of a key that cannot be one."""
        for key in self._files:
            source = self.find(key)
            if source is not None:
                yield key, source

    def find(self, key: str) -> FoundSource | None:
        """The recording of a key, or the error of a key that cannot be one; None if there is none."""
        file = self._files.get(key)
        if file is None:
            return None
        try:
            check_key(key)
        except TableFormatError as error:
            return TableFormatError(f"{printable_name(file)}: {error}; or give keys in a list (wav,scp:FILE)")
        return RecordingSource(key, file if file == "-" else Path(file), printable_name(file))


def _files_of(name: str) -> list[str]:
    if name == "-":
        return [name]
    if Path(name).is_dir():
        files = [str(path) for path in Path(name).iterdir() if path.suffix.lower() in SOUND_SUFFIXES and path.is_file()]
        if not files:
            raise FileAccessError(f"{printable_name(name)}: expected a folder with sound files, found none in it")
        return sorted(files, key=natural_order)
    return [part.filename for part in parts_of(ReadSpecifier("ark", name))]

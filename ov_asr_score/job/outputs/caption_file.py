"""A file of captions that grows while somebody speaks."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import BinaryIO

from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.growing import GrowingCaptions
from ov_asr_score.transcript.transcript import Segment


class CaptionFile:
    """Captions under their final name from the beginning on, as whoever shows them reads along.

    Each segment is appended by one write, after which the file is valid. An older file of that name is overwritten.
    """

    def __init__(self, path: str, options: CaptionOptions) -> None:
        """Make the file; its suffix says the form. Raises FileAccessError and UsageError."""
        self._captions = GrowingCaptions("vtt" if PurePath(path).suffix.lower() == ".vtt" else "srt", options)
        self._path = path
        try:
            self._file: BinaryIO = Path(path).open("wb", buffering=0)  # noqa: SIM115 - closed at the end of the with
        except (OSError, ValueError) as error:
            raise access_error(path, error) from error
        self._write(self._captions.header)

    def add(self, segment: Segment) -> None:
        """Append the captions of the next segment. Raises FileAccessError."""
        self._write(self._captions.appended(segment))

    def __enter__(self) -> CaptionFile:
        """The file itself, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it; what was written stays."""
        self._file.close()

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        try:
            while data:
                data = data[os.write(self._file.fileno(), data) :]
        except OSError as error:
            raise access_error(self._path, error) from error

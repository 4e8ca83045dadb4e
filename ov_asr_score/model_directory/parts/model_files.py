"""What stands beside an acoustic model of Kaldi.

Tests: tests/model_directory/layouts/test_kaldi_online.py
"""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.text import clipped, printable_name

_SUBSAMPLING = "frame_subsampling_factor"


def subsampling_beside(inventory: Inventory, folder: str = "") -> int:
    """Frames of the features for each row of scores, as the file of this name says; 1 without it.

    Raises FileAccessError and TableFormatError.
    """
    name = f"{folder}/{_SUBSAMPLING}" if folder else _SUBSAMPLING
    path = inventory.take(name, "frames of the features for each row of scores", "a row of scores for each frame")
    if not path:
        return 1
    try:
        text = Path(path).read_bytes()[:100].decode("utf-8", "replace").strip()
    except OSError as error:
        raise FileAccessError(f"{printable_name(path)}: cannot be read: {error.strerror}") from error
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1000):
        raise TableFormatError(f"{printable_name(path)}: expected a number of frames, 1 or more, found {clipped(text)}")
    return int(text)

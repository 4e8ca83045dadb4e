"""What a text on a command line for sound means: everything there is sound, so less has to be said than for tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ov_asr_score.audio.lists.data_directory import FEATS_SCP, WAV_SCP
from ov_asr_score.audio.lists.sound_specifier import parse_sound_specifier
from ov_asr_score.errors import UsageError

_LISTS = {".scp": "scp", ".ark": "ark"}


def sound_specifier(text: str) -> str:
    """The specifier of sound that a text means.

    A data directory, and what says that it is sound, stay as they are; a path that ends in .scp or .ark is a list or an
    archive, all others are files, patterns, folders of files or, as ``-``, standard input.
    """
    head, colon, rest = text.partition(":")
    words = head.replace(",", " ").split()
    if colon and "wav" in words:
        return text
    if colon and {"scp", "ark"} & set(words):
        return f"wav,{','.join(words)}:{rest}"
    if _is_data_directory(text):
        return text
    form = _LISTS.get(Path(text).suffix)
    return f"wav,{form}:{text}" if form is not None else f"wav:{text}"


def sound_specifiers(texts: Sequence[str]) -> list[str]:
    """The specifiers of all that is to be read, in this order. Raises UsageError for none, or for several lists."""
    found = [sound_specifier(text) for text in texts]
    if not found:
        raise UsageError("sources: expected sound files or a list of sound, found none", fields=("sources",))
    if len(found) > 1:
        for text, specifier in zip(texts, found, strict=True):
            if text == "-" or parse_sound_specifier(specifier).form != "files":
                raise UsageError(
                    f"sources: {text} and {len(found) - 1} more: expected one list, or sound files only",
                    fields=("sources",),
                )
    return found


def _is_data_directory(text: str) -> bool:
    try:
        return any((Path(text) / name).is_file() for name in (WAV_SCP, FEATS_SCP))
    except (OSError, ValueError):  # said where it is opened
        return False

"""Where sound comes from, as plain data: files, ``wav:GLOB``, ``wav,scp:wav.scp``, ``wav,ark:FILE``, directories."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ov_asr_score.errors import SpecifierError
from ov_asr_score.kaldi_io.specifier import READ_OPTIONS, TABLE_FORMS, ReadSpecifier, parse_read_specifier
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.text import printable_name

SOUND_WORD = "wav"
SOUND_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".sph", ".nist", ".wv1", ".wv2", ".aif", ".aiff"),
    *(".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".voc", ".m4a", ".mp4", ".mov", ".webm", ".mka", ".mkv"),
    *(".aac", ".amr", ".awb", ".wma", ".flv", ".avi", ".shn", ".ape", ".wv", ".tta", ".3gp"),
)
"""Of the files in a folder, those with one of these endings are sound."""

SoundForm = Literal["files", "scp", "ark", "directory"]


@dataclass(frozen=True, slots=True)
class SoundSpecifier:
    """A source of sound.

    ``filename`` is a sound file, a pattern, or a folder of sound files (``files``), Kaldi's script of recordings
    (``scp``) or archive of them (``ark``), or a data directory. ``table`` is what Kaldi calls it, of a script and an
    archive. ``permissive``: what cannot be read is skipped. ``original`` is the text.
    """

    form: SoundForm
    filename: str
    table: ReadSpecifier | None = None
    permissive: bool = False
    original: str = ""


def is_sound_source(text: str) -> bool:
    """Whether a text that may also name a table of features names sound: by ``wav``, its ending, or as a folder."""
    if text.endswith("|"):  # a command that gives a table
        return False
    options = _options(text)
    if options is not None:
        return SOUND_WORD in options
    return text.lower().endswith(SOUND_SUFFIXES) or Path(text).is_dir()


def parse_sound_specifier(text: str, path_map: PathMap = NO_PATH_MAP) -> SoundSpecifier:
    """The source that a text names; without options before a colon its ending tells a script and an archive.

    The word ``wav`` may be left out before ``scp`` and ``ark``. Raises SpecifierError.
    """
    options, filename = _split(text)
    if not filename or text != text.strip():
        raise SpecifierError(f"{text!r}: expected a sound file, wav:PATTERN, wav,scp:FILE or a data directory")
    if options is None:
        suffix = filename[-4:]
        if suffix in (".scp", ".ark"):
            return _table(f"{suffix[1:]}:{filename}", text, path_map)
        return _files(filename, text, permissive=False)
    others = [option for option in options if option != SOUND_WORD]
    forms = [option for option in others if option in TABLE_FORMS]
    if forms:
        if forms not in (["scp"], ["ark"]):
            raise SpecifierError(f"{text!r}: expected scp or ark before the colon, found {', '.join(forms)}")
        return _table(f"{','.join(others)}:{filename}", text, path_map)
    if filename.endswith((".scp", ".ark")) and not glob.has_magic(filename):
        raise SpecifierError(
            f"{text!r}: expected sound files, found a list of them; use wav,{filename[-3:]}:{filename}"
        )
    permissive = [option for option in others if option in ("p", "np")][-1:] == ["p"]
    return _files(filename, text, permissive=permissive)


def _files(filename: str, text: str, *, permissive: bool) -> SoundSpecifier:
    if filename.endswith("|"):
        raise SpecifierError(
            f"{printable_name(text)!r}: expected sound files, found a command, which has no key; write both into a "
            "list: wav,scp:FILE"
        )
    is_directory = filename == text and Path(filename).is_dir()
    return SoundSpecifier("directory" if is_directory else "files", filename, permissive=permissive, original=text)


def _table(specifier: str, text: str, path_map: PathMap) -> SoundSpecifier:
    try:
        table = parse_read_specifier(specifier, path_map)
    except SpecifierError as error:
        raise SpecifierError(f"{text!r}: {str(error).partition(': ')[2]}") from None
    form: SoundForm = "scp" if table.form == "scp" else "ark"
    return SoundSpecifier(form, table.filename, table, table.permissive, text)


def _split(text: str) -> tuple[list[str] | None, str]:
    """The options before the first colon and the rest; None and the text where no options stand before it.

    Raises SpecifierError for options of which one is unknown.
    """
    options = _options(text)
    if options is None:
        return None, text
    known = (SOUND_WORD, *TABLE_FORMS, *READ_OPTIONS)
    if unknown := [option for option in options if option not in known]:
        raise SpecifierError(
            f"{printable_name(text)!r}: unknown option {unknown[0][:20]!r} before the colon; known are "
            f"{', '.join(known)}"
        )
    return options, text.partition(":")[2]


def _options(text: str) -> list[str] | None:
    """The words before the first colon, if one of them is the form of a table; else None."""
    head, colon, _ = text.partition(":")
    options = [option for option in re.split("[, ]", head) if option]
    return options if colon and {SOUND_WORD, *TABLE_FORMS} & set(options) else None

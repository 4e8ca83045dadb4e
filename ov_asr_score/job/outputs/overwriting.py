"""Refuse jobs that would write over what they read, or write two things to one file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.kaldi_io import parse_read_specifier, parse_write_specifier
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.path_map import PathMap
from ov_asr_score.settings.speech.frontend import FrontendSettings

if TYPE_CHECKING:  # jobs without utterances do not load scoring
    from ov_asr_score.scoring.utterances.joining import InputTable

NamedFiles: TypeAlias = Iterator[tuple[str, str]]
"""Pairs of the name of a setting and the path that it names."""


def check_files(read: NamedFiles, written: NamedFiles) -> None:
    """Raise UsageError where a file that is written is also one that is read, or is written twice.

    Both are pairs of the name of a setting and the path that it names. Standard input that is read twice is refused,
    too. Devices, FIFOs and commands are left out.
    """
    taken: dict[str, str] = {}
    from_stdin = ""
    for setting, path in read:
        if path == "-":
            if from_stdin:
                raise UsageError(
                    f"{setting} -: standard input is read by {from_stdin} already; give another table",
                    fields=(setting, from_stdin),
                )
            from_stdin = setting
        if place := _place(path):
            taken[place] = setting
    for setting, path in written:
        place = "-" if path in ("", "-") else _place(path)
        if place in taken:
            what = "standard output" if place == "-" else path
            raise UsageError(
                f"{setting} {what}: is the same file as that of {taken[place]}; give another name",
                fields=(setting, taken[place]),
            )
        if place:
            taken[place] = setting


def model_files_read(setting: str, path: str) -> NamedFiles:
    """The file of a model, and that of its weights if it is an IR."""
    yield setting, path
    yield setting, str(Path(path).with_suffix(".bin")) if path.endswith(".xml") else ""


def frontend_files_read(settings: FrontendSettings) -> NamedFiles:
    """The files that say what is computed of sound or features. Raises what reading their configuration raises."""
    if settings != FrontendSettings():
        from ov_asr_score.frontend.named_files import named_files

        yield from named_files(settings)


def input_files_read(tables: Iterable[InputTable], path_map: PathMap) -> NamedFiles:
    """The files behind the tables of inputs, and the speakers of their utterances. Raises SpecifierError."""
    from ov_asr_score.frontend.sources import is_sound, source_files

    for table in tables:
        if is_sound(table.specifier):
            yield from (("inputs", name) for name in source_files(table.specifier, path_map))
        elif not table.is_computed:
            yield from files_read("inputs", parse_read_specifier(table.specifier, path_map))
        yield from files_read("utt2spk", table.utt2spk) if table.utt2spk else ()


def kaldi_files_read(settings: KaldiOptions) -> NamedFiles:
    """The files beside a Kaldi model that its conversion reads."""
    yield "feature_transform", settings.feature_transform
    yield "class_frame_counts", settings.class_frame_counts


def files_read(setting: str, specifier: str | ReadSpecifier) -> NamedFiles:
    """The files behind an rspecifier: archive, or script and what it points into. Raises SpecifierError."""
    # conversions have no tables
    from ov_asr_score.kaldi_io.tables.parts import parts_of
    from ov_asr_score.kaldi_io.tables.script import script_lines

    try:
        for part in parts_of(parse_read_specifier(specifier)):
            yield setting, split_offset(part.filename)[0] or "-"
            if part.form == "scp" and _place(part.filename):
                with open_stream(part.filename) as stream:
                    names = {split_offset(line.rxfilename)[0] for _, line in script_lines(stream, part.path_map)}
                yield from ((setting, name) for name in names)
    except FileAccessError:
        return  # said where the table is read, if it is an error there


def files_written(setting: str, specifier: str) -> NamedFiles:
    """The files that a wspecifier names. Raises SpecifierError."""
    parsed = parse_write_specifier(specifier)
    yield from ((setting, name) for name in (parsed.archive, parsed.script) if name is not None)


def _place(path: str) -> str | None:
    """The real path of a plain file, there already or not; None for everything else."""
    if path in ("", "-") or "|" in path:
        return None
    try:
        real = os.path.realpath(path)
        return real if not Path(real).exists() or stat.S_ISREG(Path(real).stat().st_mode) else None
    except (OSError, ValueError):
        return None  # said where it is opened

"""What a text says that features come from: sound, a data directory of Kaldi, or a table of features."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ov_asr_score.audio.lists.sound_specifier import is_sound_source, parse_sound_specifier
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap


def is_sound(source: str) -> bool:
    """Whether ``source`` is sound: ``wav:GLOB``, ``wav,scp:FILE``, a sound file, a data directory, a folder of sound.

    A data directory that holds features and no sound is none.
    """
    return is_sound_source(source) and table_of(source) == source


def table_of(source: str) -> str:
    """The rspecifier of the features that a data directory without sound holds, any other text as it is."""
    folder = Path(source)
    try:
        has_features = (folder / "feats.scp").is_file() and not (folder / "wav.scp").is_file()
    except (OSError, ValueError):  # said where it is opened
        return source
    return f"scp:{folder / 'feats.scp'}" if has_features else source


def is_permissive(source: str) -> bool:
    """Whether a specifier of sound has the option ``p``: what cannot be read is skipped."""
    return parse_sound_specifier(source).permissive


def is_read_once(source: str) -> bool:
    """Whether the list or table that a text names is standard input, or gives its content once, as a FIFO does."""
    name = parse_sound_specifier(source).filename if is_sound(source) else parse_read_specifier(source).filename
    path = split_offset(name)[0]
    try:
        return name in ("", "-") or (Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()))
    except (OSError, ValueError):  # said where it is opened
        return False


def list_files(source: str) -> Iterator[str]:
    """The lists that a source of sound is read from: its script, segments, speakers, VTLN warps.

    What cannot be read is left out: it is said where it is read.
    """
    from ov_asr_score.audio.lists.data_directory import load_data_directory

    try:
        parsed = parse_sound_specifier(source)
        if parsed.form == "directory":
            found = load_data_directory(parsed.filename)
            yield from filter(None, (found.wav_scp, found.segments, found.utt2spk, found.spk2utt, found.warps))
        elif parsed.form == "scp":
            yield split_offset(parsed.filename)[0] or "-"
    except OvAsrScoreError:
        return


def sound_files(source: str, path_map: PathMap = NO_PATH_MAP) -> Iterator[str]:
    """The files with the sound of a source, and archives of sound. What cannot be read is left out, as above."""
    from ov_asr_score.audio.lists.data_directory import load_data_directory
    from ov_asr_score.audio.lists.sound_files import SoundFiles
    from ov_asr_score.audio.lists.wave_script import WaveScript
    from ov_asr_score.kaldi_io.specifier import ReadSpecifier

    try:
        parsed = parse_sound_specifier(source, path_map)
        table = parsed.table
        if parsed.form == "directory":
            table = ReadSpecifier("scp", load_data_directory(parsed.filename).wav_scp, path_map=path_map)
        if table is not None and table.form != "scp":
            yield split_offset(table.filename)[0] or "-"
        else:
            sounds = SoundFiles([parsed.filename]) if table is None else WaveScript(table)
            for _, recording in sounds.sources():
                if not isinstance(recording, OvAsrScoreError) and not isinstance(recording.sound, bytes):
                    yield split_offset(str(recording.sound))[0]
    except OvAsrScoreError:
        return


def source_files(source: str, path_map: PathMap = NO_PATH_MAP) -> Iterator[str]:
    """The files that a source of sound is read from: lists, and the sound that they name."""
    yield from list_files(source)
    yield from sound_files(source, path_map)


def count_utterances(source: str) -> int | None:
    """How many utterances a source of sound has, None where that is not known before it is read."""
    from ov_asr_score.audio.lists.data_directory import load_data_directory
    from ov_asr_score.audio.lists.sound_files import SoundFiles
    from ov_asr_score.kaldi_io.tables.script import read_script

    try:
        parsed = parse_sound_specifier(source)
        if parsed.form == "files":
            return len(SoundFiles([parsed.filename]).keys())
        if parsed.form == "directory":
            found = load_data_directory(parsed.filename)
            if found.segments:
                return sum(1 for line in Path(found.segments).read_bytes().splitlines() if line.strip())
            return len(read_script(found.wav_scp))
        return len(read_script(parsed.filename)) if parsed.form == "scp" else None
    except (OvAsrScoreError, OSError):
        return None

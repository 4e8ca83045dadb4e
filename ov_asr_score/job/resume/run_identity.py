"""What decides the bytes that a run of ``score`` writes, so that only its like goes on with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ov_asr_score import __version__
from ov_asr_score.convert.source_file import file_digest
from ov_asr_score.frontend.sources import is_sound, list_files, sound_files
from ov_asr_score.job.outputs.overwriting import frontend_files_read
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.kaldi_io.files.input import kept_input, split_offset
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.parts import has_pattern, parts_of
from ov_asr_score.kaldi_io.tables.script import read_script
from ov_asr_score.openvino_api import version as openvino_version
from ov_asr_score.scoring.job_tables import JobTables
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.path_map import PathMap, parse_path_map
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import fields_of, full_name
from ov_asr_score.settings.speech.frontend import FrontendSettings

_OPTION = {field.name: full_name(field.name, field.setting) for field in fields_of(ScoreJob) if field.setting}
_SAMPLE_BYTES = 1 << 16
_MOST_SAMPLES = 256


def run_identity(job: ScoreJob, tables: JobTables) -> dict[str, str]:
    """By option, texts that are equal for two runs exactly if both are to write the same bytes.

    Models, scripts and small files count by all their content, archives by size, beginning and end, streams not at all;
    paths count where they are written. Raises FileAccessError, TableFormatError.
    """
    identity = {"version of ov-asr-score": __version__, "version of OpenVINO": openvino_version()}
    identity |= {_OPTION["model"]: digests(job.model, str(Path(job.model).with_suffix(".bin")))} if job.model else {}
    path_map = parse_path_map(job.path_map)
    identity |= {spelled_option("import_model"): digests(job.import_model)} if job.import_model else {}
    for table in tables.inputs:
        name = f"{_OPTION['inputs']} {table.input}"
        if is_sound(table.specifier):
            identity[name] = _sound_content(table.specifier, path_map)
        elif not table.is_computed:
            identity[name] = _table_content(parse_read_specifier(table.specifier, path_map))
        identity[f"rows of {name}"] = f"{table.period} {table.utt2spk and _table_content(table.utt2spk)}"
    for position, source in enumerate(job.more_sound, start=2):
        identity[f"{_OPTION['inputs']} {position}"] = _sound_content(source, path_map)
    identity |= _frontend_content(job.frontend)
    for name, text in tables.fillings.items():
        identity[f"{_OPTION['inputs']} {name}"] = text
    for layer, specifier in tables.outputs.items():
        identity[f"{_OPTION['outputs']} {layer}"] = specifier
    # Nodes of a Kaldi model that are asked for share their context with those that are written.
    further = [layer for layer in tables.references if layer not in tables.outputs]
    identity |= {f"layers of {_OPTION['references']}": ",".join(further)} if further else {}
    kaldi = _deciding(job.kaldi)
    for name in ("feature_transform", "class_frame_counts"):
        identity[spelled_option(name)] = digests(kaldi.pop(name))
    settings = kaldi | _deciding(job.device) | {"gna": _deciding(job.device.gna)} | _deciding(job)
    identity |= {spelled_option(name): str(value) for name, value in settings.items()}
    identity[spelled_option("shard")] = str(job.shard or "")
    if job.shard is not None and job.shard.frames is not None:
        identity[spelled_option("utt2num_frames")] = hashlib.sha256(repr(job.shard.frames).encode()).hexdigest()
    return identity


def _frontend_content(settings: FrontendSettings) -> dict[str, str]:
    """What is computed of sound or features: all settings, and the content of the files that they name."""
    if settings == FrontendSettings():
        return {}
    digest = hashlib.sha256(f"{settings}".encode("utf-8", "surrogateescape"))
    for name, path in frontend_files_read(settings):
        if _is_plain(path):
            digest.update(f"{name} {_sampled(path) if name == 'paste' else digests(path)}".encode())
    return {"features that are computed": digest.hexdigest()}


def _sound_content(source: str, path_map: PathMap) -> str:
    """Lists as they are, and every file of sound by its size, beginning and end."""
    digest = hashlib.sha256()
    for path in filter(_is_plain, list_files(source)):
        digest.update(f"{path}\0{digests(path)}\0".encode("utf-8", "surrogateescape"))
    for path in filter(_is_plain, sound_files(source, path_map)):
        digest.update(f"{path}\0{_sampled(path)}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _sampled(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.sha256(_sample(file)).hexdigest()


def _deciding(bundle: KaldiOptions | DeviceSettings | GnaSettings | ScoreJob) -> dict[str, Any]:
    """The settings in ``bundle`` itself that decide the bytes."""
    declared = (each for each in fields_of(type(bundle)) if each.setting is not None and each.setting.changes_bytes)
    return {each.name: getattr(bundle, each.name) for each in declared}


def spelled_option(name: str) -> str:
    """The name of an option as it is written in front of its value."""
    return f"--{name.replace('_', '-')}"


def digests(*paths: str) -> str:
    """What tells the content of plain files; nothing of others."""
    return " ".join(file_digest(Path(path)) for path in paths if path and (kept_input(path) or _is_plain(path)))


def _table_content(specifier: str | ReadSpecifier) -> str:
    given = parse_read_specifier(specifier)
    if has_pattern(given):
        parts = parts_of(given)
        contents = "".join(f"{part.filename}\0{_table_content(part)}\0" for part in parts)
        return hashlib.sha256(contents.encode("utf-8", "surrogateescape")).hexdigest()
    path, offset = split_offset(given.filename)
    if not _is_plain(path):
        return f"{given.form}:{given.filename}"
    digest = hashlib.sha256(f"{given.form} {offset or 0}".encode())
    for number, place in enumerate(_places(given, path)):
        if number > _MOST_SAMPLES:
            break
        with Path(place).open("rb") as file:
            digest.update(file.read() if given.form == "scp" and place == path else _sample(file))
    return digest.hexdigest()


def _places(given: ReadSpecifier, path: str) -> Iterator[str]:
    """The file, and those that a script points to, each once."""
    yield path
    if given.form == "scp":
        named = dict.fromkeys(split_offset(line.rxfilename)[0] for line in read_script(path, path_map=given.path_map))
        yield from filter(_is_plain, named)


def _sample(file: BinaryIO) -> bytes:
    beginning = file.read(_SAMPLE_BYTES)
    size = file.seek(0, 2)
    file.seek(max(0, size - _SAMPLE_BYTES))
    return b"%d " % size + beginning + file.read()


def _is_plain(path: str) -> bool:
    try:
        return path not in ("", "-") and Path(path).is_file()
    except (OSError, ValueError):
        return False

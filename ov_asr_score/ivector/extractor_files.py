"""Which files an i-vector extractor consists of, and how it is to be used: from a configuration file or a directory."""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.features.steps.online_cmvn import OnlineCmvnOptions
from ov_asr_score.ivector.extractor_options import (
    FILE_NAMES,
    ExtractionOptions,
    cmvn_options,
    extraction_options,
    splice_options,
)
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, read_config
from ov_asr_score.kaldi_io.files.input import is_stream, split_offset
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings
from ov_asr_score.text import printable_name

CONFIG_NAME = "ivector_extractor.conf"
"""What Kaldi's scripts call the configuration of an extractor."""

_SUBFOLDERS = ("", "ivector_extractor", "conf")
_SPLICE_NAMES = ("splice_opts", "splice.conf")
_CMVN_FLAG = "online_cmvn_iextractor"
_REQUIRED = ("ivector_extractor", "diag_ubm", "lda_matrix", "global_cmvn_stats")


@dataclass(frozen=True, slots=True)
class ExtractorFiles:
    """Paths of the extractor's files, what its small files say, and ``notes``: what was assumed, a sentence each.

    ``configs`` are the paths of the small files: configuration, splicing, CMVN, as far as there are any.
    """

    ivector_extractor: str
    diag_ubm: str
    lda_matrix: str
    global_cmvn_stats: str
    splice: tuple[int, int]
    cmvn: OnlineCmvnOptions
    options: ExtractionOptions
    notes: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()


def find_extractor(
    options: IvectorOptions, table: IvectorTableSettings | None = None, *, allow_commands: bool = False
) -> ExtractorFiles:
    """The files and options of the extractor that is asked for.

    ``ivector_extraction_config`` is a configuration file, a directory with one, or one with final.ie and what belongs
    to it. A path in a configuration is taken as it stands, from the working directory; if nothing is there, a file of
    that name is looked for beside the configuration. Raises FileAccessError (a file is missing, or found twice),
    ConfigFormatError (file and line) and UsageError. Source: ``OnlineIvectorExtractionInfo::Init``.
    """
    given = asdict(options)
    source = given.pop("ivector_extraction_config")
    given |= asdict(table) if table is not None else {}
    notes: list[str] = []
    in_folder: dict[str, str] = {}
    lines: list[ConfigOption] = []
    if source is not None and Path(source).is_dir():
        config = _config_in(Path(source))
        if config is None:
            in_folder = _files_in(Path(source), given, notes)
        source = config
    if source is not None:
        if Path(source).suffix == ".ie":
            raise FileAccessError(
                f"{printable_name(source)}: expected {CONFIG_NAME}, or the folder of an extractor, which would be "
                f"{printable_name(str(Path(source).parent))}; found the file of the extractor alone"
            )
        lines = read_config(source)
    settled, files = extraction_options(lines, given)
    if in_folder and given["online_cmvn_iextractor"] is None and _CMVN_FLAG in in_folder:
        settled = replace(settled, online_cmvn_iextractor=True)
    for name, path in files.items():
        if given[name] is None and source is not None:
            files[name] = _located(path, Path(source), notes)
    return _with_small_files(in_folder | files, settled, notes, source)


def _config_in(folder: Path) -> str | None:
    """The configuration file in a directory; None where there is none."""
    found = [folder / part / CONFIG_NAME for part in ("", "conf") if (folder / part / CONFIG_NAME).is_file()]
    return str(found[0]) if found else None


def _files_in(folder: Path, given: Mapping[str, object], notes: list[str]) -> dict[str, str]:
    """The files of a directory by option, and the flag that Kaldi's training leaves there."""
    found = {name: str(folder / file) for name, file in FILE_NAMES.items() if (folder / file).is_file()}
    for name in _SPLICE_NAMES:
        if (folder / name).is_file():
            found["splice_config"] = str(folder / name)
            break
    missing = [FILE_NAMES[name] for name in _REQUIRED if name not in found and given[name] is None]
    if missing:
        raise FileAccessError(
            f"{printable_name(str(folder))}: expected {CONFIG_NAME}, or {', '.join(missing)} in the folder; found "
            f"{', '.join(sorted(Path(path).name for path in found.values())) or 'none of the files of an extractor'}"
        )
    if (folder / _CMVN_FLAG).is_file():
        found[_CMVN_FLAG] = str(folder / _CMVN_FLAG)
        notes.append(f"{_CMVN_FLAG} is set, because the folder has a file of that name")
    default = ExtractionOptions()
    unsaid = ("ivector_period", "num_gselect", "min_post", "posterior_scale", "max_count")
    shown = ", ".join(f"{name.replace('_', '-')} {getattr(default, name):g}" for name in unsaid if given[name] is None)
    if shown:
        notes.append(f"the folder has no {CONFIG_NAME}; Kaldi's defaults are taken: {shown}")
    return found


def _located(path: str, config: Path, notes: list[str]) -> str:
    """The file that ``path`` in a configuration means here. Raises FileAccessError."""
    plain = split_offset(path)[0]
    if is_stream(path) or Path(path).exists() or Path(plain).exists():
        return path
    base = Path(plain).name
    folders = [folder / part for folder in (config.parent, config.parent.parent) for part in _SUBFOLDERS]
    found: list[Path] = []
    for folder in folders:
        candidate = folder / base
        if candidate.is_file() and not any(filecmp.cmp(candidate, other, shallow=False) for other in found):
            found.append(candidate)
    shown = f"{printable_name(str(config))}: {printable_name(path)}"
    if not found:
        looked = ", ".join(dict.fromkeys(printable_name(str(folder)) for folder in folders))
        raise FileAccessError(
            f"{shown}: no such file, and no {printable_name(base)} in {looked}; give its path by its option"
        )
    if len(found) > 1:
        places = " and ".join(printable_name(str(each)) for each in found)
        raise FileAccessError(f"{shown}: no such file, but {places}, which differ; give its path by its option")
    notes.append(f"{printable_name(path)} does not exist; {printable_name(str(found[0]))} is used in its place")
    return str(found[0]) + path[len(plain) :]


def _with_small_files(
    files: Mapping[str, str], options: ExtractionOptions, notes: list[str], config: str | None
) -> ExtractorFiles:
    missing = [name for name in _REQUIRED if name not in files]
    if missing:
        where = f"{printable_name(config)}: " if config else ""
        raise UsageError(
            f"{where}expected {', '.join(missing)}, found none; an extractor consists of "
            f"{', '.join(FILE_NAMES[name] for name in _REQUIRED)}",
            fields=() if config else tuple(missing),
        )
    if "splice_config" in files:
        splice = splice_options(read_config(files["splice_config"]))
    else:
        splice = splice_options([])
        notes.append(f"no {' or '.join(_SPLICE_NAMES)}; Kaldi's default is taken: {splice[0]} frames on each side")
    if "cmvn_config" in files:
        cmvn = cmvn_options(read_config(files["cmvn_config"]))
    else:
        cmvn = cmvn_options([])
        notes.append(f"no {FILE_NAMES['cmvn_config']}; Kaldi's defaults are taken: {cmvn.cmn_window} frames of context")
    paths = {name: files[name] for name in _REQUIRED}
    configs = tuple(filter(None, (config, files.get("splice_config"), files.get("cmvn_config"))))
    return ExtractorFiles(**paths, splice=splice, cmvn=cmvn, options=options, notes=tuple(notes), configs=configs)

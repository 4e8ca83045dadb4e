"""The files that a front end is made of, before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ov_asr_score.kaldi_io.files.config_file import read_config
from ov_asr_score.kaldi_io.files.input import is_stream, split_offset
from ov_asr_score.kaldi_io.specifier import is_table, parse_read_specifier
from ov_asr_score.kaldi_io.tables.script import read_script
from ov_asr_score.settings.speech.frontend import FrontendSettings


def named_files(settings: FrontendSettings) -> Iterator[tuple[str, str]]:
    """Plain files with the setting that names them; of a folder, the files in it. What is not there is left out.

    Of a table that is a script, the files that it points to, too; of the configuration of features, their VTLN warps.
    """
    steps = settings.steps
    named = [
        ("feature_config", settings.feature_config),
        ("pitch_config", settings.pitch_config),
        ("preprocessor_config", settings.wave.preprocessor_config),
        ("segments", settings.sound.segments),
        *(("paste", name) for name in settings.paste),
        ("like_dir", steps.like_dir),
        ("cmvn_stats", steps.cmvn_stats),
        ("feature_utt2spk", steps.feature_utt2spk),
        *(("transforms", name) for name in steps.transforms),
        ("ivector_spk2utt", settings.ivector_spk2utt),
    ]
    for setting, name in (*named, *_warps(settings.feature_config)):
        yield from ((setting, path) for path in _plain(name))
    if settings.wants_ivectors:
        yield from (("ivector_extractor", path) for path in _of_extractor(settings))


def _warps(config: str) -> Iterator[tuple[str, str]]:
    """The tables of VTLN warps and speakers that a configuration file of features names."""
    if config and Path(config).is_file():
        yield from (
            ("feature_config", line.value)
            for line in read_config(config)
            if line.name in ("vtln-map", "utt2spk") and line.value
        )


def _plain(name: str) -> list[str]:
    if not name:
        return []
    table = parse_read_specifier(name) if is_table(name) else None
    path = name if table is None else table.filename
    if is_stream(path):
        return []
    folder = Path(path)
    if folder.is_dir():
        return sorted(str(each) for each in folder.iterdir() if each.is_file())
    plain = split_offset(path)[0] if not folder.exists() else path
    if not Path(plain).is_file():
        return []
    if table is None or table.form != "scp":
        return [plain]
    behind = dict.fromkeys(split_offset(line.rxfilename)[0] for line in read_script(path))
    return [plain, *(each for each in behind if Path(each).is_file())]


def _of_extractor(settings: FrontendSettings) -> Iterator[str]:
    """The configuration of an extractor, and the files that it is made of."""
    from ov_asr_score.ivector.extractor_files import find_extractor

    yield from _plain(settings.ivector_extractor)
    found = find_extractor(settings.all_ivector_options)
    yield from (found.ivector_extractor, found.diag_ubm, found.lda_matrix, found.global_cmvn_stats)
    yield from found.configs

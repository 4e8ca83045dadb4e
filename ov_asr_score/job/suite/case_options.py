"""Options of a case in a suite, by the names that ``score`` has on the command line, as a job."""

from __future__ import annotations

from typing import Any

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import Declared, made, settings_of
from ov_asr_score.toml.setting_values import setting_value
from ov_asr_score.toml.toml_table import TomlTable

_SETTINGS = [each for each in settings_of(ScoreJob) if each.setting is not None and each.setting.in_suite]


def _key(declared: Declared) -> str:
    """The option's long name as a key: ``context_left`` for ``--context-left``."""
    assert declared.setting is not None
    return _plain(declared.setting.longest_name(declared.name))


def _plain(spelling: str) -> str:
    return spelling.lstrip("-").replace("-", "_")


_BY_KEY = {_key(each): each for each in _SETTINGS}
# Other names of options on the command line, but for single letters.
ALIASES = {
    _plain(name): key
    for key, each in _BY_KEY.items()
    for name in (each.setting.names if each.setting is not None else ())
    if _plain(name) != key and len(_plain(name)) > 1
}
OPTION_NAMES = tuple(_BY_KEY)


def read_options(table: TomlTable) -> dict[str, Any]:
    """Options with their values checked, by the names of their settings; only those that are there.

    Raises SuiteFormatError.
    """
    table.expect_keys((*OPTION_NAMES, *ALIASES), _ELSEWHERE)
    found: dict[str, Any] = {}
    for key in table.values:
        declared = _BY_KEY[ALIASES.get(key, key)]
        if declared.name in found:
            table.fail(key, f"'{_key(declared)}' is given twice")
        try:
            found[declared.name] = setting_value(table, key, declared)
        except UsageError as error:
            table.fail(key, str(error))
    return found


# What looks like an option and is none, with where it belongs.
_ELSEWHERE = {
    **dict.fromkeys(("input", "inputs", "reference", "references", "model", "blob"), "the case itself"),
    **dict.fromkeys(("device", "devices", "precision", "precisions", "tags"), "the case itself"),
    **dict.fromkeys(("max_error", "max_rms_error", "max_relative_error"), "limits"),
}


def job_of(options: dict[str, Any], device: str, precision: str) -> ScoreJob:
    """A job with these options, without model and tables. Raises UsageError where options contradict each other."""
    bits = {"weight_bits": int(precision[1:])} if precision in ("i8", "i16") else {}
    floats = precision if precision in ("bf16", "f16") else "f32"
    return made(ScoreJob, options | bits | {"device": device, "precision": floats})

"""Values of settings from a TOML file: of the kind and in the range that the setting declares.

Tests: tests/job/suite/test_file.py, tests/model_directory/layouts/test_model_toml.py
"""

from __future__ import annotations

from typing import Any, get_args

from ov_asr_score.settings.setting import Declared, Setting, parse_flag, parsed
from ov_asr_score.toml.toml_table import TomlTable


def setting_value(table: TomlTable, key: str, declared: Declared) -> Any:
    """The value under ``key``, as the setting takes it.

    Raises the error of the table, and UsageError with a message that does not tell the place.
    """
    setting, value = declared.setting, table.values[key]
    assert setting is not None
    if declared.name == "config":
        properties = table.table(key, kept=True)
        return {name: properties.text(name) for name in properties.values}
    if setting.parse is not None:
        return parsed(key, setting, _taken(table, key, setting))
    if setting.repeated:
        number = isinstance(value, int) and declared.name == "ivector_period"
        return (str(table.integer(key, least=1)),) if number else table.texts(key)
    if setting.switches_off:
        return not table.flag(key)
    if declared.choices:
        return table.choice(key, declared.choices, declared.default)
    least, most = setting.least, setting.most
    match _kind(declared):
        case kind if kind is bool:
            return table.flag(key)
        case kind if kind is int:
            return table.integer(key, least=None if least is None else int(least))
        case kind if kind is str:
            return table.text(key)
        case _:
            return table.number(key, least=least, **({} if most is None else {"most": most}))


def _kind(declared: Declared) -> object:
    """The type of the value; where None stands for what is not said, the other type."""
    kinds = [each for each in get_args(declared.kind) if each is not type(None)]
    return kinds[0] if len(kinds) == 1 else declared.kind


def _taken(table: TomlTable, key: str, setting: Setting) -> object:
    """What ``setting`` makes a value of: a whole number, or a text, for which a number or a truth value may stand."""
    value = table.values[key]
    if setting.takes is int:
        return table.integer(key)
    if setting.parse is parse_flag and isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float):
        return table.text(key)
    table.number(key)  # no truth value, none below 0
    return str(value)

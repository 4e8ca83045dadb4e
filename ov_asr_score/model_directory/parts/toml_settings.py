"""Settings from tables of model.toml: which keys a bundle of settings has there, and their values.

Tests: tests/model_directory/layouts/test_model_toml.py
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_io.specifier import is_table
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.settings.recognition.endpointing import EndpointOptions, EndpointRule
from ov_asr_score.settings.recognition.phones import parse_phones
from ov_asr_score.settings.setting import Declared, fields_of
from ov_asr_score.toml.setting_values import setting_value
from ov_asr_score.toml.toml_table import TomlTable, kind_of

_PATHS = ("FILE", "DIR", "PATH", "ARPA")


def keys_of(bundle: type, without: Collection[str] = ()) -> dict[str, Declared]:
    """The settings of a bundle by their keys, the long names of their options; ``without`` names fields."""
    found = {}
    for each in fields_of(bundle):
        if each.setting is not None and each.name not in without:
            key = each.setting.longest_name(each.name).lstrip("-").replace("-", "_")
            found[key] = each
    return found


def said(table: TomlTable, keys: Mapping[str, Declared], inventory: Inventory) -> dict[str, Any]:
    """The values of a table by field, of those ``keys`` that it has; paths are taken from the directory on.

    Raises the error of the table with the line.
    """
    found: dict[str, Any] = {}
    for key in table.values:
        if key not in keys:
            continue
        declared = keys[key]
        try:
            value = setting_value(table, key, declared)
        except UsageError as error:
            table.fail(key, str(error))
        if declared.setting is not None and any(end in (declared.setting.metavar or "") for end in _PATHS):
            value = _placed(value, inventory, f"{table.path[-1]}: {key}")
        found[declared.name] = value
    return found


def _placed(value: Any, inventory: Inventory, use: str) -> Any:
    """Paths of files in the directory; tables are left as they are."""
    if isinstance(value, str):
        if not value or is_table(value):
            return value
        return inventory.path(value) if inventory.is_folder(value) else inventory.need(value, use)
    return tuple(_placed(each, inventory, use) for each in value)


def phones_of(table: TomlTable, key: str) -> tuple[int, ...] | None:
    """Phones, as ``1:2:3`` or as a list of numbers; None where the key is missing. Raises the error of the table."""
    if key not in table:
        return None
    value = table.values[key]
    text = ":".join(map(str, value)) if isinstance(value, list) else table.text(key)
    try:
        return parse_phones(text)
    except UsageError as error:
        table.fail(key, f"{key}: {error}")


RULES = ("rule1", "rule2", "rule3", "rule4", "rule5")
RULE_KEYS = tuple(each.name for each in fields(EndpointRule))


def endpoints_of(table: TomlTable, base: EndpointOptions) -> EndpointOptions:
    """The rules of a table over those of ``base``. Raises the error of the table."""
    table.expect_keys(("silence_phones", *RULES))
    phones = phones_of(table, "silence_phones")
    rules: dict[str, EndpointRule] = {}
    for name in RULES:
        inner = table.table(name)
        inner.expect_keys(RULE_KEYS)
        values: dict[str, Any] = {key: number_of(inner, key) for key in RULE_KEYS[1:] if key in inner}
        if RULE_KEYS[0] in inner:
            values[RULE_KEYS[0]] = inner.flag(RULE_KEYS[0])
        rules[name] = replace(getattr(base, name), **values)
    return EndpointOptions(base.silence_phones if phones is None else phones, **rules)


def number_of(table: TomlTable, key: str) -> float:
    """A number of any sign, which may be infinite. Raises the error of the table."""
    value = table.values[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        table.fail(key, f"{key}: expected a number, found {kind_of(value)}")
    return float(value)


def config_lines(table: TomlTable) -> tuple[tuple[str, str], ...]:
    """Options as a configuration file of Kaldi has them: pairs of name and value. Raises the error of the table."""
    found: list[tuple[str, str]] = []
    for key, value in table.values.items():
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, int | float):
            text = f"{value:.9g}"
        else:
            text = table.text(key)
        found.append((table.spellings[key].replace("_", "-"), text))
    return tuple(found)


def names(keys: Sequence[Mapping[str, Declared]]) -> tuple[str, ...]:
    """All keys of several bundles."""
    return tuple(key for each in keys for key in each)

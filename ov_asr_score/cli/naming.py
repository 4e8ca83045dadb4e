"""Messages in the words of the command line: where they name settings, its own spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.settings.setting import Setting


def short_name(name: str, setting: Setting) -> str:
    """The shortest spelling of the option for the field ``name``: ``-i``, ``-bs``, ``--shard``."""
    if setting.positional:
        return setting.metavar or name
    return min((*setting.names, setting.longest_name(name)), key=len)


def full_name(name: str, setting: Setting) -> str:
    """The shortest and the long spelling: ``-i/--input``, ``-bs/--batch-size``; one where they hardly differ."""
    short, long = short_name(name, setting), setting.longest_name(name)
    same = setting.positional or long.strip("-").replace("-", "_") == short.strip("-").replace("-", "_")
    return f"{short}/{long}" if not same else short if setting.positional else long


def in_option_names(error: OvAsrScoreError, options: Mapping[str, Setting]) -> str:
    """The text of ``error`` with options in the place of the settings that it names.

    The full name where the text begins, the short one after that. What stands in quotes or paths is left alone.
    """

    def spelled(match: re.Match[str]) -> str:
        quoted, name = match.groups()
        if quoted:
            return str(quoted)
        if name not in options:
            return f"--{name.replace('_', '-')}"
        return full_name(name, options[name]) if match.start() == 0 else short_name(name, options[name])

    if not error.fields:
        return str(error)
    return re.sub(rf"('[^']*')|(?<![\w./-])({'|'.join(error.fields)})(?![\w/-])", spelled, str(error))

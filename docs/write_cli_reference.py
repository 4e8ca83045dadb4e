"""Write docs/cli.md, the reference of all commands, from the settings that they are made of.

``python docs/write_cli_reference.py``; a test holds that the page is current.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import MISSING
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ov_asr_score.cli.app import commands
from ov_asr_score.cli.bundles import options_of, spellings_of
from ov_asr_score.settings.setting import Declared

PAGE = Path(__file__).parent / "cli.md"
_INTRODUCTION = """# Commands and options

This page is written by `docs/write_cli_reference.py` from the declarations in `ov_asr_score/settings`; change the texts
there. `ov-asr-score COMMAND --help` shows the same.

Words of long options are joined by hyphens or underscores, as you like. Options of Kaldi's programs are taken in their
spelling, too (`--use-priors=true`), and command lines of OpenVINO's `speech_sample` work as they are
([speech-sample-options.md](speech-sample-options.md)).
"""


def reference() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for name, command in commands().items():
        options = options_of(command)
        arguments = [each for each in options if each.setting is not None and each.setting.positional]
        usage = " ".join([name, "[OPTIONS]", *(_placeholder(each) for each in arguments)])
        parts.append(f"## {name}\n\n```\nov-asr-score {usage}\n```\n\n{inspect.getdoc(command)}\n")
        for panel, group in groupby(options, key=lambda each: each.setting.panel if each.setting is not None else None):
            title = f"### {name}: {panel}\n\n" if panel else ""
            parts.append(title + "| option | what it does |\n|---|---|\n" + "".join(_rows(group)))
    return "\n".join(parts)


def _rows(options: Iterator[Declared]) -> Iterator[str]:
    for each in options:
        assert each.setting is not None
        text = f"{each.setting.help}{_default(each)}"
        yield f"| {_cell(_names(each))} | {_cell(text)} |\n"


def _names(declared: Declared) -> str:
    assert declared.setting is not None
    if declared.setting.positional:
        return f"`{_placeholder(declared)}`"
    spellings = ", ".join(f"`{name}`" for spelling in spellings_of(declared) for name in spelling.split("/"))
    placeholder = _placeholder(declared)
    return f"{spellings} `{placeholder}`" if placeholder else spellings


def _placeholder(declared: Declared) -> str:
    assert declared.setting is not None
    return declared.setting.metavar or "|".join(declared.choices)


def _default(declared: Declared) -> str:
    """What is taken when nothing is said, where that is a value: `` Default: 2G.``"""
    assert declared.setting is not None
    default = declared.setting.shown if declared.setting.parse is not None else declared.default
    if default is MISSING:
        return "" if declared.setting.positional else " Required."
    if default is True and not declared.setting.switches_off:  # the spelling that keeps it on
        return f" Default: `{declared.setting.longest_name(declared.name)}`."
    return "" if isinstance(default, bool) or default in (None, "", ()) else f" Default: `{default}`."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")

"""The parameters of every command, as recorded in options.json."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

from tests.frozen.command_line import commands, plain

# Texts that have a format, where the first thing that comes to mind would be refused.
EXAMPLES = {
    "--memory-limit": "3G",
    "--limit": "3G",
    "--shard": "1/2",
    "--config": "PERFORMANCE_HINT=LATENCY",
    "--scale-factor": "2.0",
    "--scale-factor-utterances": "3",
    "--layout": "[NC]",
    "--ivector-period": "10",
    "--exec-target": "GNA_TARGET_3_0",
    "--compile-target": "GNA_TARGET_3_0",
    "--log": "LOG_NONE",
    "--report": "x.json",
    "--trace": "x.json",
    "--export-embedded-model": "x.bin",
}


def describe_options() -> dict[str, list[dict[str, object]]]:
    """The parameters of each command in order: spellings, kind, default, range, panel."""
    return {name: [_describe(parameter) for parameter in command.params] for name, command in commands().items()}


def _describe(parameter: Any) -> dict[str, object]:
    kind, choices = _kind(parameter)
    return {
        "name": parameter.name,
        "positional": parameter.param_type_name == "argument",
        "spellings": [] if parameter.param_type_name == "argument" else list(parameter.opts),
        "off": list(parameter.secondary_opts),
        "metavar": parameter.metavar,
        "kind": kind,
        "choices": choices,
        "default": plain(parameter.default),
        "multiple": bool(getattr(parameter, "multiple", False)),
        "nargs": parameter.nargs,
        "required": parameter.required,
        "least": getattr(parameter, "min", None),
        "most": getattr(parameter, "max", None),
        "panel": getattr(parameter, "rich_help_panel", None),
        "hidden": bool(getattr(parameter, "hidden", False)),
    }


def _kind(parameter: Any) -> tuple[str, list[str] | None]:
    """Name of the kind of value, and the choices where there is a list of them."""
    descriptor = getattr(parameter, "type_descriptor", None)
    annotation: Any = bool if descriptor is None else descriptor.annotation  # --help has none
    while typing.get_origin(annotation) in (typing.Union, types.UnionType, list, tuple):
        annotation = next(item for item in typing.get_args(annotation) if item is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        return "choice", [str(item) for item in typing.get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return "choice", [str(item.value) for item in annotation]
    if getattr(parameter, "is_flag", False):
        return "flag", None
    return annotation.__name__, None

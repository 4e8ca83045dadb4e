"""JSON as vosk spells it: keys in the order of the alphabet, six decimals, objects over several lines.

Source: vosk-api, src/json.h (``dump``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = "str | float | Mapping[str, JsonValue] | Sequence[JsonValue]"

_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def json_text(value: JsonValue, depth: int = 1) -> str:
    """The text of an object, an array, a text or a number; letters beyond ASCII stay as they are."""
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Mapping):
        indent = "  " * depth
        members = (f'{indent}"{name}" : {json_text(value[name], depth + 1)}' for name in sorted(value))
        return "{\n" + ",\n".join(members) + "\n" + indent[2:] + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(json_text(each, depth + 1) for each in value) + "]"
    return f"{value:.6f}"

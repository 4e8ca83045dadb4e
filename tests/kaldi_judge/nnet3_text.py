"""The text form of nnet3 models in pieces that can be changed one by one, and its binary form after the change.

Kaldi's own programs cannot make the binary form of a changed model: they refuse what they do not like.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from ov_asr_score.kaldi_model.components.type_table import component_types

_TOKEN = re.compile(r"<[^<>\s]+>")
_NUMBER = re.compile(r"[^\s\[\],]+")
_TYPES = {kind.name: kind for kind in component_types(3)}
# Of the description of a convolution, and of what is behind the fields of a composite.
_MORE: Mapping[str, str] = {
    **dict.fromkeys(("NumFiltersIn", "NumFiltersOut", "HeightIn", "HeightOut", "HeightSubsampleOut"), "int"),
    **{"Offsets": "pairs", "RequiredTimeOffsets": "ints", "LinearParams": "matrix", "BiasParams": "vector"},
    **{"MaxMemoryMb": "float", "UseNaturalGradient": "bool", "NumMinibatchesHistory": "float"},
    **{"AlphaInOut": "two", "RankInOut": "two ints", "NumComponents": "int"},
}


@dataclass(slots=True)
class Field:
    """A token, and the text that follows it."""

    token: str
    value: str = ""


@dataclass(slots=True)
class TextModel:
    """A model in pieces: text before the configuration, its lines, the components, text behind them."""

    before: str
    lines: list[str]
    count: str
    components: list[list[Field]]
    behind: str = ""
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The text form."""
        parts = [self.before, "<Nnet3> \n", "\n".join([*self.lines, "", ""]), f"<NumComponents> {self.count} \n"]
        for component in self.components:
            parts += [f"{each.token} {each.value} " for each in component]
            parts.append("\n")
        return "".join([*parts, "</Nnet3> ", self.behind])

    def binary(self) -> bytes:
        """The binary form. Raises ValueError for a value that has none, and for a transition model."""
        if self.before:
            raise ValueError("a transition model")
        parts = [b"\0B<Nnet3> \n", "\n".join([*self.lines, "", ""]).encode(), b"<NumComponents> "]
        parts.append(_binary("int", self.count))
        for component in self.components:
            kinds: Mapping[str, str] = {}
            for each in component:
                name = each.token.strip("<>/")
                parts.append(each.token.encode() + b" ")
                if each.token == "<ComponentName>":
                    parts.append(each.value.strip().encode() + b" ")
                elif name in _TYPES:
                    kinds = {**_MORE, **_TYPES[name].fields}
                elif each.value.strip():
                    parts.append(_binary(kinds.get(name, "float"), each.value))
        return b"".join([*parts, b"</Nnet3> "])


def split_model(text: str) -> TextModel:
    """The pieces of the text form of a model."""
    before, _, rest = text.partition("<Nnet3>")
    config, _, rest = rest.partition("<NumComponents>")
    count, _, rest = rest.lstrip().partition(" ")
    body, _, behind = rest.partition("</Nnet3>")
    components = []
    for piece in re.split(r"(?=<ComponentName>)", body):
        tokens = list(_TOKEN.finditer(piece))
        if not tokens:
            continue
        ends = [*(token.start() for token in tokens[1:]), len(piece)]
        fields = [Field(token[0], piece[token.end() : end].strip(" ")) for token, end in zip(tokens, ends, strict=True)]
        components.append(fields)
    lines = [line for line in config.split("\n")[1:] if line.strip()]
    return TextModel(before, lines, count.strip(), components, behind.lstrip())


def _binary(kind: str, text: str) -> bytes:
    words = _NUMBER.findall(text)
    match kind:
        case "bool" | "bool or number":
            return str(words[0]).encode()
        case "int" | "two ints":
            return b"".join(b"\4" + struct.pack("<i", int(word)) for word in words)
        case "float" | "two":
            return b"".join(b"\4" + struct.pack("<f", float(word)) for word in words)
        case "vector":
            return b"FV " + b"\4" + struct.pack("<i", len(words)) + _floats(words)
        case "ints" | "column map":
            return b"\4" + struct.pack(f"<i{len(words)}i", len(words), *map(int, words))
        case "pairs":
            return b"\4" + struct.pack(f"<i{len(words)}i", len(words) // 2, *map(int, words))
        case "matrix":
            rows = [row.split() for row in text.replace("[", "").replace("]", "").split("\n") if row.split()]
            columns = len(rows[0]) if rows else 0
            if any(len(row) != columns for row in rows):
                raise ValueError("rows of different widths")
            sizes = b"\4" + struct.pack("<i", len(rows)) + b"\4" + struct.pack("<i", columns)
            return b"FM " + sizes + _floats([word for row in rows for word in row])
    raise ValueError(kind)


def _floats(words: list[str]) -> bytes:
    return struct.pack(f"<{len(words)}f", *map(float, words))

"""Reads descriptors: what a node of nnet3 takes in, as in ``Append(Offset(input, -1), input)``.

Source: nnet3/nnet-descriptor.cc (``GeneralDescriptor::Parse``), nnet3/nnet-parse.cc (``DescriptorTokenize``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_io.stream import clipped
from ov_asr_score.kaldi_model.network import (
    Append,
    Const,
    Descriptor,
    Failover,
    IfDefined,
    NodeRef,
    Offset,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)

_TOKEN = re.compile(r"\s*([(),]|[^\s(),]+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*$")
_DEEPEST = 100


def parse_descriptor(text: str) -> Descriptor:
    """The descriptor that ``text`` spells. Raises ModelFormatError that says what was expected where in the text."""
    parser = _Parser(text, _TOKEN.findall(text))
    descriptor = parser.parse(0)
    if parser.position < len(parser.tokens):
        raise parser.error("the end")
    return descriptor


@dataclass(slots=True)
class _Parser:
    text: str
    tokens: list[str]
    position: int = 0

    def error(self, expected: str) -> ModelFormatError:
        found = clipped(self.tokens[self.position]) if self.position < len(self.tokens) else "the end"
        return ModelFormatError(f"descriptor {clipped(self.text)}: expected {expected}, found {found}")

    def take(self, expected: str | None = None) -> str:
        if self.position >= len(self.tokens) or (expected and self.tokens[self.position] != expected):
            raise self.error(f"'{expected}'" if expected else "a name")
        self.position += 1
        return self.tokens[self.position - 1]

    def number(self) -> float:
        try:
            value = float(self.tokens[self.position])
        except (IndexError, ValueError):
            raise self.error("a number") from None
        self.position += 1
        return value

    def integer(self) -> int:
        try:
            value = int(self.tokens[self.position])
        except (IndexError, ValueError):
            raise self.error("an integer") from None
        self.position += 1
        return value

    def next_is(self, token: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position] == token

    def parse(self, depth: int) -> Descriptor:
        if depth > _DEEPEST:
            raise self.error(f"at most {_DEEPEST} nested descriptors")
        name = self.take()
        if not self.next_is("("):
            if not _NAME.match(name):
                self.position -= 1
                raise self.error("a name of a node")
            return NodeRef(name)
        self.take("(")
        descriptor = self._arguments(name, depth + 1)
        self.take(")")
        return descriptor

    def _arguments(self, name: str, depth: int) -> Descriptor:
        match name:
            case "Append":
                return Append(self._list(depth))
            case "Sum":
                return Sum(self._list(depth))
            case "Switch":
                return Switch(self._list(depth))
            case "Failover":
                first = self.parse(depth)
                self.take(",")
                return Failover(first, self.parse(depth))
            case "IfDefined":
                return IfDefined(self.parse(depth))
            case "Offset":
                source = self.parse(depth)
                self.take(",")
                t = self.integer()
                if self.next_is(","):
                    self.take(",")
                    return Offset(source, t, self.integer())
                return Offset(source, t)
            case "Scale":
                factor = self.number()
                self.take(",")
                return Scale(factor, self.parse(depth))
            case "Const":
                value = self.number()
                self.take(",")
                return Const(value, self._positive())
            case "Round":
                source = self.parse(depth)
                self.take(",")
                return Round(source, self._positive())
            case "ReplaceIndex":
                return self._replace_index(depth)
        self.position -= 2
        raise self.error("Append, Sum, Scale, Const, Offset, IfDefined, Failover, Switch, Round or ReplaceIndex")

    def _replace_index(self, depth: int) -> ReplaceIndex:
        source = self.parse(depth)
        self.take(",")
        variable = self.take()
        if variable not in ("t", "x"):
            self.position -= 1
            raise self.error("t or x")
        self.take(",")
        return ReplaceIndex(source, "t" if variable == "t" else "x", self.integer())

    def _positive(self) -> int:
        value = self.integer()
        if value < 1:
            self.position -= 1
            raise self.error("an integer of 1 or more")
        return value

    def _list(self, depth: int) -> tuple[Descriptor, ...]:
        parts = [self.parse(depth)]
        while self.next_is(","):
            self.take(",")
            parts.append(self.parse(depth))
        return tuple(parts)

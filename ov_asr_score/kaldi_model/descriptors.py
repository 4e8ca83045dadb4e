"""Reads and writes descriptors: what a node of nnet3 takes in, as in ``Append(Offset(input, -1), input)``.

Source: nnet3/nnet-descriptor.cc (``GeneralDescriptor::Parse``), nnet3/nnet-parse.cc (``DescriptorTokenize``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ov_asr_score.errors import ModelFormatError, unreachable
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
from ov_asr_score.text import clipped

_TOKEN = re.compile(r"\s*([(),]|[^\s(),]+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_INTEGER = re.compile(r"[+-]?0*[0-9]{1,10}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_DEEPEST = 100
_MOST_PARTS = 10_000


def parse_descriptor(text: str) -> Descriptor:
    """The descriptor that ``text`` spells, with any ``Append`` brought to its top.

    Kaldi too takes ``IfDefined(Append(a, b))`` for ``Append(IfDefined(a), IfDefined(b))``, and so with all others: each
    part is then defined, or fails over, by itself. Raises ModelFormatError that says what was expected where.

    Kaldi: ``Descriptor::Parse`` wants the end of the line behind it.
    """
    parser = _Parser(text, _TOKEN.findall(text))
    descriptor = parser.parse(0)
    if parser.position < len(parser.tokens):
        raise parser.error("the end")
    parts = _append_parts(descriptor, text)
    return parts[0] if len(parts) == 1 else Append(tuple(parts))


def format_descriptor(descriptor: Descriptor) -> str:
    """The text of a descriptor, as Kaldi writes it."""
    match descriptor:
        case NodeRef():
            return descriptor.name
        case Append() | Sum() | Switch():
            return f"{type(descriptor).__name__}({', '.join(map(format_descriptor, descriptor.parts))})"
        case Offset():
            x = f", {descriptor.x}" if descriptor.x else ""
            return f"Offset({format_descriptor(descriptor.source)}, {descriptor.t}{x})"
        case Scale():
            return f"Scale({descriptor.factor:g}, {format_descriptor(descriptor.source)})"
        case Const():
            return f"Const({descriptor.value:g}, {descriptor.dim})"
        case IfDefined():
            return f"IfDefined({format_descriptor(descriptor.source)})"
        case Failover():
            return f"Failover({format_descriptor(descriptor.first)}, {format_descriptor(descriptor.second)})"
        case Round():
            return f"Round({format_descriptor(descriptor.source)}, {descriptor.modulus})"
        case ReplaceIndex():
            return f"ReplaceIndex({format_descriptor(descriptor.source)}, {descriptor.variable}, {descriptor.value})"
    raise unreachable(descriptor)


def appended_parts(descriptor: Descriptor) -> list[Descriptor]:
    """The parts of an Append, those of Appends inside it too; a single part for any other descriptor."""
    if isinstance(descriptor, Append):
        return [inner for part in descriptor.parts for inner in appended_parts(part)]
    return [descriptor]


def _append_parts(descriptor: Descriptor, text: str) -> list[Descriptor]:
    """The descriptors side by side that ``descriptor`` stands for, none of which has an Append inside.

    Reason: Appends inside of each other could make more parts than memory holds.
    """
    parts: list[Descriptor]
    match descriptor:
        case NodeRef() | Const():
            parts = [descriptor]
        case Append():
            parts = [inner for part in descriptor.parts for inner in _append_parts(part, text)]
        case Sum():
            parts = [Sum(row) for row in _rows(descriptor, descriptor.parts, text)]
        case Switch():
            parts = [Switch(row) for row in _rows(descriptor, descriptor.parts, text)]
        case Failover():
            rows = _rows(descriptor, (descriptor.first, descriptor.second), text)
            parts = [Failover(first, second) for first, second in rows]
        case _:
            parts = [replace(descriptor, source=part) for part in _append_parts(descriptor.source, text)]
    if len(parts) > _MOST_PARTS:
        raise ModelFormatError(f"descriptor {clipped(text)}: expected at most {_MOST_PARTS} parts, found more")
    return parts


def _rows(descriptor: Descriptor, arguments: tuple[Descriptor, ...], text: str) -> list[tuple[Descriptor, ...]]:
    """One tuple of arguments for each part side by side. Kaldi: ``GeneralDescriptor::NumAppendTerms``."""
    columns = [_append_parts(argument, text) for argument in arguments]
    counts = {len(column) for column in columns}
    if len(counts) > 1:
        raise ModelFormatError(
            f"descriptor {clipped(text)}: expected arguments of {type(descriptor).__name__} with equally many parts, "
            f"found {' and '.join(map(str, sorted(counts)))}"
        )
    return list(zip(*columns, strict=True))


@dataclass(slots=True)
class _Parser:
    """The text in tokens, and how many have been read.

    Kaldi: its errors are those of ``GeneralDescriptor::Parse…``, ``ReadIntegerToken`` and ``ConvertStringToReal``.
    Reason: of a depth without limit recursion has no end, and Kaldi's stack neither.
    """

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
        text = self.peek()
        if not _NUMBER.fullmatch(text):
            raise self.error("a number")
        self.position += 1
        return float(text)

    def integer(self) -> int:
        text = self.peek()
        if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
            raise self.error("an integer")
        self.position += 1
        return int(text)

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next_is(self, token: str) -> bool:
        return self.peek() == token

    def parse(self, depth: int) -> Descriptor:
        if depth > _DEEPEST:
            raise self.error(f"at most {_DEEPEST} nested descriptors")
        name = self.take()
        if not self.next_is("("):
            if not _NAME.fullmatch(name):
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

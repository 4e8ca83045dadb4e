"""Grammars in the JSpeech Grammar Format (JSGF 1.0), as command grammars are written for many recognizers.

Known are rules, alternatives with weights, groups, optional parts, ``*`` and ``+``, quoted words, ``<NULL>``,
``<VOID>`` and comments; tags are passed over. Beyond the standard, ``[unk]`` and ``<GARBAGE>`` (of the W3C's SRGS)
stand for other words. Imports of other grammars are refused.

Source: JSpeech Grammar Format, W3C Note of 5 June 2000.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ov_asr_score.decoding.phrases.expressions import (
    Alternatives,
    Expression,
    Grammar,
    GrammarWord,
    Repeat,
    RuleName,
    Sequence,
)
from ov_asr_score.errors import TableFormatError
from ov_asr_score.settings.recognition.phrases import UNKNOWN
from ov_asr_score.text import clipped

HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*#JSGF\b[ \t]*([^;\r\n]*)(;?)")

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<rule><[^<>;{}|()\[\]="\n]*>)
    |(?P<weight>/[^/\n]*/)
    |(?P<tag>\{(?:[^{}\\]|\\.)*\})
    |"(?P<quoted>(?:[^"\\]|\\.)*)"
    |(?P<sign>[()\[\]|*+;=])
    |(?P<word>[^\s()\[\]{}<>|*+;=/"]+)""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 50
_NULL, _VOID, _GARBAGE = "NULL", "VOID", "GARBAGE"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # rule, weight, tag, quoted, sign, word, end
    text: str
    line: int


def parse_jsgf(content: bytes, source: str) -> Grammar:
    """The grammar in a file that begins with ``#JSGF``. Raises TableFormatError (file, line)."""
    return _JsgfParser(content, source).grammar()


class _JsgfParser:
    def __init__(self, content: bytes, source: str) -> None:
        self._source = source
        text, start_line = self._decoded(content)
        self._tokens = list(self._read(text, start_line))
        self._place = 0
        self._has_tags = False
        self._name = ""

    def grammar(self) -> Grammar:
        """All of the file."""
        rules: dict[str, Expression] = {}
        public: list[str] = []
        if self._peek().text == "grammar" and self._peek().kind == "word":
            self._next()
            self._name = self._expect("word", "the name of the grammar").text
            self._expect_sign(";")
        while (token := self._peek()).kind != "end":
            if token.kind == "word" and token.text == "import":
                raise self._error(token, "a rule", "an import of another grammar; put its rules into this file")
            is_public = token.kind == "word" and token.text == "public"
            if is_public:
                self._next()
            named = self._expect("rule", "a rule, such as <command> = …;")
            name = self._rule_name(named)
            if not name or name in (_NULL, _VOID):
                raise self._error(named, "the name of a rule", f"<{name}>")
            if name in rules:
                raise self._error(named, "a new rule", f"<{name}> a second time")
            self._expect_sign("=")
            rules[name] = self._choice(0)
            self._expect_sign(";")
            public += [name] if is_public else []
        if not public:
            raise self._error(self._peek(), "a public rule", f"none among {len(rules)} rules")
        notes = (f"{self._source}: tags are passed over",) if self._has_tags else ()
        grammar = Grammar(self._source, rules, tuple(public), notes)
        for expression in rules.values():
            self._check_names(expression, rules)
        return grammar

    def _check_names(self, expression: Expression, rules: dict[str, Expression]) -> None:
        match expression:
            case RuleName(name, place) if name not in rules:
                raise TableFormatError(f"{place}: expected one of the {len(rules)} rules, found {clipped(name)}")
            case Sequence(items) | Alternatives(items):
                for item in items:
                    self._check_names(item, rules)
            case Repeat(item):
                self._check_names(item, rules)

    def _choice(self, depth: int) -> Expression:
        items: list[Expression] = []
        weights: list[float | None] = []
        first = self._peek()
        if depth > _DEEPEST:
            raise self._error(first, f"at most {_DEEPEST} brackets in each other", "more")
        while True:
            weights.append(self._weight() if self._peek().kind == "weight" else None)
            items.append(self._sequence(depth))
            if not self._has_sign("|"):
                break
            self._next()
        given = [weight for weight in weights if weight is not None]
        if not given:
            return items[0] if len(items) == 1 else Alternatives(tuple(items), (0.0,) * len(items))
        if len(given) < len(items):
            raise self._error(first, "a weight for each alternative, or for none", f"{len(given)} of {len(items)}")
        total = sum(given)
        chosen = [(item, -math.log(weight / total)) for item, weight in zip(items, given, strict=True) if weight > 0]
        return Alternatives(tuple(item for item, _ in chosen), tuple(cost for _, cost in chosen))

    def _weight(self) -> float:
        token = self._next()
        text = token.text[1:-1].strip()
        if not re.fullmatch(r"([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?", text):
            raise self._error(token, "a weight, such as /0.5/", clipped(token.text))
        return float(text)

    def _sequence(self, depth: int) -> Expression:
        items: list[Expression] = []
        while (item := self._item(depth)) is not None:
            while (token := self._peek()).kind == "tag" or (token.kind == "sign" and token.text in "*+"):
                self._next()
                if token.kind == "tag":
                    self._has_tags = True
                else:
                    item = _repeated(item, int(token.text == "+"))
            items.append(item)
        if not items:
            token = self._peek()
            raise self._error(token, "words or a rule", clipped(token.text) if token.text else "the end of the file")
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _item(self, depth: int) -> Expression | None:
        token = self._peek()
        match token.kind, token.text:
            case "word", text:
                self._next()
                return GrammarWord(text)
            case "quoted", text:
                self._next()
                return Sequence(
                    tuple(GrammarWord(word) for word in re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL).split())
                )
            case "rule", _:
                self._next()
                return self._named(token)
            case "sign", "(":
                self._next()
                inner = self._choice(depth + 1)
                self._expect_sign(")")
                return inner
            case "sign", "[":
                self._next()
                unknown = self._unknown()
                if unknown is not None:
                    return unknown
                inner = self._choice(depth + 1)
                self._expect_sign("]")
                return Repeat(inner, 0, False)
        return None

    def _unknown(self) -> Expression | None:
        """``[unk]``, which would else be an optional word ``unk``."""
        word, end = self._tokens[self._place], self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        if word.kind == "word" and f"[{word.text}]" == UNKNOWN and (end.kind, end.text) == ("sign", "]"):
            self._place += 2
            return GrammarWord(UNKNOWN)
        return None

    def _named(self, token: _Token) -> Expression:
        name = self._rule_name(token)
        match name:
            case "NULL":
                return Sequence(())
            case "VOID":
                return Alternatives((), ())
            case "GARBAGE":
                return GrammarWord(UNKNOWN)
        return RuleName(name, f"{self._source}: line {token.line}")

    def _rule_name(self, token: _Token) -> str:
        """The name without that of this grammar in front."""
        name = token.text[1:-1].strip()
        return name.removeprefix(f"{self._name}.") if self._name else name

    def _peek(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _has_sign(self, sign: str) -> bool:
        token = self._peek()
        return token.kind == "sign" and token.text == sign

    def _expect_sign(self, sign: str) -> None:
        if not self._has_sign(sign):
            token = self._peek()
            raise self._error(token, f"'{sign}'", clipped(token.text) if token.text else "the end of the file")
        self._next()

    def _expect(self, kind: str, what: str) -> _Token:
        token = self._peek()
        if token.kind != kind:
            raise self._error(token, what, clipped(token.text) if token.text else "the end of the file")
        return self._next()

    def _decoded(self, content: bytes) -> tuple[str, int]:
        """The text behind the header, and the line that it begins in."""
        header = HEADER.match(content)
        if header is None:
            raise TableFormatError(f"{self._source}: line 1: expected #JSGF V1.0;, found {clipped(content[:20])}")
        fields = header[1].decode("ascii", "replace").split()
        if not fields or not re.fullmatch(r"[Vv]?1(\.[0-9]+)?", fields[0]):
            found = clipped(fields[0]) if fields else "none"
            raise TableFormatError(f"{self._source}: line 1: expected version V1.0 of JSGF, found {found}")
        if not header[2]:
            raise TableFormatError(f"{self._source}: line 1: expected ';' behind the version, found none")
        rest = content[header.end() :]
        encoding = fields[1] if len(fields) > 1 else "utf-8"
        try:
            name = codecs.lookup(encoding).name
            text = rest.decode(name, "surrogateescape" if name == "utf-8" else "strict")
        except (LookupError, ValueError, TypeError):
            found = clipped(encoding)
            raise TableFormatError(f"{self._source}: line 1: expected a text in {found}, found other bytes") from None
        return text, 1 + content[: header.end()].count(b"\n")

    def _read(self, text: str, line: int) -> Iterator[_Token]:
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._error(
                    _Token("word", text[place], line),
                    "words, rules and signs of JSGF",
                    f"{clipped(text[place : place + 20].splitlines()[0])}, which is not closed or does not belong here",
                )
            kind = str(found.lastgroup)
            if kind != "blank":
                yield _Token(kind, found[kind], line)
            line += found[0].count("\n")
            place = found.end()
        yield _Token("end", "", line)

    def _error(self, token: _Token, expected: str, found: str) -> TableFormatError:
        return TableFormatError(f"{self._source}: line {token.line}: expected {expected}, found {found}")


def _repeated(item: Expression, at_least: int) -> Repeat:
    """``item`` as often as wanted; what is repeated already is not put into another repetition."""
    if isinstance(item, Repeat) and item.is_endless:
        return Repeat(item.item, min(at_least, item.at_least), True)
    return Repeat(item, at_least, True)

"""What a grammar says, as a tree: words in sequence, in alternatives, optional, repeated, and rules by name.

Tests: tests/decoding/phrases/test_jsgf.py, tests/decoding/phrases/test_grammars.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class GrammarWord:
    """A word, or UNKNOWN for any others."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; none: nothing is said."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of several, each at a cost; none: what nobody can say."""

    items: tuple[Expression, ...]
    costs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``item`` at least 0 or 1 times, and at most once or as often as wanted."""

    item: Expression
    at_least: int
    is_endless: bool


@dataclass(frozen=True, slots=True)
class RuleName:
    """What the rule of this name says; ``place`` is where it is asked for, for messages."""

    name: str
    place: str


Expression: TypeAlias = GrammarWord | Sequence | Alternatives | Repeat | RuleName


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules by name, and those of which an utterance may be one; ``notes`` tell what was passed over."""

    source: str
    rules: dict[str, Expression]
    public: tuple[str, ...]
    notes: tuple[str, ...] = ()

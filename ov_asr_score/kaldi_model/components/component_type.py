"""What a type of component is, in one record: how it is read, what must hold, its widths, what it reads and trains.

Tests: tests/kaldi_model/components/test_type_table.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.dependency import SAME_FRAME, Dependency
from ov_asr_score.kaldi_model.network import Component, FieldValue, Generation
from ov_asr_score.kaldi_model.token_reader import Kind, ModelReader, Table

Dims: TypeAlias = tuple[int, int]
"""Width of the input and of the output."""

Problems: TypeAlias = Iterator[str]
"""What does not fit, one text ``expected …, found …`` after the other; only the first is asked for."""

Chain: TypeAlias = tuple[Component, ...]

ReadChain: TypeAlias = Callable[[str], Chain]
"""Reads components that stand inside of another: a network of nnet1, one component of nnet3.

The argument is what their names have behind the name of the component that they are in.
"""

ReadRest: TypeAlias = Callable[[ModelReader, dict[str, FieldValue], ReadChain], tuple[Chain, ...]]
"""Reads what stands behind the fields of a component; enters fields, and gives back the components inside of it."""


def no_problems(fields: Fields) -> Problems:
    """No problem, whatever the fields are."""
    yield from ()


def stated_dims(fields: Fields) -> Dims:
    """``InputDim`` and ``OutputDim``, or ``Dim`` for both. Raises TypeError where neither is a number."""
    if "InputDim" in fields and "OutputDim" in fields:
        return fields.widths
    dim = fields.integer("Dim" if "Dim" in fields else "InputDim")
    return dim, dim


def same_frame(fields: Fields) -> Dependency:
    """A frame of the output needs the same frame of the input."""
    return SAME_FRAME


def nothing_behind(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """No components, and nothing read: the fields were all there is."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class ComponentType:
    """One type of component. A type that another generation reads or computes in another way has a second record."""

    name: str
    """The type as today's Kaldi writes it, without the angle brackets."""
    generations: tuple[Generation, ...]
    """The generations of Kaldi's networks that write and compute it in this way."""

    # How it is read.
    fields: Table = field(default_factory=dict)
    """What follows each token. Tokens may come in any order."""
    required: tuple[str, ...] = ()
    """Those of ``fields`` that must be there."""
    values: tuple[tuple[str, Kind], ...] = ()
    """Values of nnet1 without tokens, behind ``fields`` and in this order."""
    tail: tuple[tuple[str, Kind], ...] = ()
    """Values of nnet1 with tokens behind those without, in this order."""
    end: str = ""
    """The token that ends the fields; the closing token of the component if empty."""
    old_end: bool = False
    """Files of old versions of Kaldi have the opening token again where the closing one should be."""
    old_names: tuple[str, ...] = ()
    """What old versions of Kaldi call the type."""
    reads_end: bool = False
    """Kaldi's reader of the fields (nnet1) takes the end of the component with them, so that it may come twice."""
    read_rest: ReadRest = nothing_behind
    """Reads what is not fields."""
    holds_components: bool = False
    """Other components are inside of it."""

    # What it is.
    checks: Callable[[Fields], Problems] = no_problems
    """Yields what does not fit, beyond missing fields and widths, which are checked for every type."""
    dims: Callable[[Fields], Dims] = stated_dims
    """Its widths. May raise KeyError, IndexError, ValueError, TypeError or ZeroDivisionError for fields that do not
    determine them."""
    reads: Callable[[Fields], Dependency] = same_frame
    """The frames of the input that a frame of the output needs. Called once, after the checks."""
    whole_utterance: bool = False
    """A frame depends on any number of others, which offsets cannot express."""
    is_random: bool = False
    """Kaldi's programs for training compute it at random, and have no mode in which they do not (nnet2)."""

    # What info programs and ``inspect`` show.
    trained: tuple[str, ...] = ()
    """The fields that count as parameters, as in Kaldi's info programs; fixed transforms and statistics do not."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """The name that the info programs print for a field, where that is not its token."""
    pairs: tuple[str, ...] = ()
    """Vectors of integers that hold pairs."""


def end_tokens(kind: ComponentType, opening_token: str) -> tuple[str, ...]:
    """The tokens that end the fields of a component (nnet2, nnet3) which ``opening_token`` begins."""
    end = kind.end or f"</{kind.name}>"
    return (end, opening_token) if kind.old_end else (end,)

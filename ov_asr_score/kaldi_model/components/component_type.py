"""What a type of component is, in one record: how it is read, what must hold, its widths, what it reads and trains.

Tests: tests/kaldi_model/components/test_table.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.dependency import SAME_FRAME, Dependency
from ov_asr_score.kaldi_model.network import Component, FieldValue, Generation
from ov_asr_score.kaldi_model.reader import Kind, ModelReader, Table

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
    """One type of component, in the ``generations`` of Kaldi's networks that write and compute it in the same way.

    ``fields`` says what follows each token, which may come in any order, and which of them are ``required``. nnet1
    has further values without tokens behind them (``values``, in this order), and then values with tokens again
    (``tail``, in this order). Fields end with the token ``end``, which is the closing token of the component where
    ``end`` is empty; files of old versions of Kaldi have the opening token there if ``old_end`` is set. ``read_rest``
    reads what is not fields. ``old_names`` are those of older versions of Kaldi. ``holds_components`` says that other
    components are inside.

    ``checks`` yields what does not fit; ``dims`` gives the widths and may raise KeyError, IndexError, ValueError,
    TypeError or ZeroDivisionError for fields that do not determine them. ``reads`` gives the frames of the input that
    a frame of the output needs; it is called once, after the checks. A frame of a ``whole_utterance`` type depends on
    any number of others, which offsets cannot express.

    Parameters named in ``trained`` count as Kaldi's info programs count them; fixed transforms and statistics are not
    trained. ``shown`` has settings that the info programs print under other names than their tokens; ``pairs``
    are vectors of integers that hold pairs.
    """

    name: str
    generations: tuple[Generation, ...]
    fields: Table = field(default_factory=dict)
    required: tuple[str, ...] = ()
    values: tuple[tuple[str, Kind], ...] = ()
    tail: tuple[tuple[str, Kind], ...] = ()
    end: str = ""
    old_end: bool = False
    old_names: tuple[str, ...] = ()
    read_rest: ReadRest = nothing_behind
    holds_components: bool = False
    checks: Callable[[Fields], Problems] = no_problems
    dims: Callable[[Fields], Dims] = stated_dims
    reads: Callable[[Fields], Dependency] = same_frame
    whole_utterance: bool = False
    trained: tuple[str, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[str, ...] = ()


def end_tokens(kind: ComponentType, opening_token: str) -> tuple[str, ...]:
    """The tokens that end the fields of a component (nnet2, nnet3) which ``opening_token`` begins."""
    end = kind.end or f"</{kind.name}>"
    return (end, opening_token) if kind.old_end else (end,)

"""Reads one component of nnet3 with all that is in it. Source: nnet3/nnet-component-itf.cc (``Component::ReadNew``)."""

from __future__ import annotations

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_io.stream import clipped
from ov_asr_score.kaldi_model.fields import ModelReader, read_fields
from ov_asr_score.kaldi_model.network import Component, FieldValue
from ov_asr_score.kaldi_model.nnet3_fields import (
    CONVOLUTION_MODEL,
    TABLES,
    TIME_HEIGHT_CONVOLUTION,
    UPDATABLE,
)

_MOST_NESTED = 100_000
_DEEPEST = 10

NNET3_TYPES = frozenset({*TABLES, "CompositeComponent", "TimeHeightConvolutionComponent"})
"""The types of components that can be read."""


def read_component(reader: ModelReader, name: str, depth: int = 0) -> Component:
    """The component at the reader's place, from its opening token to its closing one.

    Raises ModelFormatError, and UnsupportedModelError for a type that Kaldi does not have either.
    """
    reader.skip_blanks()
    offset = reader.offset
    token = reader.read_token()
    kind = token[1:-1]
    if not token.startswith("<") or not token.endswith(">") or kind.startswith("/"):
        raise reader.error("a component type as in <AffineComponent>", clipped(token), offset=offset)
    if kind not in NNET3_TYPES:
        raise UnsupportedModelError(
            f"{reader.source}: component '{name}' at byte {offset}: type {clipped(kind)} is not one of Kaldi's nnet3; "
            f"expected one of {', '.join(sorted(NNET3_TYPES))}"
        )
    nested: tuple[tuple[Component, ...], ...] = ()
    if kind == "CompositeComponent":
        fields, nested = _read_composite(reader, name, depth)
    elif kind == "TimeHeightConvolutionComponent":
        fields = _read_convolution(reader)
    else:
        table, required = TABLES[kind]
        # Files of old versions of Kaldi end some components with their opening token.
        end = (
            (f"</{kind}>", token)
            if kind in ("NaturalGradientAffineComponent", "SumGroupComponent")
            else (f"</{kind}>",)
        )
        fields = read_fields(reader, table, end, required)
    return Component(name, kind, fields, offset, nested)


def _read_composite(
    reader: ModelReader, name: str, depth: int
) -> tuple[dict[str, FieldValue], tuple[tuple[Component, ...], ...]]:
    if depth > _DEEPEST:
        raise reader.error(f"at most {_DEEPEST} components inside of each other", "more")
    fields = read_fields(reader, {**UPDATABLE, "MaxRowsProcess": "int"}, ("<NumComponents>",), ("MaxRowsProcess",))
    count = reader.read_int()
    if not 0 <= count <= _MOST_NESTED:
        raise reader.error("a number of components", str(count), "the file is damaged")
    chain = tuple(read_component(reader, f"{name}.{index}", depth + 1) for index in range(count))
    reader.expect_token("</CompositeComponent>")
    return fields, (chain,)


def _read_convolution(reader: ModelReader) -> dict[str, FieldValue]:
    fields = read_fields(reader, UPDATABLE, ("<Model>",))
    reader.expect_token("<ConvolutionModel>")
    fields |= read_fields(reader, CONVOLUTION_MODEL[0], ("</ConvolutionModel>",), CONVOLUTION_MODEL[1])
    table, required = TIME_HEIGHT_CONVOLUTION
    return fields | read_fields(reader, table, ("</TimeHeightConvolutionComponent>",), required)

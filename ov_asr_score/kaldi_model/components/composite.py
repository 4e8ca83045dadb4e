"""Components that hold others: one after the other (nnet3), side by side or mixed (nnet1).

Sources: nnet3/nnet-simple-component.cc (``CompositeComponent``); nnet/nnet-parallel-component.h,
nnet-multibasis-component.h.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import Chain, ComponentType, Problems, ReadChain
from ov_asr_score.kaldi_model.components.fields import UPDATABLE, Fields
from ov_asr_score.kaldi_model.components.nested_networks import arrow, nested_widths
from ov_asr_score.kaldi_model.network import FieldValue
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

_MOST_NETWORKS = 10_000
_MOST_COMPONENTS = 100_000


def _read_networks(
    reader: ModelReader, count_token: str, network_token: str, read_chain: ReadChain
) -> tuple[Chain, ...]:
    """Numbered networks; their number stands in front of them.

    Without any Kaldi asserts that the widths are 0, and that there is a first one; thousands are damage that would take
    for ever.
    """
    reader.expect_token(count_token)
    count = reader.read_int()
    if not 0 < count <= _MOST_NETWORKS:
        raise reader.error("a number of networks", str(count), "the file is damaged")
    chains = []
    for index in range(count):
        reader.expect_token(network_token)
        reader.read_int()
        chains.append(read_chain(f".{index + 1}."))
    return tuple(chains)


def _read_parallel(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    networks = _read_networks(reader, "<NestedNnetCount>", "<NestedNnet>", read_chain)
    reader.expect_token("</ParallelComponent>")
    return networks


def _read_multi_basis(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """The selector network first, then the networks of the basis; both are asserted in ``ReadData``."""
    selector: Chain | None = None
    basis: tuple[Chain, ...] = ()
    while (token := reader.peek_token()) in ("<SelectorLearnRateCoef>", "<Selector>", "<NumBasis>"):
        if token == "<NumBasis>":
            basis = _read_networks(reader, "<NumBasis>", "<Basis>", read_chain)
            continue
        reader.read_token()
        if token == "<Selector>":
            selector = read_chain(".selector.")
        else:
            fields["SelectorLearnRateCoef"] = reader.read_float()
    if selector is None or not basis:
        raise reader.error("<Selector> and <NumBasis>", clipped(reader.peek_token()), "the file is damaged")
    return (selector, *basis)


def _read_composite(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """One chain; the number of its components stands in front of it. Kaldi: ``CompositeComponent::Read``."""
    count = reader.read_int()
    if not 0 <= count <= _MOST_COMPONENTS:
        raise reader.error("a number of components", str(count), "the file is damaged")
    chain = tuple(component for index in range(count) for component in read_chain(f".{index}"))
    reader.expect_token("</CompositeComponent>")
    return (chain,)


def _check_parallel(fields: Fields) -> Problems:
    """Asserted in ``ParallelComponent::ReadData``."""
    columns, rows = fields.widths
    widths, wrong = nested_widths(fields)
    if wrong:
        yield wrong
    elif sum(width[0] for width in widths) != columns or sum(width[1] for width in widths) != rows:
        found = ", ".join(arrow(width) for width in widths)
        yield f"expected networks inside that make {columns} to {rows} columns together, found {found}"


def _check_multi_basis(fields: Fields) -> Problems:
    """Asserted in ``MultiBasisComponent::ReadData`` for the first basis, for the others when they are used."""
    columns, rows = fields.widths
    widths, wrong = nested_widths(fields)
    if wrong:
        yield wrong
        return
    selector, bases = widths[0], widths[1:]
    if selector[1] != len(bases):
        yield f"expected a selector of {len(bases)} columns, one for each basis, found {selector[1]}"
    for basis in bases:
        if basis != (columns - selector[0], rows):
            yield f"expected bases from {columns - selector[0]} to {rows} columns, found {arrow(basis)}"


def _check_composite(fields: Fields) -> Problems:
    """What is inside is checked with the component, see ``component_checks``.

    Kaldi: an assertion of ``CompositeComponent::Init``.
    """
    if not fields.component.nested[0]:
        yield "expected at least one component inside, found none"


TYPES = (
    ComponentType("ParallelComponent", (1,), read_rest=_read_parallel, holds_components=True, checks=_check_parallel),
    ComponentType(
        "MultiBasisComponent",
        (1,),
        reads_end=True,
        read_rest=_read_multi_basis,
        holds_components=True,
        checks=_check_multi_basis,
    ),
    ComponentType(
        "CompositeComponent",
        (3,),
        {**UPDATABLE, "MaxRowsProcess": "int"},
        ("MaxRowsProcess",),
        end="<NumComponents>",
        read_rest=_read_composite,
        holds_components=True,
        checks=_check_composite,
    ),
)

"""Reads networks of nnet1. Sources: nnet/nnet-nnet.cc, nnet/nnet-component.cc (``Read``), nnet/nnet-*.h."""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.chain import chain_network
from ov_asr_score.kaldi_model.components.nnet1_checks import check_components
from ov_asr_score.kaldi_model.components.nnet1_fields import LAYOUTS, MARKERS
from ov_asr_score.kaldi_model.network import Component, FieldValue, KaldiNetwork
from ov_asr_score.kaldi_model.reader import ModelReader
from ov_asr_score.text import clipped

_END = "<!EndOfComponent>"
_DEEPEST = 10
_MOST_NESTED = 10_000

_Nested = tuple[tuple[Component, ...], ...]


def read_nnet1(reader: ModelReader, *, inside: bool = False) -> KaldiNetwork:
    """The chain of components up to ``</Nnet>`` or the end of the file; ``inside`` says that ``<Nnet>`` was read.

    Components get the names ``component1.AffineTransform`` and so on, and the fields ``InputDim`` and ``OutputDim``.
    Matrices and vectors that have no token in the file get the names of Kaldi's members (``Linearity``, ``WGifoX``).
    Raises ModelFormatError, UnsupportedModelError.
    """
    components = _read_chain(reader, "component", inside, 0)
    check_components(components, reader.source)
    return chain_network(1, components, reader.source, reader.binary)


def _read_chain(reader: ModelReader, prefix: str, inside: bool, depth: int) -> list[Component]:
    """Components up to ``</Nnet>``; older files end without it."""
    if depth > _DEEPEST:
        raise reader.error(f"at most {_DEEPEST} networks inside of each other", "more")
    components: list[Component] = []
    while True:
        if not reader.peek_token():
            if inside or depth:
                raise reader.error("</Nnet>", "the end of the file", "the file is truncated")
            return components
        offset = reader.offset
        token = reader.read_token()
        if token == "<Nnet>" and not (inside and not components):
            # Kaldi skips it before any component.
            inside = True
            reader.skip_blanks()
            offset = reader.offset
            token = reader.read_token()
        if token == "</Nnet>":
            return components
        components.append(_read_component(reader, token, offset, f"{prefix}{len(components) + 1}", depth))


def _read_component(reader: ModelReader, token: str, offset: int, prefix: str, depth: int) -> Component:
    kind = MARKERS.get(token.strip("<>").lower())
    if kind is None:
        raise UnsupportedModelError(
            f"{reader.source}: '{prefix}' at byte {offset}: type {clipped(token)} is not one of Kaldi's nnet1; "
            f"expected one of {', '.join(sorted(LAYOUTS))}"
        )
    name = f"{prefix}.{kind}"
    reader.stream.context = f"component '{name}'"
    fields: dict[str, FieldValue] = {"OutputDim": reader.read_int(), "InputDim": reader.read_int()}
    nested: _Nested = ()
    layout = LAYOUTS[kind]
    fields |= _read_settings(reader, kind)
    for field, value_kind in layout.values:
        fields[field] = reader.read_value(value_kind)
    for field, value_kind in layout.tail:
        reader.expect_token(f"<{field}>")
        fields[field] = reader.read_value(value_kind)
    if kind == "FramePoolingComponent":
        reader.expect_token("<FrameWeight>")
        count = np.size(np.asarray(fields["FrameOffset"]))
        fields["FrameWeight"] = tuple(reader.read_vector() for _ in range(count))
    elif kind == "ParallelComponent":
        nested = _read_numbered(reader, "<NestedNnetCount>", "<NestedNnet>", name, depth)
        reader.expect_token("</ParallelComponent>")
    elif kind == "SentenceAveragingComponent":
        nested = (tuple(_read_chain(reader, f"{name}.", False, depth + 1)),)
    elif kind == "MultiBasisComponent":
        nested = _read_multi_basis(reader, name, depth, fields)
    reader.stream.context = f"component '{name}'"
    if reader.peek_token() == _END:
        reader.read_token()
    reader.stream.context = ""
    return Component(name, kind, fields, offset, nested)


def _read_settings(reader: ModelReader, kind: str) -> dict[str, FieldValue]:
    """Tokens of a component with their values, as far as they are settings of its type."""
    layout = LAYOUTS[kind]
    known = {f"<{name}>": name for name in layout.settings}
    ends = {_END, "</Nnet>", *(f"<{name}>" for name, _ in layout.tail)}
    fields: dict[str, FieldValue] = {}
    # A component without values of its own may be followed at once by the next one, in files of old versions.
    while layout.settings and (token := reader.peek_token()) in known:
        name = known[token]
        if name in fields:
            raise reader.error(f"{token} once", "it twice", "the file is damaged")
        reader.read_token()
        fields[name] = _read_only_summing(reader) if name == "OnlySumming" else reader.read_value(layout.settings[name])
    if layout.settings and layout.values and token.startswith("<") and token not in ends:
        raise reader.error(f"one of {', '.join(known)}", clipped(token), "the file is damaged")
    missing = [f"<{name}>" for name in layout.required if name not in fields]
    if missing:
        raise reader.error(", ".join(missing), clipped(reader.peek_token()), "the file is damaged")
    return fields


def _read_only_summing(reader: ModelReader) -> bool:
    """Some old files hold a number instead of T or F, which Kaldi takes for false whatever it is."""
    if not reader.binary:
        reader.skip_blanks()
    if reader.stream.peek(1) in (b"T", b"F"):
        return reader.read_bool()
    reader.read_float()
    return False


def _read_numbered(reader: ModelReader, count_token: str, item_token: str, name: str, depth: int) -> _Nested:
    reader.expect_token(count_token)
    count = _count(reader)
    chains = []
    for index in range(count):
        reader.expect_token(item_token)
        reader.read_int()
        chains.append(tuple(_read_chain(reader, f"{name}.{index + 1}.", False, depth + 1)))
    return tuple(chains)


def _read_multi_basis(reader: ModelReader, name: str, depth: int, fields: dict[str, FieldValue]) -> _Nested:
    """The selector network first, then the networks of the basis."""
    selector: tuple[Component, ...] | None = None
    basis: _Nested = ()
    while (token := reader.peek_token()) in ("<SelectorLearnRateCoef>", "<Selector>", "<NumBasis>"):
        if token == "<NumBasis>":
            basis = _read_numbered(reader, "<NumBasis>", "<Basis>", name, depth)
            continue
        reader.read_token()
        if token == "<Selector>":
            selector = tuple(_read_chain(reader, f"{name}.selector.", False, depth + 1))
        else:
            fields["SelectorLearnRateCoef"] = reader.read_float()
    if selector is None or not basis:
        raise reader.error("<Selector> and <NumBasis>", clipped(reader.peek_token()), "the file is damaged")
    return (selector, *basis)


def _count(reader: ModelReader) -> int:
    count = reader.read_int()
    if not 0 < count <= _MOST_NESTED:
        raise reader.error("a number of networks", str(count), "the file is damaged")
    return count

"""Reads networks of nnet1. Sources: nnet/nnet-nnet.cc, nnet/nnet-component.cc (``Read``), nnet/nnet-*.h.

Tests: tests/kaldi_model/test_loading.py, tests/kaldi_model/components/test_nnet1_checks.py, tests/golden/nnet1
"""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.chain import chain_network
from ov_asr_score.kaldi_model.component_checks import component_problem
from ov_asr_score.kaldi_model.components.component_type import ComponentType
from ov_asr_score.kaldi_model.components.type_table import NNET1_MARKERS, find_type, type_names
from ov_asr_score.kaldi_model.network import Component, FieldValue, KaldiNetwork
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

_END = "<!EndOfComponent>"
# Networks of Kaldi's recipes are two deep; without a limit a damaged file could fill the stack.
_DEEPEST = 10


def read_nnet1(reader: ModelReader, *, inside: bool = False) -> KaldiNetwork:
    """The chain of components up to ``</Nnet>`` or the end of the file; ``inside`` says that ``<Nnet>`` was read.

    Components get the names ``component1.AffineTransform`` and so on, and the fields ``InputDim`` and ``OutputDim``.
    Matrices and vectors that have no token in the file get the names of Kaldi's members (``Linearity``, ``WGifoX``).
    Raises ModelFormatError where ``Component::Read`` or ``ReadData`` of a component expect another token or value, or
    where the fields do not fit; UnsupportedModelError for a marker that ``MarkerToType`` does not know.
    """
    components = _read_chain(reader, "component", inside, 0)
    _check_components(components, reader.source)
    return chain_network(1, components, reader.source, reader.binary)


def _read_chain(reader: ModelReader, prefix: str, inside: bool, depth: int) -> list[Component]:
    """Components up to ``</Nnet>``; older files end without it (``Component::Read``, nnet/nnet-component.cc).

    A file that begins with ``<Nnet>`` must have the end, although Kaldi does not ask for it: what was cut off between
    two components would otherwise give scores of another layer.
    """
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
    type_name = NNET1_MARKERS.get(token.strip("<>").lower(), "")
    kind = find_type(1, type_name)
    if kind is None:
        raise UnsupportedModelError(
            f"{reader.source}: '{prefix}' at byte {offset}: type {clipped(token)} is not one of Kaldi's nnet1; "
            f"expected one of {', '.join(type_names(1))}"
        )
    name = f"{prefix}.{type_name}"
    reader.stream.context = f"component '{name}'"
    fields: dict[str, FieldValue] = {"OutputDim": reader.read_int(), "InputDim": reader.read_int()}
    fields |= _read_settings(reader, kind)
    for field, value_kind in kind.values:
        fields[field] = reader.read_value(value_kind)
    if kind.tail and reader.peek_token() == _END:
        # ConvolutionalComponent::ReadData, nnet/nnet-convolutional-component.h
        reader.read_token()
    for field, value_kind in kind.tail:
        reader.expect_token(f"<{field}>")
        fields[field] = reader.read_value(value_kind)
    nested = kind.read_rest(
        reader, fields, lambda inside: tuple(_read_chain(reader, f"{name}{inside}", False, depth + 1))
    )
    reader.stream.context = f"component '{name}'"
    for _ in range(2 if kind.reads_end else 1):
        if reader.peek_token() == _END:
            reader.read_token()
    reader.stream.context = ""
    return Component(name, type_name, fields, offset, nested)


def _read_settings(reader: ModelReader, kind: ComponentType) -> dict[str, FieldValue]:
    """Tokens of a component with their values, as far as they are settings of its type (``ReadData`` of each).

    They come in any order, and again as often as they like: the last one holds.
    """
    known = {f"{bracket}{name}>": name for name in kind.fields for bracket in ("<", "")}
    ends = {_END, "</Nnet>", *(f"<{name}>" for name, _ in kind.tail)}
    fields: dict[str, FieldValue] = {}
    # A component without values of its own may be followed at once by the next one, in files of old versions.
    # ExpectToken does without the first bracket.
    while kind.fields and (token := reader.peek_token()) in known:
        reader.read_token()
        fields[known[token]] = reader.read_value(kind.fields[known[token]])
    if kind.fields and kind.values and token.startswith("<") and token not in ends:
        raise reader.error(
            f"one of {', '.join(f'<{name}>' for name in kind.fields)}", clipped(token), "the file is damaged"
        )
    missing = [f"<{name}>" for name in kind.required if name not in fields]
    if missing:
        raise reader.error(", ".join(missing), clipped(reader.peek_token()), "the file is damaged")
    return fields


def _check_components(components: Sequence[Component], source: str) -> None:
    """Raise ModelFormatError when fields of a component, or components inside of it, do not fit.

    The checks are those of ``component_checks``, each with the assertion of Kaldi that it stands for.
    """
    for component in components:
        for chain in component.nested:
            _check_components(chain, source)
        problem = component_problem(component, 1)
        if problem:
            raise ModelFormatError(
                f"{source}: component '{component.name}' at byte {component.offset}: {problem}; the file is damaged"
            )

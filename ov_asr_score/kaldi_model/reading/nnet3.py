"""Reads networks of nnet3: configuration lines, then components.

Sources: nnet3/nnet-nnet.cc (``Nnet::Read``), nnet3/am-nnet-simple.cc, util/text-utils.cc (``ConfigLine``).

Tests: tests/kaldi_model/test_loading.py, tests/kaldi_model/components/test_nnet3_checks.py, tests/golden/nnet3
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.components.component_type import Chain, end_tokens
from ov_asr_score.kaldi_model.components.type_table import find_type, type_names
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.network import (
    Component,
    ComponentNode,
    DimRangeNode,
    InputNode,
    KaldiNetwork,
    Node,
    OutputNode,
)
from ov_asr_score.kaldi_model.reading.config_lines import ConfigLine, parse_config_line
from ov_asr_score.kaldi_model.token_reader import ModelReader, read_fields
from ov_asr_score.text import clipped

_LINE_END = re.compile(rb"\n")
_LONGEST_LINE = 1 << 20
_MOST_COMPONENTS = 100_000
_DEEPEST = 10


def read_nnet3(reader: ModelReader) -> KaldiNetwork:
    """The raw network ``<Nnet3> … </Nnet3>``, not checked yet. Raises ModelFormatError, UnsupportedModelError.

    Kaldi: ``Nnet::Read`` asserts the number of components, ``Nnet::Check`` that no name comes twice.
    """
    nodes, offsets = read_nodes(reader)
    reader.expect_token("<NumComponents>")
    count = reader.read_int()
    if not 0 <= count < _MOST_COMPONENTS:
        raise reader.error("a number of components", str(count), "the file is damaged")
    components: dict[str, Component] = {}
    for index in range(count):
        reader.expect_token("<ComponentName>")
        name = reader.read_name()
        reader.stream.context = f"component '{name}' ({index + 1} of {count})"
        if name in components:
            raise reader.error("every component once", f"'{name}' twice")
        components[name] = read_component(reader, name)
        reader.stream.context = ""
    reader.expect_token("</Nnet3>")
    return KaldiNetwork(3, tuple(nodes), components, reader.source, binary=reader.binary, node_offsets=offsets)


def read_acoustic_model(reader: ModelReader, num_pdfs: int) -> KaldiNetwork:
    """The network with contexts and priors, as they follow a transition model. Raises ModelFormatError."""
    network = read_nnet3(reader)
    reader.expect_token("<LeftContext>")
    left = reader.read_int()
    reader.expect_token("<RightContext>")
    right = reader.read_int()
    reader.expect_token("<Priors>")
    priors = np.asarray(reader.read_vector(), np.float32)
    return replace(
        network,
        stored_contexts=(left, right),
        priors=priors if priors.size else None,
        is_acoustic_model=True,
        num_pdfs=num_pdfs,
    )


def read_nodes(reader: ModelReader) -> tuple[list[Node], dict[str, int]]:
    """The nodes that a network begins with, and the byte of each by its name. Raises ModelFormatError."""
    reader.expect_token("<Nnet3>")
    return _read_config(reader)


def _read_config(reader: ModelReader) -> tuple[list[Node], dict[str, int]]:
    """Nodes, and the byte of each by its name.

    Kaldi: ``Nnet::Read`` asks for the line break, ``Nnet::RemoveRedundantConfigLines`` for every name once.
    """
    nodes: list[Node] = []
    offsets: dict[str, int] = {}
    first = _read_line(reader)
    if first.strip():
        raise reader.error("a line break after <Nnet3>", clipped(first))
    while True:
        offset = reader.offset
        text = _read_line(reader)
        if text in ("", "\r"):
            return nodes, offsets
        try:
            line = parse_config_line(text)
            node = None if line is None else _node(line)
        except ModelFormatError as error:
            raise ModelFormatError(f"{reader.source}: at byte {offset}: {error}") from error
        if node is None:
            continue
        if node.name in offsets:
            raise reader.error("every node once", f"'{node.name}' twice", offset=offset)
        nodes.append(node)
        offsets[node.name] = offset


def _read_line(reader: ModelReader) -> str:
    """The next line without its end.

    Kaldi: ``Nnet::Read`` finds no ``<NumComponents>`` behind a file that ends here. Reason: a line of more than a
    megabyte is no text, and would be read into memory.
    """
    offset = reader.offset
    line = reader.stream.read_before(_LINE_END, _LONGEST_LINE)
    if reader.stream.peek(1) != b"\n":
        found = "the end of the file" if not reader.stream.peek(1) else f"no line break in {_LONGEST_LINE} bytes"
        raise reader.error("a line of the network's configuration", found, "the file is truncated", offset=offset)
    reader.stream.read(1)
    return line.decode("utf-8", "replace")


def _node(line: ConfigLine) -> Node:
    """The node that a line describes.

    Kaldi: ``Nnet::ReadConfig`` knows these kinds (components are not in model files), and
    ``Nnet::ProcessOutputNodeConfigLine`` these objectives.
    """
    match line.kind:
        case "input-node":
            line.check_known(("name", "dim"))
            return InputNode(line.name("name"), line.integer("dim"))
        case "component-node":
            line.check_known(("name", "component", "input"))
            return ComponentNode(line.name("name"), line.name("component"), parse_descriptor(line.value("input")))
        case "dim-range-node":
            line.check_known(("name", "input-node", "dim-offset", "dim"))
            return DimRangeNode(
                line.name("name"), line.name("input-node"), line.integer("dim-offset"), line.integer("dim")
            )
        case "output-node":
            line.check_known(("name", "input", "objective"))
            objective = line.settings.get("objective", "linear")
            if objective not in ("linear", "quadratic"):
                raise ModelFormatError(
                    f"output-node: expected objective linear or quadratic, found {clipped(objective)}"
                )
            return OutputNode(
                line.name("name"),
                parse_descriptor(line.value("input")),
                "linear" if objective == "linear" else "quadratic",
            )
    raise ModelFormatError(
        f"expected input-node, component-node, dim-range-node or output-node, found {clipped(line.kind)}; "
        "the file is damaged"
    )


def read_component(reader: ModelReader, name: str, depth: int = 0) -> Component:
    """The component at the reader's place, from its opening token to its closing one.

    ``depth`` is the number of components that it is inside of. Raises ModelFormatError, and UnsupportedModelError for
    a type that Kaldi does not have either.

    Kaldi: ``Component::ReadNew`` asks for the type, ``Read`` of each component for its tokens. Reason: components
    inside of each other are read by recursion, which ends at some depth; Kaldi's stack ends too.
    """
    reader.skip_blanks()
    offset = reader.offset
    token = reader.read_token()
    type_name = token[1:-1]
    # Kaldi takes the first and the last letter off, whatever they are.
    kind = find_type(3, type_name)
    if kind is None and (not token.startswith("<") or not token.endswith(">") or type_name.startswith("/")):
        raise reader.error("a component type as in <AffineComponent>", clipped(token), offset=offset)
    if kind is None:
        raise UnsupportedModelError(
            f"{reader.source}: component '{name}' at byte {offset}: type {clipped(type_name)} is not one of Kaldi's "
            f"nnet3; expected one of {', '.join(type_names(3))}"
        )
    if kind.holds_components and depth > _DEEPEST:
        raise reader.error(f"at most {_DEEPEST} components inside of each other", "more")

    def read_inner(name_inside: str) -> Chain:
        return (read_component(reader, f"{name}{name_inside}", depth + 1),)

    opening = f"<{type_name}>"
    if reader.peek_token() == opening:
        # Read is also called with the opening token still there, and takes a second one for it.
        reader.read_token()
    fields = read_fields(reader, kind.fields, end_tokens(kind, opening), kind.required)
    nested = kind.read_rest(reader, fields, read_inner)
    return Component(name, type_name, fields, offset, nested)

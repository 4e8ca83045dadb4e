"""Reads networks of nnet3: configuration lines, then components.

Sources: nnet3/nnet-nnet.cc (``Nnet::Read``), nnet3/am-nnet-simple.cc, util/parse-options (``ConfigLine``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_io.stream import clipped
from ov_asr_score.kaldi_model.components import read_component
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.fields import ModelReader
from ov_asr_score.kaldi_model.network import (
    Component,
    ComponentNode,
    DimRangeNode,
    InputNode,
    KaldiNetwork,
    Node,
    OutputNode,
)

_LINE_END = re.compile(rb"\n")
_SETTING = re.compile(r"([A-Za-z_][\w\-]*)=(\"[^\"]*\"|'[^']*'|.*?)(?=\s+[A-Za-z_][\w\-]*=|\s*$)")
_LONGEST_LINE = 1 << 20
_MOST_COMPONENTS = 100_000


def read_nnet3(reader: ModelReader) -> KaldiNetwork:
    """The raw network ``<Nnet3> … </Nnet3>``, checked by no one yet. Raises ModelFormatError, UnsupportedModelError."""
    reader.expect_token("<Nnet3>")
    nodes, offsets = _read_config(reader)
    reader.expect_token("<NumComponents>")
    count = reader.read_int()
    if not 0 <= count < _MOST_COMPONENTS:
        raise reader.error("a number of components", str(count), "the file is damaged")
    components: dict[str, Component] = {}
    for index in range(count):
        reader.expect_token("<ComponentName>")
        name = reader.read_token()
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


def _read_config(reader: ModelReader) -> tuple[list[Node], dict[str, int]]:
    nodes: list[Node] = []
    offsets: dict[str, int] = {}
    first = _read_line(reader)
    if first.strip():
        raise reader.error("a line break after <Nnet3>", clipped(first))
    while True:
        offset = reader.offset
        line = _read_line(reader).strip()
        if not line:
            return nodes, offsets
        line = line.split("#", maxsplit=1)[0].strip()
        if not line:
            continue
        try:
            node = _parse_line(line)
        except ModelFormatError as error:
            raise ModelFormatError(f"{reader.source}: at byte {offset}: {error}") from error
        if node.name in offsets:
            raise reader.error("every node once", f"'{node.name}' twice", offset=offset)
        nodes.append(node)
        offsets[node.name] = offset


def _read_line(reader: ModelReader) -> str:
    line = reader.stream.read_before(_LINE_END, _LONGEST_LINE)
    if reader.stream.peek(1) != b"\n":
        raise reader.error("a line of the network's configuration", "the end of the file", "the file is truncated")
    reader.stream.read(1)
    return line.decode("utf-8", "replace")


def _parse_line(line: str) -> Node:
    kind, _, rest = line.partition(" ")
    settings = {name: value.strip("\"'").strip() for name, value in _SETTING.findall(rest)}
    match kind:
        case "input-node":
            return InputNode(_take(settings, line, "name"), _number(settings, line, "dim"))
        case "component-node":
            return ComponentNode(
                _take(settings, line, "name"),
                _take(settings, line, "component"),
                parse_descriptor(_take(settings, line, "input")),
            )
        case "dim-range-node":
            return DimRangeNode(
                _take(settings, line, "name"),
                _take(settings, line, "input-node"),
                _number(settings, line, "dim-offset"),
                _number(settings, line, "dim"),
            )
        case "output-node":
            objective = settings.get("objective", "linear")
            if objective not in ("linear", "quadratic"):
                raise ModelFormatError(
                    f"output-node: expected objective linear or quadratic, found {clipped(objective)}"
                )
            return OutputNode(
                _take(settings, line, "name"),
                parse_descriptor(_take(settings, line, "input")),
                "linear" if objective == "linear" else "quadratic",
            )
    raise ModelFormatError(
        f"expected input-node, component-node, dim-range-node or output-node, found {clipped(kind)}; "
        "the file is damaged"
    )


def _take(settings: Mapping[str, str], line: str, name: str) -> str:
    if not settings.get(name):
        raise ModelFormatError(f"line {clipped(line)}: expected {name}=…")
    return settings[name]


def _number(settings: Mapping[str, str], line: str, name: str) -> int:
    text = _take(settings, line, name)
    try:
        return int(text)
    except ValueError:
        raise ModelFormatError(
            f"line {clipped(line)}: expected an integer after {name}=, found {clipped(text)}"
        ) from None

"""Checks that a network of nnet3 fits together, as ``Nnet::Check`` (nnet3/nnet-nnet.cc) does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ov_asr_score.errors import ModelFormatError, unreachable
from ov_asr_score.kaldi_model.component_checks import component_problem
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.dependency import SAME_FRAME, Nothing
from ov_asr_score.kaldi_model.dims import FIELD_ERRORS, component_dims, descriptor_dim, node_dim
from ov_asr_score.kaldi_model.network import (
    FARTHEST_FRAME,
    WIDEST_LAYER,
    Append,
    Component,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    IfDefined,
    InputNode,
    KaldiNetwork,
    Node,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)

_KINDS: dict[type, str] = {DimRangeNode: "dim-range-node", OutputNode: "output-node"}


def check_network(network: KaldiNetwork) -> KaldiNetwork:
    """The network with what each component ``reads``, once everything fits together.

    Raises ModelFormatError for a component whose fields contradict each other, a node that refers to nothing, and
    widths that differ from what is expected. Priors count where they are used, see ``convert.graph.output_scores``.

    Kaldi: ``Nnet::Check`` asserts that there are inputs and outputs.
    """
    if not network.inputs or not network.outputs:
        raise ModelFormatError(f"{network.source}: expected at least one input-node and one output-node")
    if network.generation == 3:
        network = _without_unused_faults(network)
    # Only fields that have been checked say reliably which frames a component reads.
    components = {name: _with_reads(component, network) for name, component in network.components.items()}
    network = replace(network, components=components)
    if network.generation == 3:
        # Widths are known only after every name has been looked up.
        for node in network.nodes:
            _check_references(network, node)
        for node in network.nodes:
            _check_widths(network, node)
    return network


def _without_unused_faults(network: KaldiNetwork) -> KaldiNetwork:
    """The network without components of which no output has need, and whose fields do not fit.

    Kaldi: ``Read`` checks some fields, ``Propagate`` the others when it computes. Raises ModelFormatError for a
    component that is needed.
    """
    used = _used_nodes(network)
    needed = {node.component for node in network.nodes if isinstance(node, ComponentNode) and node.name in used}
    faulty = set()
    for name, component in network.components.items():
        problem = _component_problem(network, component)
        if problem and name in needed:
            raise ModelFormatError(problem)
        if problem:
            faulty.add(name)
    if not faulty:
        return network
    components = {name: component for name, component in network.components.items() if name not in faulty}
    nodes = [node for node in network.nodes if not (isinstance(node, ComponentNode) and node.component in faulty)]
    names = {node.name for node in nodes}
    while unread := {node.name for node in nodes if not _sources(node) <= names}:
        # Nodes that read what is not there anymore are not needed either, or name a node that never was.
        if not unread.isdisjoint(used):
            break
        nodes = [node for node in nodes if node.name not in unread]
        names -= unread
    return replace(network, components=components, nodes=tuple(nodes))


def _used_nodes(network: KaldiNetwork) -> set[str]:
    """The nodes that outputs depend on, and the outputs."""
    used: set[str] = set()
    by_name = {node.name: node for node in network.nodes}
    waiting = [output.name for output in network.outputs]
    while waiting:
        name = waiting.pop()
        node = by_name.get(name)
        if node is not None and name not in used:
            used.add(name)
            waiting += _sources(node)
    return used


def _sources(node: Node) -> set[str]:
    """The names of the nodes that a node reads."""
    match node:
        case InputNode():
            return set()
        case DimRangeNode():
            return {node.source}
        case ComponentNode() | OutputNode():
            return {part.name for part in _walk(node.input) if isinstance(part, NodeRef)}
    raise unreachable(node)


def _with_reads(component: Component, network: KaldiNetwork) -> Component:
    """The component and those inside of it with the frames that they read."""
    kind = find_type(network.generation, component.type)
    nested = tuple(tuple(_with_reads(part, network) for part in chain) for chain in component.nested)
    return replace(component, nested=nested, reads=kind.reads(Fields(component)) if kind else SAME_FRAME)


def _component_problem(network: KaldiNetwork, component: Component) -> str:
    """What is wrong with a component, and where it is; empty if all is well.

    Kaldi: a width below 1 is no input of any node (``Descriptor::Dim``, ``Nnet::Check``). Reason: wider ones would fill
    the memory.
    """
    place = f"{network.source}: component '{component.name}' at byte {component.offset} ({component.type})"
    problem = component_problem(component, 3)
    if problem:
        return f"{place}: {problem}; the file is damaged"
    try:
        dims = component_dims(component, 3)
    except FIELD_ERRORS:
        return f"{place}: expected fields that tell its widths, found others; the file is damaged"
    if min(dims) < 1 or max(dims) > WIDEST_LAYER:
        return f"{place}: expected widths from 1 to {WIDEST_LAYER}, found {dims[0]} and {dims[1]}"
    return ""


def _check_references(network: KaldiNetwork, node: Node) -> None:
    """Raise ModelFormatError for a node that refers to what is not there.

    Kaldi: ``Nnet::ProcessInputNodeConfigLine``, ``ProcessDimRangeNodeConfigLine``, ``ProcessComponentNodeConfigLine``,
    ``GeneralDescriptor::Parse`` and ``Nnet::Check``. Reason: wider inputs would fill the memory.
    """
    place = _place(network, node)
    match node:
        case InputNode():
            if not 1 <= node.dim <= WIDEST_LAYER:
                raise ModelFormatError(f"{place}: expected a dim from 1 to {WIDEST_LAYER}, found {node.dim}")
        case DimRangeNode():
            source = network.node(node.source)
            if not isinstance(source, InputNode | ComponentNode):
                found = (
                    f"the {_KINDS[type(source)]} '{node.source}'" if source else f"'{node.source}', which is no node"
                )
                raise ModelFormatError(f"{place}: expected columns of an input-node or component-node, found {found}")
        case ComponentNode() | OutputNode():
            if isinstance(node, ComponentNode) and node.component not in network.components:
                raise ModelFormatError(f"{place}: component '{node.component}' is not in the file")
            for part in _walk(node.input):
                if isinstance(part, NodeRef):
                    source = network.node(part.name)
                    if source is None:
                        raise ModelFormatError(f"{place}: reads '{part.name}', which is no node of the network")
                    if isinstance(source, OutputNode):
                        raise ModelFormatError(f"{place}: reads the output node '{part.name}'")
        case _:
            raise unreachable(node)


def _check_widths(network: KaldiNetwork, node: Node) -> None:
    """Raise ModelFormatError for a node that does not fit to what it reads. Kaldi: ``Nnet::Check``."""
    place = _place(network, node)
    match node:
        case DimRangeNode():
            width = node_dim(network, node.source)
            if node.offset < 0 or node.dim < 1 or node.offset + node.dim > width:
                raise ModelFormatError(
                    f"{place}: columns {node.offset} to {node.offset + node.dim - 1} of '{node.source}', "
                    f"which has {width}"
                )
        case ComponentNode():
            _check_parts(network, place, node.input)
            component = network.components[node.component]
            expected, found = component_dims(component, 3)[0], descriptor_dim(network, node.input)
            if expected != found and not isinstance(component.reads, Nothing):
                raise ModelFormatError(
                    f"{place}: component '{component.name}' ({component.type}) expects {expected} columns, "
                    f"its input has {found}"
                )
        case OutputNode():
            _check_parts(network, place, node.input)


def _place(network: KaldiNetwork, node: Node) -> str:
    return f"{network.source}: node '{node.name}' at byte {network.node_offsets.get(node.name, 0)}"


def _check_parts(network: KaldiNetwork, place: str, descriptor: Descriptor) -> None:
    """Raise ModelFormatError for parts that do not fit each other, and for widths and offsets that are damage.

    Kaldi: ``BinarySumDescriptor::Dim``. Of Switch it takes the width of the first part for all, and reads other rows
    beyond their end. Reason for the limits: frames and columns in between would be simulated, and fill the memory.
    """
    width = descriptor_dim(network, descriptor)
    if width > WIDEST_LAYER:
        raise ModelFormatError(f"{place}: expected an input of at most {WIDEST_LAYER} columns, found {width}")
    for part in _walk(descriptor):
        if isinstance(part, Offset) and abs(part.t) > FARTHEST_FRAME:
            raise ModelFormatError(f"{place}: expected offsets of at most {FARTHEST_FRAME} frames, found {part.t}")
        parts: tuple[Descriptor, ...] = ()
        if isinstance(part, Sum | Switch):
            parts = part.parts
        elif isinstance(part, Failover):
            parts = (part.first, part.second)
        widths = {descriptor_dim(network, inner) for inner in parts}
        if len(widths) > 1:
            raise ModelFormatError(
                f"{place}: parts of {type(part).__name__} have different widths: {', '.join(map(str, sorted(widths)))}"
            )


def _walk(descriptor: Descriptor) -> Iterator[Descriptor]:
    yield descriptor
    match descriptor:
        case Append() | Sum() | Switch():
            for part in descriptor.parts:
                yield from _walk(part)
        case Failover():
            yield from _walk(descriptor.first)
            yield from _walk(descriptor.second)
        case Offset() | Scale() | IfDefined() | Round() | ReplaceIndex():
            yield from _walk(descriptor.source)
        case NodeRef() | Const():
            pass
        case _:
            raise unreachable(descriptor)

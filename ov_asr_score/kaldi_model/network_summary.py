"""What Kaldi's info programs print about a network (nnet3-am-info, nnet-am-info, nnet-info), as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.dependency import Offsets
from ov_asr_score.kaldi_model.descriptors import format_descriptor
from ov_asr_score.kaldi_model.dims import component_dims, descriptor_dim, node_dim
from ov_asr_score.kaldi_model.frames.context import network_contexts
from ov_asr_score.kaldi_model.frames.evaluation_order import modulus
from ov_asr_score.kaldi_model.info_settings import Setting, component_settings, rounded
from ov_asr_score.kaldi_model.network import (
    Component,
    ComponentNode,
    DimRangeNode,
    Generation,
    InputNode,
    KaldiNetwork,
    Node,
    OutputNode,
)
from ov_asr_score.kaldi_model.parameter_counts import count_parameters


@dataclass(frozen=True, slots=True)
class ComponentSummary:
    """One component: ``offset`` is the byte where it begins; ``nested`` are the chains of components inside of it."""

    name: str
    type: str
    input_dim: int
    output_dim: int
    num_parameters: int
    offset: int
    settings: Mapping[str, Setting]
    nested: tuple[tuple[ComponentSummary, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """One output with its contexts in frames: those that Kaldi computes, None where there are none.

    ``problem`` says why there are none: the output cannot be computed, or it depends on the whole utterance.
    """

    name: str
    dim: int
    objective: str = ""
    left_context: int | None = None
    right_context: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PriorSummary:
    """The priors kept in an acoustic model."""

    dim: int
    sum: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """A whole network. ``num_pdfs`` comes from the transition model, 0 without one.

    ``stored_contexts`` are those written in an nnet3 .mdl, which Kaldi does not use. ``node_lines`` are the lines that
    nnet3-info prints, by the names of the nodes. ``num_parameters`` counts as Kaldi does.
    """

    source: str
    generation: Generation
    binary: bool
    is_acoustic_model: bool
    inputs: Mapping[str, int]
    outputs: tuple[OutputSummary, ...]
    modulus: int
    num_pdfs: int
    priors: PriorSummary | None
    stored_contexts: tuple[int, int] | None
    num_parameters: int
    components: tuple[ComponentSummary, ...]
    node_lines: Mapping[str, str] = field(default_factory=dict)

    @property
    def ivector_dim(self) -> int:
        """Width of the input ``ivector``, 0 without one."""
        return self.inputs.get("ivector", 0)

    @property
    def num_components(self) -> int:
        """Number of components, without those inside of others."""
        return len(self.components)


def summarize_network(network: KaldiNetwork) -> NetworkSummary:
    """Summary of a network that ``load_network`` has read; contexts that cannot be computed are None.

    Agrees with ``Nnet::Info`` and ``AmNnetSimple::Info`` (nnet3), ``Nnet::Info`` and ``AmNnet::Info`` (nnet2) and
    ``Nnet::Info`` (nnet1).
    """
    generation = network.generation
    return NetworkSummary(
        source=network.source,
        generation=generation,
        binary=network.binary,
        is_acoustic_model=network.is_acoustic_model,
        inputs={node.name: node.dim for node in network.inputs},
        outputs=tuple(_summarize_output(network, node) for node in network.outputs),
        modulus=modulus(network),
        num_pdfs=network.num_pdfs,
        priors=_summarize_priors(network),
        stored_contexts=network.stored_contexts,
        num_parameters=sum(count_parameters(component, generation) for component in network.components.values()),
        components=tuple(_summarize_component(component, generation) for component in network.components.values()),
        node_lines={node.name: node_line(network, node) for node in network.nodes} if generation == 3 else {},
    )


def node_line(network: KaldiNetwork, node: Node) -> str:
    """The line that nnet3-info prints for a node. Agrees with ``Nnet::GetAsConfigLine`` (nnet3/nnet-nnet.cc)."""
    match node:
        case InputNode():
            return f"input-node name={node.name} dim={node.dim}"
        case ComponentNode():
            return (
                f"component-node name={node.name} component={node.component} input={format_descriptor(node.input)} "
                f"input-dim={descriptor_dim(network, node.input)} output-dim={node_dim(network, node.name)}"
            )
        case DimRangeNode():
            return f"dim-range-node name={node.name} input-node={node.source} dim-offset={node.offset} dim={node.dim}"
    dim = descriptor_dim(network, node.input)
    return f"output-node name={node.name} input={format_descriptor(node.input)} dim={dim} objective={node.objective}"


def _summarize_component(component: Component, generation: Generation) -> ComponentSummary:
    return ComponentSummary(
        component.name,
        component.type,
        *component_dims(component, generation),
        count_parameters(component, generation),
        component.offset,
        component_settings(component, generation),
        tuple(tuple(_summarize_component(inner, generation) for inner in chain) for chain in component.nested),
    )


def _summarize_priors(network: KaldiNetwork) -> PriorSummary | None:
    priors = network.priors
    if priors is None:
        return None
    with np.errstate(invalid="ignore"):  # a damaged file may hold any float
        return PriorSummary(len(priors), float(priors.sum(dtype=np.float64)), float(priors.min()), float(priors.max()))


def _summarize_output(network: KaldiNetwork, node: OutputNode) -> OutputSummary:
    if network.generation != 3:
        components = tuple(network.components.values())
        dim = cast(int, components[-1].fields["OutputDim"])
        spliced = _spliced_frames(components, network.generation)
        if spliced is None:
            return OutputSummary(node.name, dim, problem="depends on the whole utterance")
        return OutputSummary(node.name, dim, "", *spliced)
    dim = node_dim(network, node.name)
    if not isinstance(network.node("input"), InputNode):
        return OutputSummary(node.name, dim, node.objective, problem="there is no input node 'input'")
    try:
        contexts = network_contexts(network, node.name)
    except UnsupportedModelError as error:
        return OutputSummary(node.name, dim, node.objective, problem=str(error).removeprefix(f"{network.source}: "))
    return OutputSummary(node.name, dim, node.objective, contexts.left, contexts.right)


def _spliced_frames(components: tuple[Component, ...], generation: Generation) -> tuple[int, int] | None:
    """Frames to the left and to the right that a chain splices; None when it takes in the whole utterance.

    Agrees with ``LeftContext`` and ``RightContext`` (nnet2/nnet-nnet.cc); nnet1 does not print them.
    """
    left = right = 0
    for component in components:
        kind = find_type(generation, component.type)
        if kind is not None and kind.whole_utterance:
            return None
        chains = [_spliced_frames(chain, generation) for chain in component.nested]
        if None in chains:
            return None
        inside = [chain for chain in chains if chain is not None]
        offsets = component.reads.required if isinstance(component.reads, Offsets) else (0,)
        left += max((chain[0] for chain in inside), default=-min(offsets))
        right += max((chain[1] for chain in inside), default=max(offsets))
    return left, right


def rounded_priors(priors: PriorSummary) -> dict[str, Setting]:
    """The figures of priors with six digits, as Kaldi prints them."""
    return {"dim": priors.dim, "sum": rounded(priors.sum), "min": rounded(priors.min), "max": rounded(priors.max)}

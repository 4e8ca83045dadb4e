"""Wide frames that a layer splices are multiplied before they are spliced, where the products are narrower.

    [x(t-3) x(t)] W'      ->   y = x [W1' W2'],  y1(t-3) + y2(t)

The same operations, but on narrow slices: in a factorized TDNN 160 columns are put side by side instead of 1536.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.frames.utterance_plan import TimePlan
from ov_asr_score.convert.layers.affine import affine_component
from ov_asr_score.convert.layers.elementwise import identity_component
from ov_asr_score.convert.layers.linear_forms import as_affine
from ov_asr_score.kaldi_model.descriptors import appended_parts
from ov_asr_score.kaldi_model.frames.evaluation_order import Place
from ov_asr_score.kaldi_model.network import (
    Component,
    ComponentNode,
    Descriptor,
    DimRangeNode,
    Generation,
    KaldiNetwork,
    Node,
    NodeRef,
    Offset,
    Sum,
)

# Products have to be so many times narrower than the frames they are made of.
_NARROWER = 2


def multiply_before_splicing(plan: TimePlan, keep: frozenset[str] = frozenset()) -> KaldiNetwork:
    """The network of ``plan`` with such layers in two steps, itself if there are none.

    Names of nodes stay. Only layers whose frames all lie on one grid of the plan, so that every product is used.
    """
    network = plan.network
    loops = {place for group in plan.groups if len(group) > 1 for place in group}
    nodes: list[Node] = []
    components = dict(network.components)
    for node in network.nodes:
        if isinstance(node, ComponentNode) and (node.name, 0) not in loops and node.name not in keep:
            nodes += _in_two_steps(network.generation, node, components, plan.grids)
        else:
            nodes.append(node)
    if len(nodes) == len(network.nodes):
        return network
    return replace(network, nodes=tuple(nodes), components=components)


def _in_two_steps(
    generation: Generation, node: ComponentNode, components: dict[str, Component], grids: Mapping[Place, Grid]
) -> list[Node]:
    grid, form = grids.get((node.name, 0)), as_affine(generation, components[node.component])
    offsets = _offsets(node.input)
    if grid is None or form is None or offsets is None or len(offsets[1]) < 2:
        return [node]
    source, times = offsets
    weights, bias = form
    rows, columns = weights.shape
    width = columns // len(times)
    if rows * _NARROWER > width or any((time - times[0]) % grid.step for time in times):
        return [node]
    products, joint = f"{node.name}.products", f"{node.name}.sum"
    stacked = np.concatenate(np.split(weights, len(times), axis=1))
    stacked_bias = np.concatenate([bias, np.zeros(rows * (len(times) - 1), np.float32)])
    byte = components[node.component].offset
    components[products] = affine_component(products, stacked, stacked_bias, byte)
    components[joint] = identity_component(joint, rows, byte)
    parts = [DimRangeNode(f"{products}.{index}", products, index * rows, rows) for index in range(len(times))]
    total = Sum(tuple(_moved(part.name, time) for part, time in zip(parts, times, strict=True)))
    return [ComponentNode(products, products, NodeRef(source)), *parts, ComponentNode(node.name, joint, total)]


def _offsets(descriptor: Descriptor) -> tuple[str, list[int]] | None:
    """The one node whose frames a descriptor puts side by side, and their offsets; None for anything else."""
    sources, times = set(), []
    for part in appended_parts(descriptor):
        match part:
            case NodeRef(name):
                sources.add(name)
                times.append(0)
            case Offset(NodeRef(name), time, 0):
                sources.add(name)
                times.append(time)
            case _:
                return None
    return (sources.pop(), times) if len(sources) == 1 else None


def _moved(name: str, time: int) -> Descriptor:
    return Offset(NodeRef(name), time) if time else NodeRef(name)

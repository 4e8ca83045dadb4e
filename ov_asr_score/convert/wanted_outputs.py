"""The outputs that a conversion is asked for, and the part of a network that they need.

Tests: tests/golden/test_cases.py, tests/cli/commands/test_convert.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ov_asr_score.convert.tensors.named_ports import INNER_OUTPUT
from ov_asr_score.errors import UnknownNameError
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order
from ov_asr_score.kaldi_model.network import ComponentNode, DimRangeNode, InputNode, KaldiNetwork, NodeRef, OutputNode
from ov_asr_score.text import did_you_mean, near_names


def usual_output(network: KaldiNetwork) -> str:
    """The output node that is scored where none is asked for."""
    return "output" if any(node.name == "output" for node in network.outputs) else network.outputs[0].name


def no_scores_of(network: KaldiNetwork, name: str) -> str:
    """Why the network has no scores called ``name``, as the end of a message: what has that name, or nearly."""
    if any(node.name == name for node in network.inputs):
        return f"; '{name}' is an input, its values are those of its table"
    if name in network.components:
        users = [node.name for node in network.nodes if isinstance(node, ComponentNode) and node.component == name]
        return f"; '{name}' is a component" + did_you_mean([f"its node '{user}'" for user in users])
    nodes = [node.name for node in network.nodes if not isinstance(node, InputNode)]
    return did_you_mean([f"'{near}'" for near in near_names(name, nodes)])


def with_outputs(network: KaldiNetwork, names: Sequence[str]) -> tuple[KaldiNetwork, tuple[str, ...]]:
    """The network with an output node for each name of another node, and the names of the outputs to score.

    Raises UnknownNameError. Kaldi: ``nnet3-copy --edits`` and ``--nnet-config`` know no other node either.
    """
    if not names:
        return network, (usual_output(network),)
    nodes, outputs = list(network.nodes), []
    for name in names:
        node = network.node(name)
        match node:
            case OutputNode():
                outputs.append(name)
            case ComponentNode() | DimRangeNode():
                nodes.append(OutputNode(f"{name}{INNER_OUTPUT}", NodeRef(name)))
                outputs.append(f"{name}{INNER_OUTPUT}")
            case _:
                known = ", ".join(node.name for node in network.outputs)
                raise UnknownNameError(
                    f"{network.source}: no node '{name}' to take scores from; outputs are {known}, "
                    f"`ov-asr-score inspect` lists all nodes{no_scores_of(network, name)}"
                )
    return replace(network, nodes=tuple(nodes)), tuple(outputs)


def without_orphans(network: KaldiNetwork, outputs: Sequence[str]) -> KaldiNetwork:
    """The network without the nodes that no output of ``outputs`` needs; its inputs stay."""
    needed = {name for group in evaluation_order(network, outputs) for name, _ in group}
    nodes = tuple(node for node in network.nodes if node.name in needed or isinstance(node, InputNode))
    return replace(network, nodes=nodes)

"""Whether frames reach an output through statistics of stretches of time alone, as in networks of x-vectors."""

from __future__ import annotations

from ov_asr_score.kaldi_model.dependency import FrameWindow
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, input_places
from ov_asr_score.kaldi_model.network import ComponentNode, InputNode, KaldiNetwork


def pooling_windows(network: KaldiNetwork, output: str) -> frozenset[FrameWindow] | None:
    """The windows of the last statistics on each way from ``input`` to an output; None if there is a way without any.

    i-vectors, which are no frames, do not count.
    """
    windows: set[FrameWindow] = set()
    seen: set[Place] = {(output, 0)}
    waiting: list[Place] = [(output, 0)]
    while waiting:
        place = waiting.pop()
        node = network.node(place[0])
        if isinstance(node, InputNode) and node.name == "input":
            return None
        if isinstance(node, ComponentNode):
            reads = network.components[node.component].reads
            if isinstance(reads, FrameWindow):
                windows.add(reads)
                continue
        found = {source for source, _ in input_places(network, place)} - seen
        seen |= found
        waiting += found
    return frozenset(windows) or None

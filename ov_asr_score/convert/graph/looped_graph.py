"""The graph of a network for chunks of frames in order, whose state goes in and out as one vector per utterance.

So requests may take chunks of any utterances together, which variables of the runtime do not allow.

Tests: tests/scoring/looped/test_golden_networks.py
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.facts import NEXT_STATE_OUTPUT, STATE_INPUT, ConversionFacts
from ov_asr_score.convert.frames.streaming_plan import FramePlan, plan_chunks
from ov_asr_score.convert.frames.utterance_plan import TimePlan
from ov_asr_score.convert.graph.graph_builder import GraphBuilder
from ov_asr_score.convert.graph.output_scores import adjust_scores
from ov_asr_score.convert.graph.streaming_axis import FrameAxis
from ov_asr_score.convert.graph.streaming_graph import compute_places, with_memory
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.rt_info import write_facts
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.convert.tensors.named_ports import named_parameter, named_result
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset, ov


def build_looped_graph(whole: TimePlan, options: ConvertOptions, facts: ConversionFacts) -> ov.Model:
    """The model that computes chunks of ``whole`` in order; delay, chunk and what is fed before are in its facts.

    Inputs are ``input`` [B, F, D] and, unless nothing is remembered, STATE_INPUT [B, S]; the first output has the
    scores [B, F / subsampling, pdfs], NEXT_STATE_OUTPUT the state. Raises UnsupportedModelError.

    Kaldi: ``DecodableNnetSimpleLoopedInfo`` asks for ``IsSimpleNnet``.
    """
    plan = plan_chunks(whole, options.looped_chunk, options.chunks_per_request)
    network = plan.network
    others = [node.name for node in network.inputs if node.name != "input" and (node.name, 0) in plan.grids]
    if others:
        raise UnsupportedModelError(
            f"{network.source}: cannot be scored in chunks: expected no input but 'input' and i-vectors that are read "
            f"as ReplaceIndex(ivector, t, 0), found '{others[0]}'"
        )
    axis = _StateAxis(plan)
    dim = next(node.dim for node in network.inputs if node.name == "input")
    features = named_parameter("input", [-1, plan.frames, dim])
    builder = GraphBuilder(plan, axis, {"input": with_memory(plan, axis, ("input", 0), features.output(0))})
    for group in plan.groups:
        needed = [place for place in group if place in plan.grids]
        if needed:
            compute_places(builder, plan, axis, needed)
    (name,) = plan.outputs
    value: NodeValue = builder.values[(name, 0)]
    scores = adjust_scores(network, builder.frames(value, plan.grids[(name, 0)]), options)
    results, parameters = [named_result(scores, name)], [features]
    if axis.states:
        state, next_state = axis.joined_states()
        parameters.append(state)
        results.append(next_state)
    model = ov.Model(results, parameters, Path(network.source).name)
    write_facts(
        model,
        replace(
            facts,
            frames_per_request=plan.frames,
            frames_per_chunk=plan.frames // options.chunks_per_request,
            delay=plan.delay,
            fed_before=plan.early + whole.window.left,
        ),
    )
    return model


class _StateAxis(FrameAxis):
    """The frames of requests whose states are inputs and outputs; ``states`` has the value of each before and after."""

    def __init__(self, plan: FramePlan) -> None:
        """An axis without operations."""
        # The last frame of scores: Kaldi computes a chunk as if the utterance ended behind its right context.
        end = plan.frames - plan.delay - plan.subsampling
        super().__init__(plan.frames, 1, plan.subsampling, opset.constant(np.full((1, 1), end, np.float32)).output(0))
        self.states: dict[str, tuple[ov.Node, ov.Output | None]] = {}

    def initial_state(self, name: str, like: ov.Output, width: int, size: int) -> ov.Output:
        """The state that the request before left under ``name`` [B, width, size]."""
        before = named_parameter(name, [-1, width, size])
        self.states[name] = before, None
        return before.output(0)

    def keep_state(self, name: str, state: ov.Output) -> None:
        """Hand ``state`` [B, width, size] to the next request."""
        self.states[name] = self.states[name][0], state

    def joined_states(self) -> tuple[ov.Node, ov.Node]:
        """The input [B, S] that all states come from, and the output that they go to."""
        befores = [before for before, _ in self.states.values()]
        shapes = [[int(dim.get_length()) for dim in list(before.get_output_partial_shape(0))[1:]] for before in befores]
        sizes = [prod(shape) for shape in shapes]
        joined = named_parameter(STATE_INPUT, [-1, sum(sizes)])
        parts = opset.variadic_split(joined, int_scalar(1), int_vector(*sizes)).outputs()
        for before, part, shape in zip(befores, parts, shapes, strict=True):
            value = opset.reshape(part, int_vector(-1, *shape), special_zero=False).output(0)
            for reader in before.output(0).get_target_inputs():
                reader.replace_source_output(value)
        after = []
        for before, (_, state), size in zip(befores, self.states.values(), sizes, strict=True):
            source = before.output(0) if state is None else state
            after.append(opset.reshape(source, int_vector(-1, size), special_zero=False))
        node = opset.concat(after, 1) if len(after) > 1 else opset.convert(after[0], "f32")
        return joined, named_result(node.output(0), NEXT_STATE_OUTPUT)

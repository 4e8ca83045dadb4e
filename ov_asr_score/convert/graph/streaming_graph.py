"""The graph of a network for a few frames per request, with variables for the state that earlier frames leave.

Tests: tests/golden/test_frame_graphs.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT, ConversionFacts
from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.frames.streaming_plan import FramePlan, plan_frames
from ov_asr_score.convert.frames.utterance_plan import TimePlan
from ov_asr_score.convert.graph.graph_builder import GraphBuilder, place_name
from ov_asr_score.convert.graph.output_scores import adjust_scores
from ov_asr_score.convert.graph.recurrence import compute_group
from ov_asr_score.convert.graph.streaming_axis import FrameAxis
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.rt_info import write_facts
from ov_asr_score.convert.tensors.constants import int_vector
from ov_asr_score.convert.tensors.named_ports import named_parameter, named_result
from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, is_recurrent
from ov_asr_score.openvino_api import opset, ov


def build_frame_graph(whole: TimePlan, options: ConvertOptions, facts: ConversionFacts) -> ov.Model:
    """The model that gives the scores of ``whole`` frame by frame; delay and size of requests are in its facts.

    Inputs are ``input`` [B, F, D], one [B, D] for each further input node, and ``frames_left`` [B, 1] where the scores
    near the end of an utterance depend on where it ends. Raises UnsupportedModelError.
    """
    plan = plan_frames(whole, options.frames_per_request)
    network, batch = plan.network, options.batch
    frames_left = named_parameter(FRAMES_LEFT_INPUT, [batch, 1])
    axis = FrameAxis(plan.frames, batch, plan.subsampling, frames_left.output(0))
    parameters: list[ov.Node] = []
    inputs: dict[str, NodeValue] = {}
    for node in network.inputs:
        place = (node.name, 0)
        if node.name == "input":
            features = named_parameter(node.name, [batch, plan.frames, node.dim])
            inputs[node.name] = with_memory(plan, axis, place, features.output(0))
            parameters.insert(0, features)
        elif place in plan.grids:
            vector = named_parameter(node.name, [batch, node.dim])
            row = opset.unsqueeze(vector, int_vector(1))
            inputs[node.name] = NodeValue(row.output(0), None)
            parameters.append(vector)
    builder = GraphBuilder(plan, axis, inputs)
    for group in plan.groups:
        needed = [place for place in group if place in plan.grids]
        if needed:
            compute_places(builder, plan, axis, needed)
    results = []
    for name in plan.outputs:
        scores = builder.frames(builder.values[(name, 0)], plan.grids[(name, 0)])
        results.append(named_result(adjust_scores(network, scores, options), name))
    if axis.uses_frames_left:
        parameters.append(frames_left)
    model = ov.Model(results, axis.sinks, parameters, Path(network.source).name)
    # What CPU plugins since 2025 score wrongly must not be in the file, wherever it is run.
    repair_memory_concats(model)
    ivectors = ",".join(name for name in inputs if name != "input")
    fed_before = plan.early + (whole.window.left if options.pad_input else 0)
    write_facts(
        model,
        replace(
            facts,
            ivector_inputs=ivectors,
            frames_per_request=plan.frames,
            delay=plan.delay,
            fed_before=fed_before,
        ),
    )
    return model


def compute_places(builder: GraphBuilder, plan: FramePlan, axis: FrameAxis, group: list[Place]) -> None:
    """Add the values of a group, with what they remember.

    Reason for the refusal: what is read would have to be kept for longer than the plan knows; Kaldi has no such mode.
    """
    builder.plan = plan.seen_from(group[0])
    if is_recurrent(plan.network, group):
        compute_group(builder, group)
    elif group[0] not in builder.values:
        builder.compute(group[0])
    for place in group:
        value = builder.values.get(place)
        if value is not None and value.grid is not None and place not in plan.steady and place[0] != "input":
            # Columns of a node come with all frames that the node remembers.
            output = axis.pick(value.output, value.grid, plan.grids[place])
            if output.get_partial_shape()[1] != len(plan.grids[place].times(0)):
                raise UnsupportedModelError(
                    f"{plan.network.source}: cannot be scored frame by frame: '{place_name(place)}' is computed for "
                    "fewer frames than are read; leave time=frame out",
                    fields=("time",),
                )
            builder.values[place] = with_memory(plan, axis, place, output)


def with_memory(plan: FramePlan, axis: FrameAxis, place: Place, output: ov.Output) -> NodeValue:
    """The frames [B, F, D] of a place with those before that it remembers."""
    grid, count = plan.grids[place], plan.held.get(place, 0)
    if not count:
        return NodeValue(output, grid)
    earlier = Grid(grid.first - count * grid.step, grid.step, grid.last, fixed=True)
    return NodeValue(axis.remembering(place_name(place), output, count), earlier)

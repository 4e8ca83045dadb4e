"""Nodes that depend on their own past (or future): one loop over time for each group of them.

Whatever a group reads from outside is computed for all frames before the loop, in particular the part of a matrix
product that does not depend on the loop. If all delays are multiples of w frames, the loop advances w frames at a time.

Tests: tests/golden/test_cases.py, tests/convert/test_support.py
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.frames.loop_step import group_step
from ov_asr_score.convert.graph.graph_builder import GraphBuilder, place_name, reads_from_outside
from ov_asr_score.convert.graph.recurrence_step import Loop, LoopStep, compile_place, next_state
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.convert.tensors.tensor_iterator import loop_with_states
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.dependency import Offsets
from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, input_places
from ov_asr_score.kaldi_model.network import ComponentNode, KaldiNetwork
from ov_asr_score.openvino_api import opset, ov


def loop_problems(network: KaldiNetwork, group: Sequence[Place]) -> list[tuple[str, str]]:
    """What prevents one loop over time from computing a group: node and reason.

    Kaldi: ``ComputeComputationPhases`` finds no order of nodes without a delay (nnet3/nnet-computation-graph.cc).
    Reason for the others: frames of such groups have no order that holds for utterances of all lengths.
    """
    inside, signs, problems = set(group), set(), []
    for place in group:
        node = network.node(place[0])
        if isinstance(node, ComponentNode):
            component = network.components[node.component]
            if component.reads != Offsets():
                problems.append((place[0], f"a {component.type} inside of a recurrence"))
        for source, offset in input_places(network, place):
            if source in inside and offset is None:
                problems.append((place[0], "Round or ReplaceIndex inside of a recurrence"))
            elif source in inside and offset:
                signs.add(offset > 0)
    if len(signs) == 2:
        problems.append((group[0][0], "a recurrence that depends on past and future frames at once"))
    if not signs and not problems:
        problems.append((group[0][0], "depends on itself without a delay"))
    if _order(network, group) is None and not problems:
        problems.append((group[0][0], "depends on itself without a delay"))
    return problems


def compute_group(builder: GraphBuilder, group: Sequence[Place]) -> None:
    """Add the values of a group of places that depend on each other (see ``loop_problems``).

    Raises UnsupportedModelError. Kaldi: ``ComputeComputationPhases`` finds no order (nnet3/nnet-computation-graph.cc).
    """
    plan, axis = builder.plan, builder.axis
    group = [place for place in group if place in plan.grids]
    order = _order(plan.network, group)
    if order is None:
        raise UnsupportedModelError(f"{plan.network.source}: node '{group[0][0]}' depends on itself without a delay")
    loop = _plan_loop(builder, group)
    builders = {place: compile_place(loop, place) for place in order}
    stored = sorted(loop.delays)
    wanted = reads_from_outside(plan, group)

    def body(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
        step = LoopStep(frames, dict(zip(stored, states, strict=True)))
        for place in order:
            step.current[place] = builders[place](step)
        new_states = [next_state(loop, place, step.states[place], step.current[place]) for place in stored]
        return new_states, [step.current[place] for place in wanted]

    initial = [
        axis.initial_state(
            f"{place_name(place)}.state",
            builder.features,
            loop.delays[place] // loop.grid.step,
            node_dim(plan.network, place[0]),
        )
        for place in stored
    ]
    if axis.static_count(loop.grid) == loop.width:
        # One step is no loop: a graph of plain operations, which more devices can run.
        states, outputs = body(loop.inputs, initial)
        missing = None
    else:
        inputs, missing = _padded(loop)
        name = f"{order[-1][0]}.loop"
        states, outputs = loop_with_states(inputs, initial, body, width=loop.width, reverse=loop.backward, name=name)
    for place, state in zip(stored, states, strict=True):
        axis.keep_state(f"{place_name(place)}.state", state)
    for place, output in zip(wanted, outputs, strict=True):
        builder.values[place] = NodeValue(_trimmed(loop, output, missing), loop.grid)


def _plan_loop(builder: GraphBuilder, group: Sequence[Place]) -> Loop:
    plan, inside = builder.plan, frozenset(group)
    delays: dict[Place, int] = {}
    backward = False
    for place in group:
        for source, offset in input_places(plan.network, place):
            if source in inside and offset:
                delays[source] = max(delays.get(source, 0), abs(offset))
                backward = offset > 0
    grids = [plan.grids[place] for place in group]
    step, width = group_step(plan.grids, plan.network, group)
    first, last = min(grid.first for grid in grids), max(grid.last for grid in grids)
    grid = Grid(first, step, last, fixed=all(grid.fixed for grid in grids))
    if plan.subsampling % step == 0 and not grid.fixed:
        grid = Grid(first, step, last - (last - first) % step)
    count = builder.axis.static_count(grid)
    return Loop(builder, inside, grid, gcd(width, count) if count else width, delays, backward)


def _order(network: KaldiNetwork, group: Sequence[Place]) -> list[Place] | None:
    """The group in the order in which a frame of it is computed; None if there is none."""
    inside, pending = set(group), list(group)
    order: list[Place] = []
    reads = {
        place: {source for source, offset in input_places(network, place) if source in inside and offset == 0}
        for place in group
    }
    while pending:
        ready = [place for place in pending if reads[place] <= set(order)]
        if not ready:
            return None
        order += ready
        pending = [place for place in pending if place not in ready]
    return order


def _padded(loop: Loop) -> tuple[list[ov.Output], ov.Output | None]:
    """The inputs of the loop with a multiple of ``width`` frames, and how many frames were added (int64 [1])."""
    inputs, axis = loop.inputs or [_zero_frames(loop)], loop.builder.axis
    if loop.width == 1 or axis.static_count(loop.grid):
        return inputs, None
    width = int_vector(loop.width)
    count = opset.unsqueeze(axis.count(loop.grid), int_vector(0))
    missing = opset.floor_mod(opset.subtract(int_vector(0), count), width)
    zero = int_vector(0)
    amount = opset.concat([zero, missing, zero], 0)
    none = int_vector(0, 0, 0)
    begin, end = (amount, none) if loop.backward else (none, amount)
    fill = float_scalar(0)
    return [opset.pad(value, begin, end, "constant", fill).output(0) for value in inputs], missing.output(0)


def _zero_frames(loop: Loop) -> ov.Output:
    """Zeros [B, N, 1], the input of a loop that has none: they give it the number of its steps."""
    zero = opset.constant(np.zeros((1, 1, 1), np.float32)).output(0)
    return loop.builder.axis.broadcast(zero, loop.builder.features, loop.grid)


def _trimmed(loop: Loop, output: ov.Output, missing: ov.Output | None) -> ov.Output:
    if missing is None:
        return output
    one, axis = int_vector(1), int_vector(1)
    if loop.backward:
        return opset.slice(output, missing, int_vector(2**62), one, axis).output(0)
    count = opset.unsqueeze(loop.builder.axis.count(loop.grid), int_vector(0))
    return opset.slice(output, int_vector(0), count, one, axis).output(0)

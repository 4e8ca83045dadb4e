"""From a Kaldi network to an OpenVINO model.

Tests: tests/golden/test_cases.py, tests/golden/test_plans.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lcm

import numpy as np

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.facts import EDGES_INPUT, ConversionFacts, source_name
from ov_asr_score.convert.frames.grids import Grid, InputWindow
from ov_asr_score.convert.frames.irregular_frames import frame_pattern
from ov_asr_score.convert.frames.utterance_plan import TimePlan, plan_time
from ov_asr_score.convert.frames.vector_plan import VectorPlan, plan_vector
from ov_asr_score.convert.graph.graph_builder import GraphBuilder
from ov_asr_score.convert.graph.output_scores import adjust_scores
from ov_asr_score.convert.graph.recurrence import compute_group
from ov_asr_score.convert.graph.streaming_graph import build_frame_graph
from ov_asr_score.convert.graph.utterance_axis import TimeAxis
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.nnet1.network_graph import build_sequence_graph, sequence_reach
from ov_asr_score.convert.nonfinite_weights import nonfinite_weights
from ov_asr_score.convert.rewriting.layer_folding import fold_network
from ov_asr_score.convert.rewriting.multiply_before_splicing import multiply_before_splicing
from ov_asr_score.convert.rewriting.splicing_to_descriptors import lower_splicing
from ov_asr_score.convert.rewriting.straight_loops import straighten_loops
from ov_asr_score.convert.rt_info import read_facts, write_facts
from ov_asr_score.convert.support import check_supported
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import pad_frames
from ov_asr_score.convert.tensors.named_ports import named_parameter, named_result
from ov_asr_score.convert.tensors.shared_constants import share_constants
from ov_asr_score.convert.wanted_outputs import with_outputs, without_orphans
from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.frames.context import Contexts, check_period, network_contexts
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order, is_recurrent, time_period
from ov_asr_score.kaldi_model.frames.reach import component_periods, network_reach
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.openvino_api import opset, ov


def convert_network(network: KaldiNetwork, options: ConvertOptions) -> ov.Model:
    """The model that scores ``network`` as Kaldi's own programs do; ``read_facts`` says how to feed it.

    Inputs are ``input`` [B, T, D] float32 and one [B, D] for each further input node (i-vectors); outputs carry the
    names of Kaldi's nodes and are [B, rows, pdfs]. The facts name parameters that are not finite.

    Raises UnsupportedModelError (with all that cannot be converted), UnknownNameError (an output that does not exist),
    UsageError (options that do not fit the model), ModelFormatError (impossible fields of a component).
    """
    try:
        # Parameters that are not finite are found in the graph; numpy's warnings would not say where they come from.
        with np.errstate(all="ignore"):
            network, outputs = with_outputs(network, options.outputs)
            model = _convert(network, outputs, options)
            share_constants(model)
            nonfinite = nonfinite_weights(model, network, outputs)
            facts = read_facts(model)
            if nonfinite and facts is not None:
                write_facts(model, replace(facts, nonfinite_weights=nonfinite))
            return model
    except (ModelFormatError, UnsupportedModelError) as error:
        if str(error).startswith(f"{network.source}: "):
            raise
        raise type(error)(f"{network.source}: {error}") from error


def looks_back_only(network: KaldiNetwork, options: ConvertOptions) -> bool:
    """Whether scores depend on all earlier frames but on a bounded number of later ones: an LSTM, not a BLSTM.

    Raises UnsupportedModelError, UnknownNameError.
    """
    network, outputs = with_outputs(network, options.outputs)
    if network.generation == 1:
        left, right = sequence_reach(network)
    else:
        network = without_orphans(lower_splicing(network), outputs)
        left, right = network_reach(network, evaluation_order(network, outputs))
    return left is None and right is not None


def _convert(network: KaldiNetwork, outputs: tuple[str, ...], options: ConvertOptions) -> ov.Model:
    if network.generation == 1:
        check_supported(network, outputs)
        return build_sequence_graph(network, outputs, options)
    check_period(network)
    lowered = lower_splicing(network)
    check_supported(straighten_loops(lowered, outputs), outputs)
    return _TimeGraph(lowered, outputs, options).build()


@dataclass(frozen=True, slots=True, eq=False)
class _TimeGraph:
    """A network of nnet2 or nnet3, and what it takes to build its graph over the time axis."""

    network: KaldiNetwork
    outputs: tuple[str, ...]
    options: ConvertOptions

    def build(self) -> ov.Model:
        options = self.options
        contexts = Contexts(0, 0, 1) if options.gives_vector else _joint_contexts(self.network, self.outputs)
        facts = self._facts(contexts)
        window = InputWindow(
            contexts.left + facts.extra_left_context,
            contexts.right + facts.extra_right_context,
            contexts.left + _or(facts.extra_left_context_initial, facts.extra_left_context),
            contexts.right + _or(facts.extra_right_context_final, facts.extra_right_context),
        )
        if facts.time != "chunk":
            # One chunk is the first and the last one.
            window = InputWindow(*(window.left_initial, window.right_final) * 2)
        if facts.time == "looped":
            # A chunk is given all frames of its last step of subsampling.
            window = InputWindow(*(window.left_initial, window.right_final + options.frame_subsampling_factor - 1) * 2)
        facts = self._with_reach(facts)
        network = straighten_loops(without_orphans(self.network, self.outputs), self.outputs)
        folded = fold_network(network, options.keep_nodes)
        # Masks of frame graphs are made of intervals only.
        irregular = None if facts.time in ("frame", "looped") else frame_pattern

        def planned(network: KaldiNetwork) -> TimePlan:
            if options.gives_vector:
                return plan_vector(network, self.outputs, irregular)
            factor, chunk = options.frame_subsampling_factor, facts.frames_per_chunk
            return plan_time(network, self.outputs, window, factor, irregular, chunk)

        plan = planned(folded)
        ordered = multiply_before_splicing(plan, options.keep_nodes)
        if ordered is not plan.network:
            folded, plan = ordered, planned(ordered)
        if isinstance(plan, VectorPlan):
            facts = replace(facts, least_frames=plan.least_end + 1)
        if facts.time == "frame":
            return build_frame_graph(plan, options, facts)
        if facts.time == "looped":
            from ov_asr_score.convert.graph.looped_graph import build_looped_graph

            return build_looped_graph(plan, options, facts)

        features = named_parameter("input", [-1, -1, _input_dim(folded)])
        parameters = [features]
        if facts.time == "utterance":
            frames, end = (
                _repeat_edges(features.output(0), window, options)
                if options.pad_input
                else (features.output(0), _end_of_window(features.output(0), window))
            )
        else:
            frames, end = features.output(0), _end_of_window(features.output(0), window)
        inputs = {"input": NodeValue(frames, Grid(-window.left, 1, window.right))}
        for node in folded.inputs:
            if node.name != "input" and (node.name, 0) in plan.grids:
                vector = named_parameter(node.name, [-1, node.dim])
                parameters.append(vector)
                inputs[node.name] = NodeValue(
                    opset.unsqueeze(vector, int_vector(1)).output(0),
                    Grid(0, 1, 0, fixed=True),
                )
        edges = None
        if window.varies:
            edges_parameter = named_parameter(EDGES_INPUT, [-1, 2])
            parameters.append(edges_parameter)
            edges = edges_parameter.output(0)
        axis = TimeAxis(end, options.frame_subsampling_factor, edges)
        builder = build_plan(plan, axis, inputs)
        results = []
        for name in self.outputs:
            scores = builder.frames(builder.values[(name, 0)], plan.grids[(name, 0)])
            scores = axis.pick(scores, _grid_of(builder, name, plan), _score_grid(options))
            results.append(named_result(adjust_scores(folded, scores, options), name))
        model = ov.Model(results, parameters, source_name(self.network.source))
        ivectors = ",".join(name for name in inputs if name != "input")
        write_facts(model, replace(facts, ivector_inputs=ivectors))
        return model

    def _facts(self, contexts: Contexts) -> ConversionFacts:
        options = self.options
        chunk = options.frames_per_chunk
        if chunk and not options.gives_vector:
            unit = lcm(options.frame_subsampling_factor, contexts.modulus)
            chunk = -(-chunk // unit) * unit
        return ConversionFacts(
            time="vector" if options.gives_vector else "chunk" if chunk else options.time,
            source=source_name(self.network.source),
            source_sha256="",
            generation=self.network.generation,
            left_context=contexts.left,
            right_context=contexts.right,
            modulus=contexts.modulus,
            frame_subsampling_factor=options.frame_subsampling_factor,
            frames_per_chunk=chunk,
            extra_left_context=options.extra_left_context,
            extra_right_context=options.extra_right_context,
            extra_left_context_initial=options.extra_left_context_initial,
            extra_right_context_final=options.extra_right_context_final,
            pad_input=options.pad_input,
            min_chunk_size=options.min_chunk_size,
        )

    def _with_reach(self, facts: ConversionFacts) -> ConversionFacts:
        network = without_orphans(self.network, self.outputs)
        left, right = network_reach(network, evaluation_order(network, self.outputs))
        unit = lcm(facts.frame_subsampling_factor, time_period(network), *component_periods(network))
        return replace(
            facts,
            reach_left=-1 if left is None else left,
            reach_right=-1 if right is None else right,
            alignment=unit,
        )


def build_plan(plan: TimePlan, axis: TimeAxis, inputs: dict[str, NodeValue]) -> GraphBuilder:
    """A builder that has the values of all places of ``plan``. Raises UnsupportedModelError, ModelFormatError."""
    builder = GraphBuilder(plan, axis, inputs)
    for group in plan.groups:
        needed = [place for place in group if place in plan.grids]
        if needed and is_recurrent(plan.network, needed):
            compute_group(builder, needed)
        elif needed and needed[0] not in builder.values:
            builder.compute(needed[0])
    return builder


def _joint_contexts(network: KaldiNetwork, outputs: Sequence[str]) -> Contexts:
    contexts = [network_contexts(network, name) for name in outputs]
    left, right = max(context.left for context in contexts), max(context.right for context in contexts)
    return Contexts(left, right, contexts[0].modulus)


def _input_dim(network: KaldiNetwork) -> int:
    """Columns of the features. Kaldi: ``IsSimpleNnet`` (nnet3/nnet-utils.cc) asks for an input of this name."""
    for node in network.inputs:
        if node.name == "input":
            return node.dim
    names = ", ".join(node.name for node in network.inputs)
    raise UnsupportedModelError(f"{network.source}: expected an input node 'input', found {names}")


def _or(value: int, otherwise: int) -> int:
    return value if value >= 0 else otherwise


def _score_grid(options: ConvertOptions) -> Grid:
    return Grid(0, options.frame_subsampling_factor, 0, fixed=options.gives_vector)


def _grid_of(builder: GraphBuilder, name: str, plan: TimePlan) -> Grid:
    grid = builder.values[(name, 0)].grid
    return plan.grids[(name, 0)] if grid is None else grid


def _repeat_edges(features: ov.Output, window: InputWindow, options: ConvertOptions) -> tuple[ov.Output, ov.Output]:
    """The features with copies of the first and the last frame around them, and the last frame of scores.

    With subsampling the last frame of scores is the last multiple of the factor; frames further behind it than the
    right context are cut off.
    """
    factor = options.frame_subsampling_factor
    last = opset.subtract(_length(features), int_scalar(1))
    padded = pad_frames(features, window.left, window.right, "edge") if window.left or window.right else features
    if factor == 1:
        return padded, last.output(0)
    end = opset.multiply(opset.divide(last, int_scalar(factor)), int_scalar(factor))
    stop = opset.unsqueeze(opset.add(end, int_scalar(1 + window.left + window.right)), int_vector(0))
    return opset.slice(padded, int_vector(0), stop, int_vector(1), int_vector(1)).output(0), end.output(0)


def _end_of_window(features: ov.Output, window: InputWindow) -> ov.Output:
    return opset.subtract(_length(features), int_scalar(1 + window.left + window.right)).output(0)


def _length(features: ov.Output) -> ov.Node:
    return opset.gather(opset.shape_of(features, "i64"), int_scalar(1), int_scalar(0))

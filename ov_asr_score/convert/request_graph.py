"""The graph of a network for one request whose frames are known: those of a training example.

Tests: tests/egs/test_kaldi_figures.py, tests/job/test_egs_prob.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ov_asr_score.convert.converter import build_plan
from ov_asr_score.convert.frames.request_plan import Times, grid_of_times, plan_request
from ov_asr_score.convert.graph.utterance_axis import TimeAxis
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.rewriting.layer_folding import fold_network
from ov_asr_score.convert.rewriting.multiply_before_splicing import multiply_before_splicing
from ov_asr_score.convert.rewriting.splicing_to_descriptors import lower_splicing
from ov_asr_score.convert.rewriting.straight_loops import straighten_loops
from ov_asr_score.convert.support import check_supported
from ov_asr_score.convert.tensors.constants import int_scalar
from ov_asr_score.convert.tensors.named_ports import named_parameter, named_result
from ov_asr_score.convert.tensors.shared_constants import share_constants
from ov_asr_score.convert.wanted_outputs import without_orphans
from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.frames.context import check_period
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.openvino_api import ov


def prepare_network(network: KaldiNetwork, outputs: Sequence[str]) -> KaldiNetwork:
    """A network of nnet2 or nnet3 rewritten for graphs of the output nodes ``outputs``, which give the same scores.

    Raises UnsupportedModelError, with all that cannot be converted, and ModelFormatError.
    """
    try:
        with np.errstate(all="ignore"):
            check_period(network)
            lowered = lower_splicing(network)
            straight = straighten_loops(without_orphans(lowered, outputs), outputs)
            check_supported(straight, outputs)
            return fold_network(straight)
    except (ModelFormatError, UnsupportedModelError) as error:
        raise _located(error, network) from error


def convert_request(prepared: KaldiNetwork, inputs: Mapping[str, Times], outputs: Mapping[str, Times]) -> ov.Model:
    """The model of a prepared network for examples that have the frames ``inputs``, and scores for ``outputs``.

    Inputs and outputs are [B, rows, D] with the names of the nodes; their rows are the frames of ``grid_of_times``.
    Inputs that the outputs do not need are left out. Raises UnsupportedModelError when a frame of an output cannot be
    computed from these inputs, ModelFormatError.
    """
    names = tuple(outputs)
    try:
        with np.errstate(all="ignore"):
            plan = plan_request(prepared, inputs, outputs)
            ordered = multiply_before_splicing(plan)
            if ordered is not plan.network:
                plan = plan_request(ordered, inputs, outputs)
            needed = [name for name in inputs if (name, 0) in plan.grids]
            first = needed[0] if needed else next(iter(inputs))
            parameters = {
                node.name: named_parameter(node.name, [-1, len(grid_of_times(inputs[node.name]).times(0)), node.dim])
                for node in prepared.inputs
                if node.name in needed or node.name == first
            }
            values = {name: NodeValue(node.output(0), grid_of_times(inputs[name])) for name, node in parameters.items()}
            axis = TimeAxis(int_scalar(0).output(0), 1)
            builder = build_plan(plan, axis, {"input": values[first], **values})
            results = []
            for name in names:
                value = builder.values[(name, 0)]
                source = plan.grids[(name, 0)] if value.grid is None else value.grid
                scores = axis.pick(builder.frames(value, source), source, grid_of_times(outputs[name]))
                results.append(named_result(scores, name))
            model = ov.Model(results, list(parameters.values()), Path(prepared.source).name)
            share_constants(model)
            return model
    except (ModelFormatError, UnsupportedModelError) as error:
        raise _located(error, prepared) from error


def _located(
    error: ModelFormatError | UnsupportedModelError, network: KaldiNetwork
) -> ModelFormatError | UnsupportedModelError:
    text = str(error)
    return error if text.startswith(f"{network.source}: ") else type(error)(f"{network.source}: {text}")

"""Whole models as layers of GNA in float, against the CPU plugin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.float_graph import Activation, FakeQuantize
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.graphs.reading.model_reader import WHOLE_NUMBERS, read_graph
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.gna.float_models import constant, frames_for, model_of, numbers, scores_of_cpu, scores_of_graph
from tests.golden.test_cases import as_run, description, model_files
from tests.places import ROOT

GOLDEN = ROOT / "tests" / "golden"
FRAME_GRAPHS = [
    "nnet2/maxpooling",
    "nnet2/normalize",
    "nnet2/pnorm_half",
    "nnet3/batch_norm",
    "nnet3/convolution",
    "nnet3/failover_if_defined",
    "nnet3/fast_lstm_dropout",
    "nnet3/fast_lstm_projected",
    "nnet3/gru",
    "nnet3/if_defined_node",
    "nnet3/ivectors",
    "nnet3/loop_by_turns",
    "nnet3/lstm_of_parts_projected",
    "nnet3/opgru",
    "nnet3/rnn_missing_input",
    "nnet3/rnn_with_context",
    "nnet3/statistics",
    "nnet3/subsampling_tdnn",
    "nnet3/tdnn",
    "nnet3/time_height",
]


def check_against_the_cpu(model: ov.Model, count: int) -> None:
    graph = read_graph(model, "model")
    frames = frames_for(graph, count)
    for number, inputs in enumerate(frames):
        for values, port in zip(inputs, graph.inputs, strict=True):
            if FRAMES_LEFT_INPUT in port.tensor_names:
                values[:] = count - 1 - number
    for found, expected in zip(scores_of_graph(graph, frames), scores_of_cpu(model, graph, frames), strict=True):
        for values, scores in zip(found, expected, strict=True):
            np.testing.assert_allclose(values, scores, atol=1e-5 * max(1.0, float(np.abs(scores).max())))


@pytest.mark.parametrize("name", ["dnn_digits", "lstm_mem", "tdnn_al"])
def test_model_optimizer_models_match_cpu(name: str) -> None:
    check_against_the_cpu(ov.Core().read_model(ROOT / "models" / f"{name}.xml"), 40)


@pytest.mark.parametrize("name", FRAME_GRAPHS)
def test_kaldi_models_frame_by_frame_match_cpu(name: str) -> None:
    folder = GOLDEN / name
    options = as_run(folder, description(folder), description(folder)["options"]).options
    check_against_the_cpu(convert_file(model_files(folder)[0], replace(options, time="frame")), 25)


def test_chain_model_takes_three_frames_per_request() -> None:
    model = convert_file(ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl", KaldiOptions(time="frame"))
    assert read_graph(model, "chain").inputs[0].shape == (1, 3, 40)
    check_against_the_cpu(model, 15)


@pytest.mark.parametrize("name", ["nnet1_dnn/final.nnet", "nnet3_tdnn/final.mdl"])
def test_softmax_is_refused_and_its_input_can_be_scored(name: str) -> None:
    model = convert_file(ROOT / "models" / name, KaldiOptions(time="frame"))
    with pytest.raises(UnsupportedModelError, match=r"a layer that GNA does not support: '.*oftmax") as caught:
        read_graph(model, "model")
    before = str(caught.value).split("its input is '")[1].split("'")[0]
    node = next(each for each in model.get_ops() if each.get_friendly_name() == before)
    shorter = ov.Model([opset.result(node)], model.get_sinks(), model.get_parameters())
    check_against_the_cpu(shorter, 15)


def test_whole_number_inputs_match_conversion() -> None:
    assert {FRAMES_LEFT_INPUT} == WHOLE_NUMBERS


def counting() -> ov.Model:
    x = opset.parameter([1, 2], np.float32, name="x")
    before = opset.read_value(constant(np.zeros((1, 2))), "sum")
    total = opset.add(before, x)
    return ov.Model([opset.result(total)], [opset.assign(total, "sum")], [x])


def test_lanes_are_independent() -> None:
    program = FloatProgram(read_graph(counting(), "m"))
    memory = program.new_memory(3)
    frame = np.array([[1, 2], [10, 20], [100, 200]], np.float32)
    program.run(memory, [frame])
    program.restart(memory, np.array([False, True, False]))
    (scores,) = program.run(memory, [frame])
    np.testing.assert_array_equal(scores, [[2, 4], [10, 20], [200, 400]])
    assert program.is_stateful
    # what was given is not written to
    np.testing.assert_array_equal(frame, [[1, 2], [10, 20], [100, 200]])


def test_values_of_all_layers() -> None:
    model = model_of(lambda x: opset.tanh(opset.matmul(x, constant(numbers(2, 3)), False, False), name="t"), [1, 2])
    graph = read_graph(model, "m")
    program = FloatProgram(graph)
    memory = program.new_memory(4)
    (scores,) = program.run(memory, [numbers(4, 2)])
    values = program.values(memory)
    assert set(values) == set(graph.sizes)
    np.testing.assert_array_equal(values[graph.outputs[0].value], scores)
    np.testing.assert_allclose(np.tanh(values[graph.layers[0].output]), scores, rtol=1e-6)


def test_ports_have_shape_of_one_frame() -> None:
    program = FloatProgram(read_graph(counting(), "m"))
    assert [(port.name, port.shape, port.element_type) for port in program.inputs] == [("x", (None, 2), "f32")]


@pytest.mark.parametrize("function", ["exp", "log", "power"])
def test_functions_of_extreme_inputs(function: str) -> None:
    build: dict[str, Any] = {
        "exp": lambda x: opset.exp(opset.multiply(x, constant(1e3))),
        "log": lambda x: opset.log(opset.multiply(opset.relu(x), constant(0.5))),
        "power": lambda x: opset.power(x, constant(-1.0)),
    }
    graph = read_graph(model_of(build[function], [1, 3]), "m")
    assert any(isinstance(layer, Activation | FakeQuantize) for layer in graph.layers)
    (found,) = scores_of_graph(graph, [[np.array([[1, 0, 2]], np.float32)]])
    assert np.isinf(found[0]).any() and not np.isnan(found[0]).any()

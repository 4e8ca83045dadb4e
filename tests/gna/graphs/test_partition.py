"""Models partitioned for GNA and the CPU: the parts together score like the whole model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.graphs.partition import ModelPart, Partition, partition
from ov_asr_score.gna.graphs.reading.frame_ports import for_one_frame
from ov_asr_score.gna.graphs.reading.model_reader import read_graph
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.gna.float_models import constant, model_of, numbers
from tests.golden.test_cases import as_run, description, model_files
from tests.places import ROOT

Run = Callable[[Sequence[NDArray[Any]]], list[NDArray[Any]]]


def on_cpu(model: ov.Model) -> Run:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()

    def run(inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        shapes = [port.get_shape() for port in model.inputs]
        given = {
            index: np.ascontiguousarray(values).reshape([int(size) for size in shape])
            for index, (values, shape) in enumerate(zip(inputs, shapes, strict=True))
        }
        found = request.infer(given)
        return [np.array(found[index]) for index in range(len(model.outputs))]

    return run


def in_float(part: ModelPart) -> Run:
    program = FloatProgram(read_graph(part.model, "part"))
    memory = program.new_memory(1)
    return lambda inputs: program.run(memory, [np.asarray(values, np.float32).reshape(1, -1) for values in inputs])


def check(model: ov.Model, count: int = 6) -> Partition:
    """The parts, after their scores were found to be those of the whole."""
    cut = partition(model, "m.xml")
    whole = on_cpu(for_one_frame(model, "m.xml"))
    parts = [(part, on_cpu(part.model) if part.device == "CPU" else in_float(part)) for part in cut.parts]
    shapes = [[int(size) for size in port.get_shape()] for port in for_one_frame(model, "m.xml").inputs]
    generator = np.random.default_rng(0)
    for _ in range(count):
        inputs = [generator.standard_normal(shape).astype(np.float32) for shape in shapes]
        values: dict[str, NDArray[Any]] = dict(zip(cut.inputs, inputs, strict=True))
        for part, run in parts:
            values.update(zip(part.outputs, run([values[name] for name in part.inputs]), strict=True))
        for name, expected in zip(cut.outputs, whole(inputs), strict=True):
            np.testing.assert_allclose(values[name].reshape(-1), expected.reshape(-1), atol=1e-5)
    return cut


def devices(cut: Partition) -> list[str]:
    return [part.device for part in cut.parts]


def dense(x: Any, rows: int, columns: int, seed: int = 1) -> Any:
    return opset.add(
        opset.matmul(x, constant(numbers(rows, columns, seed=seed)), False, True), constant(numbers(1, rows))
    )


def test_supported_model_is_one_part() -> None:
    cut = check(model_of(lambda x: opset.sigmoid(dense(x, 4, 6)), [-1, 6]))
    assert devices(cut) == ["GNA"]
    assert {layer.reason for layer in cut.layers} == {""}


def test_final_log_softmax_goes_to_cpu() -> None:
    cut = check(model_of(lambda x: opset.log(opset.softmax(dense(x, 4, 6), 1, name="prob"), name="log"), [-1, 6]))
    assert devices(cut) == ["GNA", "CPU"]
    placed = {layer.name: (layer.device, layer.part) for layer in cut.layers}
    assert placed["prob"] == placed["log"] == ("CPU", 1)
    assert [layer.name for layer in cut.layers if layer.reason] == ["prob"]
    assert placed.keys() >= {"prob", "log"} and ("GNA", 0) in placed.values()


def test_unsupported_layer_in_the_middle_makes_three_parts() -> None:
    def build(x: Any) -> Any:
        hidden = dense(x, 8, 6)
        return opset.add(dense(opset.softmax(hidden, 1), 4, 8), opset.tanh(dense(hidden, 4, 8, seed=2)))

    cut = check(model_of(build, [-1, 6]))
    assert devices(cut) == ["GNA", "CPU", "GNA"]


def test_several_inputs_and_outputs() -> None:
    def build(x: Any, y: Any) -> Any:
        hidden = dense(x, 4, 6)
        return [hidden, opset.softmax(opset.add(hidden, y), 1), y, opset.softmax(y, 1)]

    cut = check(model_of(build, [-1, 6], [-1, 4]))
    assert devices(cut) == ["GNA", "CPU"]
    assert cut.inputs == ("input0", "input1") and len(cut.outputs) == 4


def test_model_without_product_goes_to_cpu() -> None:
    assert devices(check(model_of(lambda x: opset.softmax(opset.tanh(x), 1), [-1, 6]))) == ["CPU"]


def test_constant_output() -> None:
    def build(x: Any) -> Any:
        lengths = opset.convert(opset.shape_of(x), "f32")
        return [opset.softmax(dense(x, 4, 6), 1), opset.multiply(lengths, constant([2.0, 3.0]))]

    assert devices(check(model_of(build, [-1, 6]))) == ["GNA", "CPU"]


def stateful(build: Callable[[Any, Any], tuple[Any, Any]], size: int) -> ov.Model:
    x = opset.parameter([1, 6], np.float32, name="x")
    before = opset.read_value(constant(np.zeros((1, size))), "state")
    output, kept = build(x, before)
    return ov.Model([opset.result(output)], [opset.assign(kept, "state")], [x])


def test_variable_stays_on_gna_if_supported() -> None:
    def build(x: Any, before: Any) -> tuple[Any, Any]:
        state = opset.tanh(opset.add(dense(x, 5, 6), dense(before, 5, 5)))
        return opset.softmax(dense(state, 3, 5), 1), state

    cut = check(stateful(build, 5))
    assert devices(cut) == ["GNA", "CPU"]
    assert [len(part.model.get_sinks()) for part in cut.parts] == [1, 0]


def test_variable_with_unsupported_update_goes_to_cpu() -> None:
    def build(x: Any, before: Any) -> tuple[Any, Any]:
        state = opset.softmax(opset.add(dense(x, 5, 6), dense(before, 5, 5)), 1)
        return dense(opset.tanh(dense(state, 4, 5)), 3, 4), state

    cut = check(stateful(build, 5))
    assert devices(cut) == ["GNA", "CPU", "GNA"]
    assert [len(part.model.get_sinks()) for part in cut.parts] == [0, 1, 0]


def test_variable_written_on_cpu_is_read_in_later_part() -> None:
    def build(x: Any, before: Any) -> tuple[Any, Any]:
        return dense(before, 3, 5), dense(opset.softmax(dense(x, 5, 6), 1), 5, 5)

    cut = check(stateful(build, 5))
    assert devices(cut) == ["GNA", "CPU", "GNA"]
    assert [len(part.model.get_sinks()) for part in cut.parts] == [0, 0, 1]


@pytest.mark.parametrize("name", ["nnet1_dnn/final.nnet", "nnet3_tdnn/final.mdl"])
def test_kaldi_softmax_goes_to_cpu(name: str) -> None:
    cut = check(convert_file(ROOT / "models" / name, KaldiOptions(time="frame")), count=15)
    assert devices(cut) == ["GNA", "CPU"]


@pytest.mark.parametrize("name", ["nnet3/attention", "nnet3/several_outputs_2", "nnet2/soft_hinge"])
def test_kaldi_models_partition(name: str) -> None:
    folder = ROOT / "tests" / "golden" / name
    options = as_run(folder, description(folder), description(folder)["options"]).options
    assert "CPU" in devices(check(convert_file(model_files(folder)[0], replace(options, time="frame")), count=15))

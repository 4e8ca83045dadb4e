"""Small float models, their scores on the CPU plugin, and their scores as layers of GNA in float."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.gna.graphs.float_graph import GnaGraph
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.openvino_api import opset, ov

Frames = list[list[NDArray[np.float32]]]


def numbers(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Reproducible numbers of both signs."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def constant(values: Any, kind: type = np.float32) -> Any:
    """A constant node."""
    return opset.constant(np.array(values, kind))


def model_of(build: Callable[..., Any], *shapes: Sequence[int]) -> ov.Model:
    """The model whose inputs have these shapes (-1: free) and whose outputs are what ``build`` makes of them."""
    inputs = [opset.parameter([*shape], np.float32, name=f"input{number}") for number, shape in enumerate(shapes)]
    for node in inputs:
        node.output(0).get_tensor().set_names({node.get_friendly_name()})
    made = build(*inputs)
    outputs = made if isinstance(made, list | tuple) else [made]
    return ov.Model([opset.result(each) for each in outputs], inputs)


def frames_for(graph: GnaGraph, count: int) -> Frames:
    """``count`` frames, one array [1, size] for each input."""
    generator = np.random.default_rng(1)
    sizes = [port.size for port in graph.inputs]
    return [[generator.standard_normal((1, size)).astype(np.float32) for size in sizes] for _ in range(count)]


def scores_of_graph(graph: GnaGraph, frames: Frames) -> list[list[NDArray[np.float32]]]:
    """What the layers give, frame after frame."""
    program = FloatProgram(graph)
    memory = program.new_memory(1)
    return [[np.array(each) for each in program.run(memory, inputs)] for inputs in frames]


def scores_of_cpu(model: ov.Model, graph: GnaGraph, frames: Frames) -> list[list[NDArray[np.float32]]]:
    """What the CPU plugin gives in float32, frame after frame, [1, size] each."""
    mended = model.clone()
    repair_memory_concats(mended)
    compiled = ov.Core().compile_model(mended, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    results = []
    for inputs in frames:
        given = {
            index: np.ascontiguousarray(values.reshape(port.shape))
            for index, (values, port) in enumerate(zip(inputs, graph.inputs, strict=True))
        }
        found = request.infer(given)
        results.append([np.array(found[index]).reshape(1, -1) for index in range(len(model.outputs))])
    return results

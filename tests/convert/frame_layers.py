"""Runs the converter of one component on OpenVINO, for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.graph.components import apply_component
from ov_asr_score.convert.nnet1.chain_graph import convert_component
from ov_asr_score.kaldi_model.network import Component, FieldValue, FloatArray, Generation
from ov_asr_score.openvino_api import opset, ov
from tests.convert.numpy_reference import reference

# Float32 of the runtime against float64 of the reference, for values of about 1.
TOLERANCE = 1e-5


def component(kind: str, /, **fields: FieldValue) -> Component:
    return Component("layer", f"{kind}Component", fields, 1234)


def composite(*parts: Component) -> Component:
    return Component("layer", "CompositeComponent", {"NumComponents": len(parts)}, 1234, (parts,))


def converted(part: Component, dim: int, generation: Generation = 3) -> ov.Model:
    """A model of one component with the input ``x`` [?, ?, dim]."""
    x = opset.parameter(ov.PartialShape([-1, -1, dim]), ov.Type.f32, name="x")
    output = convert_component(part, x.output(0)) if generation == 1 else apply_component(generation, part, x.output(0))
    return ov.Model([opset.result(output)], [x], "one component")


def scores(model: ov.Model, frames: NDArray[np.float32]) -> FloatArray:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([frames])[0], np.float32)


def assert_equal(found: NDArray[np.float32], expected: NDArray[np.float64]) -> None:
    assert found.shape == expected.shape
    difference = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    worst = np.unravel_index(int(np.argmax(difference)), difference.shape)
    assert difference[worst] <= TOLERANCE, f"{difference[worst]} at {worst}: {found[worst]}, not {expected[worst]}"


def check(part: Component, dim: int, seed: int = 0, generation: Generation = 3) -> None:
    """Compare the converted component with the reference for two shapes of one compiled model."""
    model = converted(part, dim, generation)
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for shape in ((2, 5, dim), (1, 1, dim), (3, 17, dim)):
        frames = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
        assert_equal(compiled([frames])[0], reference(part, frames))
    source = model.get_results()[0].input_value(0).get_node()
    assert source.get_friendly_name() in {part.name, "x"}
    assert model.outputs[0].get_partial_shape()[2].is_static


def random_values(*shape: int, seed: int = 1) -> FloatArray:
    """Normally distributed float32 values of the size that weights of a layer of that width have."""
    scale = 1.0 if len(shape) == 1 else 1.0 / np.sqrt(shape[-1])
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)

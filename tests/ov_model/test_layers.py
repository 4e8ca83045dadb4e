"""Which layers there are, and models that give them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.layers import find_layers, reshaped, value_bytes, with_outputs


def model() -> ov.Model:
    """A layer over what is half as wide, with a computed shape, a constant that is converted, and a moving layer."""
    feats = opset.parameter([-1, 4], np.float32, name="feats")
    weights = opset.convert(opset.constant(np.ones((4, 6), np.float16)), "f32", name="weights")
    product = opset.matmul(feats, weights, False, False, name="product")
    rows = opset.convert(opset.shape_of(feats, "i64"), "f32", name="shape_as_floats")
    halves = opset.split(product, opset.constant(np.int64(1)), 2, name="halves")
    total = opset.add(halves.output(0), halves.output(1), name="total")
    scaled = opset.multiply(total, opset.gather(rows, opset.constant(np.int64(0)), opset.constant(np.int64(0))))
    scaled.set_friendly_name("scaled")
    out = opset.reshape(scaled, opset.constant(np.array([1, -1, 3], np.int64)), False, name="out")
    return ov.Model([out], [feats], "layers")


def test_layers_are_what_depends_on_features() -> None:
    found = find_layers(model())
    assert [(layer.name, layer.type) for layer in found] == [
        ("product", "MatMul"),
        ("halves:0", "Split"),
        ("halves:1", "Split"),
        ("total", "Add"),
        ("scaled", "Multiply"),
        ("out", "Reshape"),
    ]
    assert [layer.name for layer in found if layer.moves] == ["halves:0", "halves:1"]


def test_only_known_names_and_the_outputs() -> None:
    assert [layer.name for layer in find_layers(model(), {"total", "other"})] == ["total", "out"]


def test_sizes_and_values() -> None:
    fixed = reshaped(model(), [(5, 4)])
    names = ["scaled", "product", "halves:1"]
    assert value_bytes(fixed, names, 99, None) == {"scaled": 60, "product": 120, "halves:1": 60}
    assert value_bytes(model(), ["product"], 99, None) == {"product": 99 * 6 * 4}
    compiled = ov.Core().compile_model(with_outputs(fixed, names, None), "CPU")
    scaled, product, half = compiled(np.ones((5, 4), np.float32)).values()
    assert scaled.tolist() == np.full((5, 3), 40.0).tolist()
    assert product.tolist() == np.full((5, 6), 4.0).tolist()
    assert half.tolist() == np.full((5, 3), 4.0).tolist()

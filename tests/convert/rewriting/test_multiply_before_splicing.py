from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.openvino_api import ov


def component(name: str, rows: int, columns: int, random: np.random.Generator) -> str:
    weights = "\n".join(" ".join(f"{value:.4f}" for value in row) for row in random.standard_normal((rows, columns)))
    bias = " ".join(f"{value:.4f}" for value in random.standard_normal(rows))
    return (
        f"<ComponentName> {name} <AffineComponent> <LearningRate> 0.001 <LinearParams> [\n{weights} ]\n"
        f"<BiasParams> [ {bias} ]\n</AffineComponent>\n"
    )


def network(folder: Path, spliced: str, width: int, narrow: int, frames: int, step: int = 1) -> KaldiNetwork:
    """A wide layer whose frames a narrow one puts side by side as ``spliced`` says, and a last one."""
    random = np.random.default_rng(5)
    lines = [
        "<Nnet3> ",
        "input-node name=input dim=3",
        "component-node name=wide component=wide input=input",
        f"component-node name=narrow component=narrow input={spliced}",
        f"component-node name=last component=last input=Append(narrow, Offset(narrow, {step}))",
        "output-node name=output input=last objective=linear",
        "",
        "<NumComponents> 3",
    ]
    parts = [
        component("wide", width, 3, random),
        component("narrow", narrow, frames * width, random),
        component("last", 4, 2 * narrow, random),
    ]
    path = folder / "model.raw"
    path.write_text("\n".join(lines) + "\n" + "".join(parts) + "</Nnet3>\n")
    return load_network(path)


def products(model: ov.Model) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights of all matrix products, by name."""
    return {
        node.get_friendly_name(): tuple(node.input_value(1).get_node().get_output_shape(0))
        for node in model.get_ops()
        if node.get_type_name() == "MatMul"
    }


def scores(model: ov.Model) -> NDArray[Any]:
    rows = np.random.default_rng(6).standard_normal((1, 14, 3)).astype(np.float32)
    return np.array(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([rows])[0])


THREE = "Append(Offset(wide, -3), wide, Offset(wide, 3))"


def test_wide_frames_are_multiplied_first(tmp_path: Path) -> None:
    net = network(tmp_path, THREE, 20, 5, 3)
    model = convert_network(net, ConvertOptions())
    assert products(model)["narrow.products.product"] == (15, 20)
    assert "narrow" in {node.get_friendly_name() for node in model.get_ops()}
    # A node whose values are asked for is left as it is.
    plain = convert_network(net, ConvertOptions(keep_nodes=frozenset({"narrow"})))
    assert products(plain)["narrow.product"] == (5, 60)
    np.testing.assert_allclose(scores(model), scores(plain), rtol=1e-5, atol=1e-4)  # values to 60


@pytest.mark.parametrize(
    ("spliced", "narrow", "frames"),
    [
        (THREE, 11, 3),  # hardly narrower
        ("wide", 5, 1),  # nothing is spliced
        ("Append(wide, IfDefined(Offset(wide, 3)))", 5, 2),  # what is missing is zero
        ("Append(wide, Scale(0.5, wide))", 5, 2),
    ],
)
def test_layers_that_are_left_alone(tmp_path: Path, spliced: str, narrow: int, frames: int) -> None:
    model = convert_network(network(tmp_path, spliced, 20, narrow, frames), ConvertOptions())
    assert "narrow.products.product" not in products(model)


@pytest.mark.parametrize(("step", "is_changed"), [(1, True), (2, False)])
def test_no_product_is_made_for_no_one(tmp_path: Path, step: int, is_changed: bool) -> None:
    # Where every second frame of the narrow layer is needed, each frame of the wide one goes into one product only.
    net = network(tmp_path, "Append(Offset(wide, -1), wide)", 20, 5, 2, step)
    model = convert_network(net, ConvertOptions(frame_subsampling_factor=2))
    assert ("narrow.products.product" in products(model)) == is_changed

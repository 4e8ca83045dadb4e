from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.rewriting.layer_folding import fold_network
from ov_asr_score.kaldi_model.descriptors import format_descriptor, parse_descriptor
from ov_asr_score.kaldi_model.network import Component, ComponentNode, InputNode, KaldiNetwork, OutputNode
from tests.convert.frame_layers import component, random_values
from tests.convert.numpy_reference import reference

FRAMES = random_values(1, 5, 4, seed=9)


def affine(rows: int, columns: int, seed: int = 1) -> Component:
    weights, bias = random_values(rows, columns, seed=seed), random_values(rows, seed=seed + 1)
    return component("Affine", LinearParams=weights, BiasParams=bias)


SCALE = component("FixedScale", Scales=random_values(4, seed=5))
BIAS = component("FixedBias", Bias=random_values(4, seed=6))


def network(*layers: Component | tuple[Component, str]) -> KaldiNetwork:
    """Layers behind each other, called layer1, layer2, ...; each reads the last one, or what is said beside it."""
    nodes: list[ComponentNode] = []
    components = {}
    for number, layer in enumerate(layers, 1):
        part, source = layer if isinstance(layer, tuple) else (layer, f"layer{number - 1}" if nodes else "input")
        name = f"layer{number}"
        components[name] = Component(name, part.type, part.fields, 0, part.nested)
        nodes.append(ComponentNode(name, name, parse_descriptor(source)))
    output = OutputNode("output", parse_descriptor(nodes[-1].name))
    return KaldiNetwork(3, (InputNode("input", 4), *nodes, output), components, "model")


def layers(net: KaldiNetwork) -> dict[str, str]:
    """The type of each layer."""
    return {node.name: net.components[node.component].type for node in net.nodes if isinstance(node, ComponentNode)}


@pytest.mark.parametrize(
    "parts",
    [(affine(4, 4), SCALE, BIAS), (SCALE, BIAS, affine(3, 4)), (affine(4, 4), affine(2, 4, seed=3))],
    ids=["behind a matrix", "before a matrix", "two matrices"],
)
def test_one_matrix_computes_the_same(parts: tuple[Component, ...]) -> None:
    folded = fold_network(network(*parts))
    assert layers(folded) == {f"layer{len(parts)}": "AffineComponent"}
    expected = FRAMES
    for part in parts:
        expected = reference(part, expected).astype(np.float32)
    (joint,) = folded.components.values()
    np.testing.assert_allclose(reference(joint, FRAMES), expected, rtol=1e-5, atol=1e-5)


def test_scales_alone_are_joined() -> None:
    folded = fold_network(network(component("Tanh", Dim=4), SCALE, BIAS))
    assert layers(folded) == {"layer1": "TanhComponent", "layer3": "CompositeComponent"}


@pytest.mark.parametrize(
    ("net", "keep"),
    [
        (network(affine(4, 4), SCALE), {"layer1"}),
        (network(affine(1, 4), affine(4, 1)), set()),
        (network(affine(4, 4), (SCALE, "IfDefined(layer1)")), set()),
        (network(SCALE, (affine(2, 4), "Sum(layer1, Offset(layer1, -1))")), set()),
    ],
    ids=["asked for", "larger", "missing frames", "sum"],
)
def test_layers_that_stay(net: KaldiNetwork, keep: set[str]) -> None:
    assert layers(fold_network(net, frozenset(keep))).keys() == layers(net).keys()


def test_a_scale_goes_into_the_columns_that_read_it() -> None:
    net = network(SCALE, (affine(3, 8), "Append(Offset(layer1, -1), layer1)"))
    folded = fold_network(net)
    (node,) = (node for node in folded.nodes if isinstance(node, ComponentNode))
    assert format_descriptor(node.input) == "Append(Offset(input, -1), input)"
    spliced = np.concatenate([FRAMES[:, :-1], FRAMES[:, 1:]], axis=2)
    scaled = reference(SCALE, FRAMES).astype(np.float32)
    expected = reference(affine(3, 8), np.concatenate([scaled[:, :-1], scaled[:, 1:]], axis=2))
    np.testing.assert_allclose(reference(folded.components["layer2"], spliced), expected, rtol=1e-5, atol=1e-5)

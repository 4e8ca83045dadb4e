from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import ov_asr_score.convert
from ov_asr_score.convert.layers import registry
from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.layers.registry import find_layer, supported_types
from ov_asr_score.kaldi_model.network import Generation
from tests.convert.numpy_reference import FUNCTIONS

LAYERS = [layer for family in registry._FAMILIES for layer in family]
CONVERT = Path(ov_asr_score.convert.__file__).parent
GENERATIONS: tuple[Generation, ...] = (1, 2, 3)


def test_all_frame_local_types_of_nnet3_are_there() -> None:
    natural = {"Affine", "PerElementScale", "RepeatedAffine"}
    names = {*FUNCTIONS, "Composite", *(f"NaturalGradient{name}" for name in natural)}
    framewise = {layer.name for layer in LAYERS if 3 in layer.generations and layer.is_framewise}
    assert framewise == {f"{name}Component" for name in names}


def test_an_unknown_type_has_no_layer() -> None:
    assert find_layer(3, "NoSuchComponent") is None
    assert find_layer(1, "LstmNonlinearityComponent") is None
    assert find_layer(3, "MaxoutComponent") is None


def test_networks_of_nnet2_may_get_components_of_nnet3() -> None:
    assert find_layer(2, "CompositeComponent") is find_layer(3, "CompositeComponent")
    assert "CompositeComponent" not in supported_types(2)


def test_a_type_has_one_layer_in_a_generation() -> None:
    counts = Counter((generation, layer.name) for layer in LAYERS for generation in layer.generations)
    assert set(counts.values()) == {1}


def test_generations_that_share_a_definition_share_the_layer() -> None:
    assert find_layer(2, "SigmoidComponent") is find_layer(3, "SigmoidComponent")
    assert find_layer(2, "PermuteComponent") is not find_layer(3, "PermuteComponent")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: f"{layer.name}-{layer.generations[0]}")
def test_a_layer_is_built_in_one_way(layer: Layer) -> None:
    ways = [layer.over_frames, layer.over_time, layer.over_chains, layer.parts]
    built = sum(way is not None for way in ways)
    assert built == 1 or (built == 0 and layer.lowered is not None)


@pytest.mark.parametrize("name", sorted({layer.name for layer in LAYERS}))
def test_a_type_is_named_in_one_family(name: str) -> None:
    files = [path.name for path in (CONVERT / "layers").glob("*.py") if f'"{name}"' in path.read_text()]
    # Components that rewriting makes are made where their type stands, but for a composite of a scale and an offset.
    assert files == [files[0]] or (name, set(files)) == ("CompositeComponent", {"composite.py", "elementwise.py"})

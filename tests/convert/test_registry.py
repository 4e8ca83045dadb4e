from __future__ import annotations

import pytest

from ov_asr_score.convert.registry import converts, find_converter, supported_types
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import ov
from tests.convert.numpy_reference import FUNCTIONS


def unchanged(component: Component, x: ov.Output) -> ov.Output:
    return x


def test_all_frame_local_types_of_nnet3_are_there() -> None:
    natural = {"Affine", "PerElementScale", "RepeatedAffine"}
    names = {*FUNCTIONS, "Composite", *(f"NaturalGradient{name}" for name in natural)}
    assert set(supported_types(3)) == {f"{name}Component" for name in names}


def test_an_unknown_type_has_no_converter() -> None:
    assert find_converter(3, "NoSuchComponent") is None
    assert find_converter(2, "LstmNonlinearityComponent") is None


def test_a_type_has_one_converter() -> None:
    with pytest.raises(ValueError, match="nnet3: SigmoidComponent has a converter already"):
        converts("SigmoidComponent")(unchanged)
    assert find_converter(3, "SigmoidComponent") is not unchanged


def test_generations_that_share_a_definition_share_the_function() -> None:
    assert find_converter(2, "SigmoidComponent") is find_converter(3, "SigmoidComponent")

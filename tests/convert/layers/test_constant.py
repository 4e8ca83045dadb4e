from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component
from tests.convert.frame_layers import check, component, converted, random_values

CASES = {
    "constant": component("Constant", Output=random_values(7), IsUpdatable=True),
    "constant function": component("ConstantFunction", InputDim=4, Output=random_values(7)),
    "mask": component("DropoutMask", OutputDim=3, DropoutProportion=0.2, TestMode=True),
    "mask, continuous": component("DropoutMask", OutputDim=3, DropoutProportion=0.2, Continuous=True),
    "mask, nothing dropped": component("DropoutMask", OutputDim=3, DropoutProportion=0.0),
}


@pytest.mark.parametrize("part", CASES.values(), ids=CASES)
def test_every_frame_has_the_same_vector(part: Component) -> None:
    check(part, 4)


def test_the_vector_alone() -> None:
    layer = find_layer(3, "DropoutMaskComponent")
    assert layer is not None
    assert layer.constant is not None
    vector = layer.constant(CASES["mask"])
    assert vector.dtype == np.float32
    assert vector.tolist() == [np.float32(0.8)] * 3


def test_a_constant_function_is_computed_where_its_input_is() -> None:
    layer = find_layer(3, "ConstantFunctionComponent")
    assert layer is not None
    assert layer.constant is None


def test_a_proportion_above_one_is_refused() -> None:
    with pytest.raises(ModelFormatError, match="DropoutProportion>: expected 0 to 1"):
        converted(component("DropoutMask", OutputDim=3, DropoutProportion=1.2), 4)

"""Numbers of trained parameters; test_network_summary.py compares those of whole networks with what Kaldi prints."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.kaldi_model.network import Component, FieldValue, Generation
from ov_asr_score.kaldi_model.parameter_counts import count_parameters

WEIGHTS, BIAS = np.zeros((2, 3), np.float32), np.zeros(2, np.float32)
AFFINE: dict[str, FieldValue] = {"LinearParams": WEIGHTS, "BiasParams": BIAS}


@pytest.mark.parametrize(
    ("generation", "type_name", "fields", "count"),
    [
        (3, "AffineComponent", AFFINE, 8),
        (2, "AffineComponent", AFFINE, 8),
        (3, "BlockAffineComponent", AFFINE, 8),
        # nnet2 leaves the bias out here.
        (2, "BlockAffineComponent", AFFINE, 6),
        (3, "FixedAffineComponent", AFFINE, 0),
        (1, "AffineTransform", {"Linearity": WEIGHTS, "Bias": BIAS}, 8),
        (1, "FramePoolingComponent", {"FrameWeight": (BIAS, BIAS)}, 4),
        (1, "Rbm", {"VisHid": WEIGHTS, "VisBias": BIAS}, 0),
        (3, "ConstantComponent", {"Output": BIAS, "IsUpdatable": True}, 2),
        (3, "ConstantComponent", {"Output": BIAS, "IsUpdatable": False}, 0),
    ],
)
def test_counts(generation: Generation, type_name: str, fields: dict[str, FieldValue], count: int) -> None:
    assert count_parameters(Component("layer", type_name, fields, 0), generation) == count


def test_components_inside_count() -> None:
    inner = Component("layer.0", "AffineComponent", AFFINE, 0)
    chain = (inner, Component("layer.1", "NoOpComponent", {"Dim": 2}, 0), inner)
    assert count_parameters(Component("layer", "CompositeComponent", {}, 0, (chain,)), 3) == 16

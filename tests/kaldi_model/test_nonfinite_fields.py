from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.kaldi_model.network import Component, KaldiNetwork, NodeRef, OutputNode
from ov_asr_score.kaldi_model.nonfinite_fields import nonfinite_fields


def network(**fields: object) -> KaldiNetwork:
    inner = Component("outer.part", "AffineComponent", fields, 70)  # type: ignore[arg-type]
    components = {
        "outer": Component("outer", "CompositeComponent", {}, 50, ((inner,),)),
        "other": Component("other", "PnormComponent", {"P": 2.0}, 90),
    }
    return KaldiNetwork(3, (OutputNode("output", NodeRef("outer")),), components, "model.raw")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"LinearParams": np.array([[0, 1], [np.nan, np.inf]], np.float32)}, "[1, 0] is NaN, and 1 more"),
        ({"BiasParams": np.array([0, -np.inf], np.float32)}, "[1] is -inf"),
        ({"Scale": float("inf")}, "is inf"),
        ({"Filters": (np.zeros(2, np.float32), np.full(2, np.nan, np.float32))}, "[0] is NaN, and 1 more"),
    ],
)
def test_place_of_what_is_not_finite(fields: dict[str, object], text: str) -> None:
    name = next(iter(fields))
    expected = f"component 'outer.part' at byte 70: field <{name}>: {text}"
    assert list(nonfinite_fields(network(**fields))) == [expected]
    assert list(nonfinite_fields(network(**fields), {"outer"})) == [expected]
    assert list(nonfinite_fields(network(**fields), {"other"})) == []


def test_matrices_are_left_out_where_they_are_not_asked_for() -> None:
    bad = network(LinearParams=np.full((2, 2), np.nan, np.float32), BiasParams=np.full(2, np.nan, np.float32))
    assert len(list(nonfinite_fields(bad))) == 2
    (only,) = nonfinite_fields(bad, matrices=False)
    assert "<BiasParams>" in only


@pytest.mark.parametrize(
    "fields",
    [
        {"ValueAvg": np.array([np.nan], np.float32)},
        {"LearningRate": float("nan")},
        {"P": float("inf")},
        {"CellClip": float("inf")},
        {"InputDim": 4, "TestMode": True},
        {"LinearParams": np.zeros((2, 2), np.float32), "TimeOffsets": np.array([-1, 0], np.int32)},
    ],
)
def test_what_may_be_so(fields: dict[str, object]) -> None:
    assert list(nonfinite_fields(network(**fields))) == []

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component
from tests.convert.frame_layers import assert_equal, check, component, converted, random_values, scores
from tests.convert.numpy_reference import reference

NEAR_ZERO = np.array([0.0, -0.0, 9.9e-5, -9.9e-5, 1e-4, -1e-4, 1.1e-4, 0.5], np.float32)


def batch_norm(block: int, count: float = 100.0, rms: float = 1.0) -> Component:
    return component(
        "BatchNorm",
        Dim=8,
        BlockDim=block,
        Epsilon=1e-3,
        TargetRms=rms,
        TestMode=False,
        Count=count,
        StatsMean=random_values(block),
        StatsVar=np.abs(random_values(block, seed=2)),
    )


SCALES_AND_OFFSETS = {
    "fixed scale": component("FixedScale", Scales=random_values(8)),
    "fixed bias": component("FixedBias", Bias=random_values(8)),
    "scale": component("PerElementScale", Params=random_values(8)),
    "scale, natural gradient": component("NaturalGradientPerElementScale", Params=random_values(8)),
    "offset": component("PerElementOffset", Offsets=random_values(8)),
    "offset by block": component("PerElementOffset", Offsets=random_values(4), Dim=8),
    "scale and offset": component("ScaleAndOffset", Dim=8, Scales=random_values(8), Offsets=random_values(8, seed=2)),
    "scale and offset by block": component(
        "ScaleAndOffset", Dim=8, Scales=random_values(2), Offsets=random_values(2, seed=2)
    ),
    "scales near zero": component("ScaleAndOffset", Dim=8, Scales=NEAR_ZERO, Offsets=np.zeros(8, np.float32)),
    "batch norm": batch_norm(8),
    "batch norm by block": batch_norm(2, rms=0.4),
    "dropout": component("Dropout", Dim=8, DropoutProportion=0.3, DropoutPerFrame=True, TestMode=False),
    "dropout 0": component("Dropout", Dim=8, DropoutProportion=0.0),
    "general dropout": component("GeneralDropout", Dim=8, BlockDim=4, TimePeriod=3, DropoutProportion=0.3),
    "time mask": component("SpecAugmentTimeMask", Dim=8, ZeroedProportion=0.25, TimeMaskMaxFrames=10),
    "truncation": component("BackpropTruncation", Dim=8, Scale=0.9),
    "truncation, old": component("BackpropTruncation", Dim=8),
    "identity": component("NoOp", Dim=8, BackpropScale=0.5),
    "clip": component("ClipGradient", Dim=8, ClippingThreshold=0.1),
}


@pytest.mark.parametrize("part", SCALES_AND_OFFSETS.values(), ids=SCALES_AND_OFFSETS)
def test_columns_for_themselves(part: Component) -> None:
    check(part, 8)


@pytest.mark.parametrize("name", ["dropout 0", "general dropout", "time mask", "truncation, old", "identity", "clip"])
def test_what_changes_nothing_is_not_built(name: str) -> None:
    source = converted(SCALES_AND_OFFSETS[name], 8).get_results()[0].input_value(0)
    assert source.get_node().get_type_name() == "Parameter"


def test_scales_near_zero_matter() -> None:
    frames = np.full((1, 1, 8), 1e4, np.float32)
    part = SCALES_AND_OFFSETS["scales near zero"]
    found = scores(converted(part, 8), frames)
    assert_equal(found, reference(part, frames))
    assert found[0, 0, :4].tolist() == pytest.approx([1.0, 1.0, 1.0, -1.0])


def test_batch_norm_without_statistics_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match=r"'layer' at byte 1234: BatchNormComponent has no statistics"):
        converted(batch_norm(8, count=0.0), 8)


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("more", [0, 1])
def test_products_of_blocks(blocks: int, more: int) -> None:
    check(component("ElementwiseProduct", InputDim=6 + more, OutputDim=6 // blocks), 6 + more)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (component("ElementwiseProduct", InputDim=7, OutputDim=0), "OutputDim>: expected 1 to <InputDim> 7"),
        (component("ScaleAndOffset", Dim=8, Scales=random_values(3), Offsets=random_values(3)), "Dim>: expected a mul"),
        (component("ScaleAndOffset", Dim=8, Scales=random_values(4), Offsets=random_values(8)), "a vector of 4 values"),
        (component("Dropout", Dim=8, DropoutProportion=1.5), "DropoutProportion>: expected 0 to 1"),
        (component("FixedScale", Scales=1.0), "Scales>: expected a vector, found '1.0'"),
        (component("PerElementOffset", Offsets=np.zeros(0, np.float32)), "Dim>: expected a multiple of the 0 values"),
    ],
)
def test_fields_that_do_not_fit_are_named(part: Component, says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"component 'layer' at byte 1234: field <.*{says}"):
        converted(part, 8)

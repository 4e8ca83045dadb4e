from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.layers.elementwise import scale_offset_component
from ov_asr_score.convert.layers.linear_forms import as_affine, as_scale_offset
from ov_asr_score.convert.layers.normalization import batch_normalization
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FieldValue, Generation
from tests.convert.frame_layers import component, composite, random_values
from tests.convert.layers.test_elementwise import SCALES_AND_OFFSETS, batch_norm
from tests.convert.numpy_reference import reference

FULL = {
    "affine": component("Affine", LinearParams=random_values(4, 8), BiasParams=random_values(4)),
    "linear": component("Linear", Params=random_values(4, 8)),
    "fixed": component("FixedAffine", LinearParams=random_values(4, 8), BiasParams=random_values(4)),
}
SPARSE = {
    "repeated": component(
        "RepeatedAffine", NumRepeats=2, LinearParams=random_values(3, 4), BiasParams=random_values(3)
    ),
    "blocks": component("BlockAffine", NumBlocks=2, LinearParams=random_values(6, 4), BiasParams=random_values(6)),
    "groups": component("SumGroup", Sizes=np.array([1, 4, 3], np.int32)),
    "sums": component("SumBlock", InputDim=8, OutputDim=2, Scale=0.5),
    "permuted": component("Permute", ColumnMap=np.array([3, 1, 2, 0, 7, 6, 5, 4], np.int32)),
}
FRAMES = np.random.default_rng(5).standard_normal((1, 6, 8)).astype(np.float32)


@pytest.mark.parametrize("part", SCALES_AND_OFFSETS.values(), ids=SCALES_AND_OFFSETS)
def test_scale_and_offset(part: Component) -> None:
    form = as_scale_offset(3, part)
    assert form is not None
    assert form[0].dtype == form[1].dtype == np.float32
    np.testing.assert_allclose(FRAMES * form[0] + form[1], reference(part, FRAMES), rtol=0, atol=2e-6)


@pytest.mark.parametrize("part", FULL.values(), ids=FULL)
def test_full_matrices(part: Component) -> None:
    form = as_affine(3, part)
    assert form is not None
    np.testing.assert_allclose(FRAMES @ form[0].T + form[1], reference(part, FRAMES), rtol=0, atol=2e-6)
    assert as_scale_offset(3, part) is None


@pytest.mark.parametrize("part", [*SPARSE.values(), *SCALES_AND_OFFSETS.values()])
def test_sparse_matrices_are_not_offered_for_folding(part: Component) -> None:
    assert as_affine(3, part) is None


def test_others_have_no_form() -> None:
    part = component("Sigmoid", Dim=8)
    assert (as_affine(3, part), as_scale_offset(3, part)) == (None, None)


@pytest.mark.parametrize("scale", [0.0, 3e-5, -7.0])
def test_any_scale_can_be_made_a_component(scale: float) -> None:
    factors, offsets = np.full(8, scale, np.float32), random_values(8)
    form = as_scale_offset(3, scale_offset_component("joint", factors, offsets))
    assert form is not None
    np.testing.assert_array_equal(form[0], factors)
    np.testing.assert_array_equal(form[1], offsets)


def test_a_chain_is_joined_from_first_to_last() -> None:
    parts = tuple(
        SCALES_AND_OFFSETS[name] for name in ("scale and offset", "batch norm by block", "dropout", "identity")
    )
    joined = composite(parts[0], parts[2], parts[3])
    form = as_scale_offset(3, joined)
    assert form is not None
    np.testing.assert_allclose(FRAMES * form[0] + form[1], reference(joined, FRAMES), rtol=0, atol=2e-6)
    # nnet3-compute leaves this batch normalization in training mode.
    assert as_scale_offset(3, composite(*parts)) is None
    assert as_scale_offset(3, composite(parts[0], component("Sigmoid", Dim=8))) is None


@pytest.mark.parametrize(
    ("count", "mean", "variance", "kaldi"),
    [
        (100, 3000.3, 0.7, 0.9995117),
        (100, 1000, 0.53125, 1.332153),
        (500, 100, 0.53125, 1.373215),
        (500, 1000, 0.53125, 1.51001),
        (500, 3000, 0.53125, 31.61719),
    ],
)
def test_batch_norm_keeps_the_digits_that_kaldi_keeps(count: float, mean: float, variance: float, kaldi: float) -> None:
    """Scores of nnet3-compute for a value that lies 1 above the mean; exact arithmetic gives 1.19 and 1.37."""
    fields: dict[str, FieldValue] = {
        **batch_norm(1, count=count).fields,
        "StatsMean": np.full(1, mean, np.float32),
        "StatsVar": np.full(1, variance, np.float32),
    }
    scale, offset = batch_normalization(component("BatchNorm", **fields))
    # Products of 3000 with a scale have up to 0.004 of rounding, of which the score keeps all.
    np.testing.assert_allclose((np.float32(mean) + 1.0) * scale + offset, kaldi, rtol=5e-5)


def test_batch_norm_without_statistics_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="no statistics"):
        as_scale_offset(3, batch_norm(8, count=0.0))


def test_older_networks_have_their_own_names() -> None:
    weights, bias = random_values(4, 8), random_values(4)
    for kind, fields in (
        ("AffineTransform", {"Linearity": weights, "Bias": bias}),
        ("LinearTransform", {"Linearity": weights}),
    ):
        form = as_affine(1, Component("layer", kind, fields, 0))
        assert form is not None
        np.testing.assert_array_equal(form[0], weights)
        np.testing.assert_array_equal(form[1], fields.get("Bias", np.zeros(4)))
    linear = as_affine(2, component("FixedLinear", CuMatrix=weights))
    assert linear is not None
    np.testing.assert_array_equal(linear[0], weights)

    eight, ones, zeros = random_values(8), np.ones(8, np.float32), np.zeros(8, np.float32)
    generation: Generation
    for generation, part, expected in (
        (1, Component("layer", "AddShift", {"ShiftData": eight}, 0), (ones, eight)),
        (1, Component("layer", "Rescale", {"ScaleData": eight}, 0), (eight, zeros)),
        (2, component("Scale", Dim=8, Scale=0.25), (ones * np.float32(0.25), zeros)),
        (2, component("Dropout", Dim=8, DropoutProportion=0.5, DropoutScale=0.0), (ones, zeros)),
        (2, component("AdditiveNoise", Dim=8, Stddev=0.5), (ones, zeros)),
        (3, component("Dropout", Dim=8, DropoutProportion=0.5), (ones * np.float32(0.5), zeros)),
    ):
        found = as_scale_offset(generation, part)
        assert found is not None
        np.testing.assert_array_equal(found, expected)

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.layers.elementwise import scale_offset_component
from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FieldValue
from tests.convert.frame_layers import check, component, composite, converted, random_values


def affine(rows: int, columns: int) -> Component:
    return component("Affine", LinearParams=random_values(rows, columns), BiasParams=random_values(rows, seed=2))


def test_a_composite() -> None:
    parts = (affine(6, 8), component("RectifiedLinear", Dim=6), component("Normalize", InputDim=6, TargetRms=1.0))
    check(composite(*parts), 8)


def test_nodes_of_a_chain_are_numbered() -> None:
    model = converted(composite(affine(6, 8), component("Sigmoid", Dim=6), affine(4, 6)), 8)
    names = {node.get_friendly_name() for node in model.get_ops() if node.get_type_name() in {"Add", "Sigmoid"}}
    assert names == {"layer.1", "layer.2", "layer"}


def test_scales_and_offsets_in_a_row() -> None:
    check(scale_offset_component("layer", random_values(5), random_values(5, seed=2)), 5)


def batch_norm(test_mode: bool) -> Component:
    values: dict[str, FieldValue] = {"StatsMean": random_values(6), "StatsVar": np.abs(random_values(6, seed=2))}
    return component(
        "BatchNorm", Dim=6, BlockDim=6, Epsilon=1e-3, TargetRms=1.0, TestMode=test_mode, Count=9.0, **values
    )


def test_batch_norm_inside_keeps_its_mode() -> None:
    check(composite(affine(6, 8), batch_norm(test_mode=True)), 8)
    for first in (affine(6, 6), component("NoOp", Dim=6)):
        with pytest.raises(UnsupportedModelError, match=r"'layer' at byte 1234: part 2 .* is in training mode"):
            converted(composite(first, batch_norm(test_mode=False)), 6)


def test_parts_that_look_at_other_frames_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match=r"part 2 \(TdnnComponent\) cannot be converted"):
        converted(composite(affine(6, 8), component("Tdnn")), 8)


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(ModelFormatError, match="field <NumComponents>: expected one chain"):
        converted(composite(), 8)

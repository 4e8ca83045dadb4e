"""Components of every type are built in tests/convert/layers; here is what all types have in common."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Generation
from tests.convert.frame_layers import check, component, composite, converted


@pytest.mark.parametrize("kind", ["Mystery", "StatisticsPooling", "Tdnn"])
def test_only_types_that_map_frames_to_frames_are_built(kind: str) -> None:
    with pytest.raises(UnsupportedModelError, match=rf"^component 'layer' \({kind}Component\) cannot be converted$"):
        converted(component(kind), 3)


@pytest.mark.parametrize("generation", [2, 3])
def test_chains_in_networks_of_nnet2_and_nnet3(generation: Generation) -> None:
    check(composite(component("Tanh", Dim=4), component("Sigmoid", Dim=4)), 4, generation=generation)


def test_chains_in_chains() -> None:
    check(composite(component("Tanh", Dim=4), composite(component("Sigmoid", Dim=4))), 4)

"""Which networks give one vector per utterance, and which do not tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.convert.scores_per import gives_vector
from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.kaldi_model.dependency import FrameWindow
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.settings.kaldi import KaldiOptions

GOLDEN = Path(__file__).parents[1] / "golden"


def xvector(left: int = 0, right: int = 10000) -> KaldiNetwork:
    """A network of x-vectors whose statistics have this window."""
    network = load_network(GOLDEN / "xvectors" / "mean_and_stddev" / "model.raw")
    components = dict(network.components)
    pooling = components["stats-pooling"]
    components["stats-pooling"] = replace(pooling, reads=FrameWindow(left, right, 1))
    return replace(network, components=components, source="final.raw")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(0, 10000, True), (0, 1000, True), (0, 199, False), (50, 0, False), (99, 99, False), (10000, 0, False)],
)
def test_the_window_tells(left: int, right: int, expected: bool) -> None:
    assert gives_vector(xvector(left, right), KaldiOptions()) is expected


@pytest.mark.parametrize(("left", "right"), [(0, 200), (0, 999), (10000, 10000), (1, 1000)])
def test_what_fits_both_is_asked_for(left: int, right: int) -> None:
    network = xvector(left, right)
    with pytest.raises(UsageError) as raised:
        gives_vector(network, KaldiOptions())
    assert str(raised.value).startswith(
        f"final.raw: 'output' depends on statistics over frames {-left} to {right} alone"
    )
    assert raised.value.fields == ("scores_per",)
    assert gives_vector(network, KaldiOptions(scores_per="utterance"))
    assert not gives_vector(network, KaldiOptions(scores_per="frame"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tdnn6.affine", True), ("tdnn7.relu", True), ("stats-pooling", True), ("tdnn2.batchnorm", False)],
)
def test_inner_nodes(name: str, expected: bool) -> None:
    assert gives_vector(xvector(), KaldiOptions(output_name=name)) is expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"scores_per": "utterance", "output_name": "tdnn2.affine"},
            "scores_per=utterance: expected an output that frames reach only through StatisticsPoolingComponent; "
            "they reach 'tdnn2.affine' of final.raw in other ways, too",
        ),
        (
            {"output_name": "tdnn2.affine, tdnn6.affine"},
            "output_name=tdnn2.affine, tdnn6.affine: tdnn2.affine has scores for each frame, tdnn6.affine one vector "
            "for an utterance; expected outputs of one kind",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        gives_vector(xvector(), KaldiOptions(**options))
    assert str(raised.value) == message


def test_an_unknown_node_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"^final\.raw: no node 'tdnn9'"):
        gives_vector(xvector(), KaldiOptions(output_name="tdnn9"))


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in GOLDEN.glob("nnet3/*/case.toml")), ids=lambda f: f.name
)
def test_networks_for_nnet3_compute_have_scores_for_each_frame(folder: Path) -> None:
    path = next(folder.glob("model.raw"), None) or folder / "model.mdl"
    assert not gives_vector(load_network(path), KaldiOptions())

"""Widths of components, nodes and descriptors; test_network_summary.py compares them with what Kaldi prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.dims import FIELD_ERRORS, component_dims, descriptor_dim, node_dim
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import Component
from tests.kaldi_model.frames.networks import network_of, noop
from tests.kaldi_model.model_files import FOLDER


@pytest.mark.parametrize("name", ["nnet1_every.nnet", "nnet2_every.txt", "nnet2_am.mdl"])
def test_widths_that_are_entered_as_fields(name: str) -> None:
    network = load_network(FOLDER / name)
    for component in network.components.values():
        widths = (component.fields["InputDim"], component.fields["OutputDim"])
        assert component_dims(component, network.generation) == widths, component.name


def test_types_of_nnet3_in_other_networks() -> None:
    """Converters rewrite networks of nnet2 in types of nnet3."""
    assert component_dims(Component("joint", "NoOpComponent", {"Dim": 5}, 0), 2) == (5, 5)
    scale = Component("a", "FixedScaleComponent", {"Scales": np.ones(4, np.float32)}, 0)
    linear = Component("b", "LinearComponent", {"Params": np.ones((3, 4), np.float32)}, 0)
    assert component_dims(Component("both", "CompositeComponent", {}, 0, ((scale, linear),)), 2) == (4, 3)


def test_fields_that_do_not_determine_the_widths() -> None:
    for fields in ({}, {"Dim": "wide"}):
        with pytest.raises(FIELD_ERRORS):
            component_dims(Component("a", "NoOpComponent", dict(fields), 0), 3)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("a", 2),
        ("Append(a, Offset(input, 1), b)", 6),
        ("Sum(a, Scale(2, b))", 2),
        ("Const(0.5, 7)", 7),
        ("Failover(IfDefined(a), b)", 2),
        ("Switch(Round(a, 2), ReplaceIndex(b, t, 0))", 2),
    ],
)
def test_widths_of_descriptors(tmp_path: Path, text: str, width: int) -> None:
    network = network_of(
        tmp_path,
        "component-node name=a component=n input=input",
        "component-node name=b component=n input=a",
        "dim-range-node name=part input-node=a dim-offset=1 dim=1",
        f"output-node name=output input={text}",
        components=(noop("n"),),
    )
    assert descriptor_dim(network, parse_descriptor(text)) == node_dim(network, "output") == width
    assert [node_dim(network, name) for name in ("input", "a", "part")] == [2, 2, 1]
    with pytest.raises(KeyError):
        node_dim(network, "absent")

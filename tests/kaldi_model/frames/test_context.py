"""Contexts and modulus against nnet3-info, and networks that cannot be computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.context import Contexts, check_period, network_contexts
from ov_asr_score.kaldi_model.loading import load_network
from tests.kaldi_model.frames.networks import network_of, noop
from tests.kaldi_model.model_files import FOLDER, info_of


def contexts_of_info(name: str) -> Contexts:
    figures = dict(line.split(": ") for line in info_of(FOLDER / name).splitlines() if ": " in line[:20])
    return Contexts(*(int(figures[key]) for key in ("left-context", "right-context", "modulus")))


@pytest.mark.parametrize("name", ["nnet3_descriptors.raw", "nnet3_components.raw"])
def test_models_of_kaldi(name: str) -> None:
    assert network_contexts(load_network(FOLDER / name)) == contexts_of_info(name)


# What `nnet3-init x.config - | nnet3-info -` prints for each of these as input of the node `output`, where `a` is a
# NoOpComponent on the input.
@pytest.mark.parametrize(
    ("descriptor", "left", "right", "modulus"),
    [
        ("a", 0, 0, 1),
        ("Offset(a, -3)", 3, 0, 1),
        ("Offset(a, 5)", 0, 5, 1),
        ("Append(Offset(a, -3), Offset(a, 5))", 3, 5, 1),
        ("Append(Offset(a, 2), Offset(a, 5))", 0, 5, 1),
        ("Sum(Offset(a, -1), IfDefined(Offset(a, -4)))", 1, 0, 1),
        ("Sum(a, IfDefined(Offset(a, 4)))", 0, 0, 1),
        ("Failover(Offset(a, -3), a)", 0, 0, 1),
        ("Failover(a, Offset(a, 3))", 0, 0, 1),
        ("Switch(a, Offset(a, 1), Offset(a, -2))", 1, 39, 3),
        ("Round(a, 3)", 2, 0, 3),
        ("Round(Offset(a, 1), 4)", 2, 1, 4),
        ("Append(Round(a, 3), Switch(a, Offset(a, 1)))", 2, 1, 6),
        ("Offset(a, -100)", 100, 0, 1),
        ("Offset(a, 300)", 0, 300, 1),
    ],
)
def test_descriptors(tmp_path: Path, descriptor: str, left: int, right: int, modulus: int) -> None:
    lines = ("component-node name=a component=n input=input", f"output-node name=output input={descriptor}")
    network = network_of(tmp_path, *lines, components=(noop("n"),))
    assert network_contexts(network) == Contexts(left, right, modulus)


def test_context_of_an_input_that_is_an_ivector(tmp_path: Path) -> None:
    lines = (
        "input-node name=ivector dim=3",
        "output-node name=output input=Append(Offset(input, -1), ReplaceIndex(ivector, t, 0))",
    )
    assert network_contexts(network_of(tmp_path, *lines)) == Contexts(1, 0, 1)


# Networks that cannot be computed; nnet3-info fails for all of them ("Failure in ComputeSimpleNnetContext", "Loop
# detected while building computation graph").
@pytest.mark.parametrize(
    "lines",
    [
        ("component-node name=a component=n input=a", "output-node name=output input=a"),
        ("component-node name=a component=n input=Offset(a, -1)", "output-node name=output input=a"),
        (
            "component-node name=a component=n input=Offset(b, 1)",
            "component-node name=b component=n input=Offset(a, -1)",
            "output-node name=output input=b",
        ),
        (
            "component-node name=a component=n input=Sum(input, b)",
            "component-node name=b component=n input=a",
            "output-node name=output input=b",
        ),
        ("output-node name=output input=ReplaceIndex(input, t, 1000000)",),
    ],
)
def test_networks_that_cannot_be_computed(tmp_path: Path, lines: tuple[str, ...]) -> None:
    network = network_of(tmp_path, *lines, components=(noop("n"),))
    with pytest.raises(UnsupportedModelError) as failure:
        network_contexts(network)
    assert str(failure.value).startswith(f"{tmp_path / 'x.raw'}: output 'output' cannot be computed from 20480 frames")
    assert "does it depend on itself without a delay" in str(failure.value)


def test_a_recurrence_with_a_delay_can_be_computed(tmp_path: Path) -> None:
    lines = ("component-node name=a component=n input=Sum(input, IfDefined(Offset(a, -1)))",)
    network = network_of(tmp_path, *lines, "output-node name=output input=a", components=(noop("n"),))
    assert network_contexts(network) == Contexts(0, 0, 1)


def test_a_large_modulus(tmp_path: Path) -> None:
    network = network_of(tmp_path, "output-node name=output input=Round(Round(input, 5), 2000000000)")
    for ask in (network_contexts, check_period):
        with pytest.raises(UnsupportedModelError, match="modulus of at most 1000 frames, found 2000000000"):
            ask(network)
    check_period(network_of(tmp_path, "output-node name=output input=Round(Round(input, 5), 200)"))

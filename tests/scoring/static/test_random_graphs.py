"""Convolutions in a row with any kernels, strides and padding: windows or not, scores are those of onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from ov_asr_score.errors import UsageError
from ov_asr_score.scoring.plan import UtterancePlan
from ov_asr_score.settings.device import DeviceSettings
from tests.scoring.static import onnx_models
from tests.scoring.static.onnx_models import HIDDEN, WIDTH, OnnxGraph, reference_scores, write_model
from tests.scoring.tiny_models import make_scorer, utterances

SEEDS = range(24)
IN_WINDOWS = 8  # of them at least


def convolutions(generator: np.random.Generator, graph: OnnxGraph, x: str) -> str:
    hidden, width = graph.turned(x), WIDTH
    for _ in range(generator.integers(1, 4)):
        kernel, dilation = int(generator.integers(1, 8)), int(generator.choice([1, 1, 2, 5]))
        attributes: dict[str, Any] = {"strides": [int(generator.choice([1, 1, 1, 2, 3]))]}
        padding = str(generator.choice(["none", "any", "SAME_UPPER", "SAME_LOWER"]))
        if padding.startswith("SAME"):
            attributes["auto_pad"] = padding
        else:
            attributes["dilations"] = [dilation]
        if padding == "any":
            attributes["pads"] = [int(pad) for pad in generator.integers(0, dilation * (kernel - 1) + 1, 2)]
        hidden, width = graph.convolved(hidden, width, kernel, **attributes), HIDDEN
    return graph.turned(_what_looks_far(str(generator.choice(KINDS)), graph, hidden))


KINDS = ("nothing", "nothing", "nothing", "mean", "softmax", "positions", "backwards")


def _what_looks_far(kind: str, graph: OnnxGraph, hidden: str) -> str:
    if kind == "mean":
        return graph.node("Mul", hidden, graph.node("Sigmoid", graph.node("ReduceMean", hidden, axes=[2], keepdims=1)))
    if kind == "softmax":
        return graph.node("Softmax", hidden, axis=2)
    if kind == "positions":
        length = graph.node("Gather", graph.node("Shape", hidden), graph.tensor(np.array(2)))
        steps = graph.node("Range", graph.tensor(np.array(0)), length, graph.tensor(np.array(1)))
        small = graph.node("Mul", graph.node("Cast", steps, to=TensorProto.FLOAT), graph.tensor(np.float32(1e-3)))
        return graph.node("Add", hidden, small)
    if kind == "backwards":
        places = (graph.tensor(np.array([place])) for place in (-1, -(1 << 40), 2, -1))
        return graph.node("Slice", hidden, *places)
    return hidden


def score_of(seed: int, folder: Path, device: DeviceSettings, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether there were windows; scores are right in any case."""
    generator = np.random.default_rng(seed)
    monkeypatch.setitem(onnx_models.BODIES, "random", lambda graph, x: convolutions(generator, graph, x))
    path = write_model("random", folder)
    given = utterances(*(int(length) for length in generator.integers(250, 900, 4)))
    scorer = make_scorer(path, given[0], device=device)
    for result, utterance in zip(scorer.score(given), given, strict=True):
        np.testing.assert_allclose(
            result.scores["score"], reference_scores(path, utterance.features["x"]), rtol=0, atol=2e-5
        )
    assert isinstance(scorer.plan, UtterancePlan)
    return scorer.plan.windows is not None


def test_scores_are_right_and_many_come_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [score_of(seed, tmp_path, DeviceSettings(static=True), monkeypatch) for seed in SEEDS]
    assert sum(found) >= IN_WINDOWS


def test_windows_that_are_asked_for_are_right_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    for seed in SEEDS:
        asked = DeviceSettings(shapes={"x": (1, 90 + 7 * seed, WIDTH)})
        try:
            assert score_of(seed, tmp_path, asked, monkeypatch)
            count += 1
        except UsageError as error:
            assert str(error).startswith("shapes: windows of")
    assert count >= IN_WINDOWS

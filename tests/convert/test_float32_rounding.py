"""Scores in f32 are off by no more than the rounding of float32 arithmetic, also where a recurrence makes them large.

docs/precision.md says so, in the section "What f32 means".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score import KaldiOptions, score
from ov_asr_score.openvino_api import opset, ov
from tests.kaldi_texts import affine3, nnet3

Floats = NDArray[np.float64]

UNIT = 2.0**-24  # of a rounding to float32, relative
WIDTH, FRAMES = 4, 12
NUMBERS = np.random.default_rng(17)
# All of one sign: nothing cancels, so that rounding stays a small part of the values however large they become.
WEIGHTS = NUMBERS.uniform(0.1, 1, (WIDTH, 2 * WIDTH)).astype(np.float32)
BIAS = NUMBERS.uniform(0, 1, WIDTH).astype(np.float32)
FRAMES_IN = NUMBERS.uniform(0, 1, (FRAMES, WIDTH)).astype(np.float32)


def growing(path: Path) -> str:
    """A network of matrix products alone: h_t = W [x_t, h_{t-1}] + b, whose values grow."""
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=h component=h input=Append(input, IfDefined(Offset(h, -1)))",
        "output-node name=output input=h",
    ]
    path.write_text(nnet3(nodes, {"h": affine3(WEIGHTS, BIAS)}))
    return str(path)


def exact_and_rounding() -> tuple[Floats, Floats]:
    """The values [T, D] in float64, and by how much float32 may be off in any order of summation [T, D]."""
    weights, bias = WEIGHTS.astype(np.float64), BIAS.astype(np.float64)
    value, error = np.zeros(WIDTH), np.zeros(WIDTH)
    values, errors = [], []
    for frame in FRAMES_IN.astype(np.float64):
        read = np.concatenate([frame, value])
        size = np.abs(weights) @ np.abs(read) + np.abs(bias)
        error = np.abs(weights[:, WIDTH:]) @ error + (2 * WIDTH + 1) * UNIT * size
        value = weights @ read + bias
        values.append(value)
        errors.append(error)
    return np.array(values), np.array(errors)


@pytest.mark.parametrize("time", ["auto", "utterance", "frame"])
def test_a_recurrence_with_large_values_is_off_by_rounding_only(tmp_path: Path, time: Any) -> None:
    exact, rounding = exact_and_rounding()
    assert np.abs(exact).max() > 5000
    assert (rounding < 1e-5 * exact).all()  # products with fewer bits than float32 has would be off by more
    model, options = growing(tmp_path / "final.raw"), KaldiOptions(time=time)
    (scored,) = score(model, arrays={"u": FRAMES_IN}, kaldi=options)
    assert (np.abs(scored.scores["output"] - exact) <= rounding).all()


def compiled(build: Callable[[Any], Any], shape: tuple[int, ...]) -> ov.CompiledModel:
    x = opset.parameter(shape, np.float32)
    return ov.Core().compile_model(ov.Model([build(x)], [x]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize("rows", [1, 7, 512])
def test_matrix_products_are_off_by_rounding_only(rows: int) -> None:
    features = NUMBERS.standard_normal((rows, 440)).astype(np.float32)
    weights = NUMBERS.standard_normal((440, 512)).astype(np.float32)
    model = compiled(lambda x: opset.matmul(x, opset.constant(weights), False, False), features.shape)
    exact = features.astype(np.float64) @ weights
    size = np.abs(features).astype(np.float64) @ np.abs(weights)
    assert (np.abs(model([features])[0] - exact) <= 20 * UNIT * size).all()


@pytest.mark.parametrize(
    ("build", "exact", "units"),
    [
        (opset.sigmoid, lambda x: 1 / (1 + np.exp(-x)), 8),
        (opset.tanh, np.tanh, 4),
        (opset.exp, np.exp, 8),
    ],
)
def test_functions_are_off_by_a_few_units_in_the_last_place(
    build: Callable[[Any], Any], exact: Callable[[Floats], Floats], units: int
) -> None:
    values = np.concatenate([np.linspace(-40, 40, 1 << 14), np.geomspace(1e-6, 1, 1 << 12)]).astype(np.float32)
    found = compiled(build, (1, len(values)))([values[None]])[0][0]
    expected = exact(values.astype(np.float64))
    assert (np.abs(found - expected) <= units * np.spacing(np.abs(expected).astype(np.float32))).all()

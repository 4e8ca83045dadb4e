"""A small model, and its scores, for tests of devices."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov

from ov_asr_score.openvino_api import opset as op

CORE = ov.Core()
WEIGHTS = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
FRAMES = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)


def affine_model(shape: tuple[int, ...] = (-1, 4)) -> ov.Model:
    x = op.parameter(list(shape), np.float32, name="x")
    x.output(0).get_tensor().set_names({"x"})
    score = op.tanh(op.matmul(x, op.constant(WEIGHTS), False, False), name="score")
    score.output(0).get_tensor().set_names({"score"})
    return ov.Model([op.result(score)], [x], "affine")


def scores_of(compiled: ov.CompiledModel) -> Any:
    return compiled([FRAMES])[0]

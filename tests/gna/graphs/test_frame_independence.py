"""Models with a free length are refused where frames depend on each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.frame_independence import read_graph_of_frames
from ov_asr_score.openvino_api import opset, ov
from tests.gna.float_models import constant, model_of, numbers
from tests.places import ROOT

MODELS = ROOT / "models"


def dense(x: Any) -> Any:
    return opset.sigmoid(opset.matmul(x, constant(numbers(4, 6)), False, True))


def smoothed(x: Any) -> Any:
    """Each frame plus the one before it along the last axis but one."""
    axes = constant([1], np.int64)
    first, rest = (opset.slice(x, *(constant([each], np.int64) for each in at), axes) for at in ((0, 1, 1), (0, -1, 1)))
    return opset.add(dense(x), dense(opset.concat([first, rest], 1)))


@pytest.mark.parametrize("shape", [[-1, 6], [1, -1, 6], [-1, -1, 6], [1, 6]])
def test_independent_frames_are_read(shape: list[int]) -> None:
    assert read_graph_of_frames(model_of(dense, shape), "m.xml").inputs[0].size == 6


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (smoothed, [1, -1, 6]),
        (lambda x: opset.reduce_mean(dense(x), constant([1], np.int64), True), [1, -1, 6]),
        (lambda x: opset.subtract(x, opset.reduce_max(x, constant([0], np.int64), True)), [-1, 6]),
    ],
    ids=["spliced", "mean", "rows"],
)
def test_dependent_frames_are_refused(build: Callable[[Any], Any], shape: list[int]) -> None:
    with pytest.raises(UnsupportedModelError, match="frames depend on each other"):
        read_graph_of_frames(model_of(build, shape), "m.xml")


def test_kaldi_utterance_model_is_refused() -> None:
    model = convert_file(MODELS / "nnet3_chain_tdnnf" / "final.mdl")
    with pytest.raises(UnsupportedModelError, match="frames depend on each other"):
        read_graph_of_frames(model, "final.mdl")


@pytest.mark.parametrize("name", ["dnn_digits", "lstm_mem", "tdnn_al"])
def test_single_frame_models_are_read(name: str) -> None:
    assert read_graph_of_frames(ov.Core().read_model(MODELS / f"{name}.xml"), name).layers


def test_windows_of_several_frames_are_refused() -> None:
    def spliced(x: Any) -> Any:
        """Frames 0 and 2 of each window of three, so that one frame gives none."""
        axes, step = constant([1], np.int64), constant([1], np.int64)
        ends = constant([-2], np.int64), constant([np.iinfo(np.int64).max], np.int64)
        first = opset.slice(x, constant([0], np.int64), ends[0], step, axes)
        last = opset.slice(x, constant([2], np.int64), ends[1], step, axes)
        return opset.add(dense(first), dense(last))

    with pytest.raises(UnsupportedModelError, match=r"m.xml: one frame gives no values of output '.*time=frame"):
        read_graph_of_frames(model_of(spliced, [1, -1, 6]), "m.xml")

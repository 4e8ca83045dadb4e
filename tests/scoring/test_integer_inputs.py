"""Values that inputs of integers do not take are counted and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from ov_asr_score.job import run_job
from ov_asr_score.scoring.integer_inputs import IntegerInputs
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.score_job import ScoreJob
from tests.ov_model.filled_inputs.onnx_models import onnx_model
from tests.tiny_model import write_table


def notes_of(kind: str, *values: Any) -> list[str]:
    counted = IntegerInputs({"x": kind, "y": "f32"})
    given = [Utterance(f"u{n}", {"x": np.array(value), "y": np.zeros(1)}, 1) for n, value in enumerate(values)]
    assert list(counted.counting(iter(given))) == given
    return counted.notes()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("u8", [0.0, 255.0]),
        ("i8", [-128.0, 127.0]),
        ("boolean", [0.0, 1.0]),
        ("i32", [-(2.0**31), 2.0**24]),
        ("i64", [2.0**40, -7.0]),
        ("f32", [0.5, 1e30]),
        ("f16", [1e9]),
    ],
)
def test_values_that_fit(kind: str, values: list[float]) -> None:
    assert notes_of(kind, values) == []


@pytest.mark.parametrize(
    ("kind", "values", "count", "farthest"),
    [
        ("u8", [1.6, -1.6, 300.0, 0.0], "3 of 4 values are not whole numbers from 0 to 255", "300"),
        ("u8", [254.0, -1.0], "1 of 2 values", "-1"),
        ("i8", [0.5, 128.0], "2 of 2 values are not whole numbers from -128 to 127", "128"),
        ("boolean", [2.0], "1 of 1 values are not whole numbers from 0 to 1", "2"),
        ("i64", [np.nan, 0.5], "2 of 2 values", "nan"),
        ("i64", [np.inf, 1e30], "2 of 2 values", "inf"),
        ("i32", [1e10], "1 of 1 values", "1e+10"),
    ],
)
def test_values_that_do_not_fit(kind: str, values: list[float], count: str, farthest: str) -> None:
    (note,) = notes_of(kind, [0.0], values)
    assert note.startswith(f"input 'x' takes {kind}: ")
    words = count.split(" of ")
    total = int(words[1].split()[0]) + 1
    assert f"{words[0]} of {total} {words[1].partition(' ')[2]}" in note
    assert note.endswith(f"(farthest off: {farthest} in utterance 'u1')")


def test_integers_that_no_float32_holds() -> None:
    (note,) = notes_of("i64", np.array([2**24 + 1], np.int32))
    assert "1 of 1 values" in note


def test_a_run_tells_of_them(folder: Path) -> None:
    nodes = [helper.make_node("Cast", ["x"], ["y"], to=1)]
    model = onnx_model(nodes, [("x", ["T", 4], int(TensorProto.UINT8))], [("y", ["T", 4])])
    save(model, "model.onnx")
    write_table("x.ark", {"u1": np.array([[1.6, -1.6, 300.0, 4.0]], np.float32)})
    report = run_job(ScoreJob(model="model.onnx", inputs="x.ark", outputs="y.ark"))
    assert [note for note in report.notes if "takes" in note] == [
        "input 'x' takes u8: 3 of 4 values are not whole numbers from 0 to 255; fractions were cut off and others "
        "clipped (farthest off: 300 in utterance 'u1')"
    ]
    write_table("x.ark", {"u1": np.array([[1, 2, 255, 0]], np.float32)})
    assert not any("takes" in note for note in run_job(ScoreJob(model="model.onnx", inputs="x.ark")).notes)

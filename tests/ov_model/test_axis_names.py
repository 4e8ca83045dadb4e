"""Names of axes out of ONNX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.ov_model.axis_names import letter_of, read_axis_names


def model_bytes() -> bytes:
    weights = numpy_helper.from_array(np.ones((4, 70_000), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", None, "T", 4]),
            helper.make_tensor_value_info("offset", TensorProto.INT64, []),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1, "größe", 70_000])],
        [weights],
    )
    data: bytes = helper.make_model(graph, producer_name="p" * 300).SerializeToString()
    return data


def test_names_are_read_and_lengths_are_not(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model_bytes())
    assert read_axis_names(path) == {"x": ("batch", "", "T", ""), "offset": (), "y": ("batch", "", "größe", "")}


def test_what_is_damaged_has_no_names(tmp_path: Path) -> None:
    path, data = tmp_path / "m.onnx", model_bytes()
    onnx.load_from_string(data)
    for content in (b"", b"\xff" * 40, data[:100], data[:-1], b"version https://git-lfs.github.com/spec/v1\n"):
        path.write_bytes(content)
        assert read_axis_names(path) == {}
    assert read_axis_names(tmp_path / "none.onnx") == {}


@pytest.mark.parametrize("name", ["batch", "N", "batch_size", "BatchSize", "b", "batch-size", "num_batches"])
def test_names_that_say_batch(name: str) -> None:
    assert letter_of(name) == "N"


@pytest.mark.parametrize(
    "name", ["time", "T", "frames", "num_frames", "seq_len", "sequence_length", "audio_len", "time_steps"]
)
def test_names_that_say_time(name: str) -> None:
    assert letter_of(name) == "T"


@pytest.mark.parametrize(
    "name", ["", "unk__17", "features", "channels", "dynamic_axes_1", "s0", "hidden", "n_mels", "TC2"]
)
def test_names_that_say_neither(name: str) -> None:
    assert letter_of(name) == "?"

"""Models that take the samples of sound: scores of onnxruntime, whatever the order and the names of axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.audio.recordings import read_recordings
from ov_asr_score.job.score import run_job
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.axes.trying import values_per_frame
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.wave_input import WaveSettings
from tests.command_line import DATA

CLASSES = 7
SOUND = f"wav:{DATA}/speech/es_*.flac"


def write_model(path: Path, axes: list[str | int | None]) -> None:
    """Strided convolutions over samples and a layer of tokens, as wav2vec2 begins and ends: a row for 160 samples."""
    random = np.random.default_rng(3)

    def weights(*shape: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = random.standard_normal(shape).astype(np.float32)
        return values / np.float32(np.sqrt(np.prod(shape[1:])))

    constants: dict[str, NDArray[Any]] = {
        **{"w1": weights(8, 1, 10), "b1": weights(8, 1)[:, 0], "w2": weights(8, 8, 8), "w3": weights(8, 8, 4)},
        **{"head": weights(8, CLASSES), "axis": np.array([1], np.int64)},
    }
    nodes = [helper.make_node("Unsqueeze", ["x", "axis"], ["x3"])] if len(axes) == 2 else []
    first = nodes[0].output[0] if nodes else "x"
    for number, (stride, bias) in enumerate([(5, ["b1"]), (8, []), (4, [])], 1):
        source = first if number == 1 else f"r{number - 1}"
        nodes.append(helper.make_node("Conv", [source, f"w{number}", *bias], [f"c{number}"], strides=[stride]))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"r{number}"]))
    nodes.append(helper.make_node("Transpose", ["r3"], ["hidden"], perm=[0, 2, 1]))
    nodes.append(helper.make_node("MatMul", ["hidden", "head"], ["logits"]))
    graph = helper.make_graph(
        nodes,
        "wave_ctc",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [axes[0], None, CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in constants.items() if name != "axis" or first != "x"],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


@pytest.mark.parametrize(
    "axes",
    [
        ["batch", "sequence"],
        [1, "samples"],
        [None, None],
        [1, None],
        ["N", 1, "samples"],
        [None, 1, None],
        [1, 1, None],
    ],
    ids=str,
)
def test_scores_of_onnxruntime(tmp_path: Path, axes: list[str | int | None]) -> None:
    write_model(tmp_path / "model.onnx", axes)
    job = ScoreJob(
        str(tmp_path / "model.onnx"),
        inputs=(SOUND,),
        outputs=(f"ark:{tmp_path / 'scores.ark'}",),
        frontend=FrontendSettings("wave", wave=WaveSettings(wave_normalize="utterance")),
    )
    report = run_job(job)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    found = dict(read_table(f"ark:{tmp_path / 'scores.ark'}"))
    samples = 0
    for recording in read_recordings([SOUND]):
        wave = np.concatenate(list(recording.pieces())).astype(np.float64) / 32768
        samples += len(wave)
        wave = ((wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)).astype(np.float32)
        (expected,) = session.run(None, {"x": wave.reshape([1] * (len(axes) - 1) + [-1])})
        np.testing.assert_allclose(found[recording.key], expected[0], atol=1e-4)
    assert len(found) == report.totals.utterances == 8
    # frames are samples, and the real-time factor counts seconds
    assert report.totals.frames == samples
    assert report.totals.frame_shift_seconds == 1 / 16000


def test_trials_are_no_longer_than_the_utterance() -> None:
    def of(frames: int, width: int = 1) -> np.ndarray:
        return np.zeros((frames, width), np.float32)

    assert values_per_frame([of(32000)]) == 160
    assert values_per_frame([of(3200), None]) == 20
    assert values_per_frame([of(300)]) == 1
    assert values_per_frame([of(32000, 40)]) == 1
    assert values_per_frame([of(32000), of(32000, 2)]) == 1
    assert values_per_frame([None]) == 1

"""Streaming exports whose requests overlap: scores are those of onnxruntime, chunk by chunk in a loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.library import score
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import read_metadata
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.plan import BlocksPlan
from ov_asr_score.scoring.plans.chunk_shift import ChunkShift, advance_by, find_shift
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.session import open_model_with_tables, start_session
from ov_asr_score.settings.score_job import ScoreJob
from tests.command_line import run
from tests.tiny_model import write_table

WINDOW, SHIFT, FACTOR, ROWS, WIDTH, HIDDEN, CLASSES = 13, 8, 2, 4, 6, 5, 40
# Shorter than a request, than its shift, one frame, whole multiples of the shift, one more and one less than those.
LENGTHS = (37, 5, 13, 1, 8, 9, 7, 16, 40, 12)
TOLERANCE = 2e-5

Array = NDArray[Any]
FEATURES = {
    f"u{length}": np.random.default_rng(length).standard_normal((length, WIDTH)).astype(np.float32)
    for length in LENGTHS
}


def write_model(
    metadata: Mapping[str, str] | None = None,
    *,
    classes: int = CLASSES,
    baked: bool = False,
    turned: bool = False,
    kernel: int = 7,
    name: str = "model.onnx",
) -> str:
    """x [N,13,6] and states of a GRU and a counter to y [N,4,classes], each row of 7 frames, one for every 2.

    ``baked``: the number of rows is a constant of the graph, as a traced view has it; ``turned``: y is [N,classes,4].
    """
    random = np.random.default_rng(5)
    shapes = {
        "K": (HIDDEN, WIDTH, kernel),
        "W": (1, 3 * HIDDEN, HIDDEN),
        "R": (1, 3 * HIDDEN, HIDDEN),
        "B": (1, 6 * HIDDEN),
        "P": (HIDDEN, classes),
    }
    rows = (WINDOW - kernel) // FACTOR + 1
    values: dict[str, Array] = {key: random.standard_normal(shape) / 2 for key, shape in shapes.items()}
    values = {key: value.astype(np.float32) for key, value in values.items()}
    values |= {"rows": np.array([rows], np.int64), "one": np.array([1], np.int64), "tenth": np.array(0.1, np.float32)}
    values["view"] = np.array([1, rows, classes], np.int64)
    nodes = [
        helper.make_node("Transpose", ["x"], ["xt"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["xt", "K"], ["conv"], strides=[FACTOR]),
        helper.make_node("Transpose", ["conv"], ["steps"], perm=[2, 0, 1]),
        helper.make_node("GRU", ["steps", "W", "R", "B", "", "cached_h"], ["all", "new_cached_h"], hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["all", "one"], ["hidden"]),
        helper.make_node("Transpose", ["hidden"], ["batched"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["batched", "P"], ["scores"]),
        helper.make_node("Cast", ["processed_lens"], ["before"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["before", "tenth"], ["drift"]),
        helper.make_node("Add", ["scores", "drift"], ["drifted"]),
        helper.make_node("Reshape", ["drifted", "view"], ["viewed"]) if baked
        else helper.make_node("Identity", ["drifted"], ["viewed"]),
        helper.make_node("Transpose", ["viewed"], ["y"], perm=[0, 2, 1] if turned else [0, 1, 2]),
        helper.make_node("Add", ["processed_lens", "rows"], ["new_processed_lens"]),
    ]  # fmt: skip
    state: Any = (1, [1, 1, HIDDEN])
    inputs: list[Any] = [
        ("x", TensorProto.FLOAT, ["N", WINDOW, WIDTH]),
        ("cached_h", *state),
        ("processed_lens", 7, [1]),
    ]
    found = ["N", classes, rows] if turned else ["N", rows, classes]
    outputs: list[Any] = [("y", 1, found), ("new_cached_h", *state), ("new_processed_lens", 7, [1])]
    ports: Any = [[helper.make_tensor_value_info(*port) for port in listed] for listed in (inputs, outputs)]
    weights = [numpy_helper.from_array(value, key) for key, value in values.items()]
    graph = helper.make_graph(nodes, "graph", ports[0], ports[1], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    onnx.save(model, name)
    return name


METADATA = {"decode_chunk_len": str(SHIFT), "T": str(WINDOW), "model_type": "zipformer"}


def expected(path: str, features: Array, *, turned: bool = False, shift: int = SHIFT) -> Array:
    """Rows of onnxruntime, whose chunks are cut in a loop; the last frame repeated behind the utterance."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    states: dict[str, Any] = {"cached_h": np.zeros((1, 1, HIDDEN), np.float32), "processed_lens": np.zeros(1, np.int64)}
    parts, start, rows = [], 0, 0
    while start < len(features):
        chunk = [features[min(start + frame, len(features) - 1)] for frame in range(WINDOW)]
        result, hidden, count = session.run(["y", "new_cached_h", "new_processed_lens"], {"x": [chunk], **states})
        states = {"cached_h": hidden, "processed_lens": count}
        parts.append(result[0].T if turned else result[0])
        start, rows = start + shift, len(parts[-1])
    every = shift // rows
    # A row is kept whose first frame there is.
    return np.concatenate(parts)[[row * every < len(features) for row in range(rows * len(parts))]]


def check(path: str, model: str | Path = "", *, turned: bool = False, shift: int = SHIFT, **more: Any) -> None:
    """Raise AssertionError where scores of the file ``model`` are not those of onnxruntime for the file ``path``."""
    found = {each.key: each.scores["y"] for each in score(model or path, arrays=FEATURES, **more)}
    assert list(found) == list(FEATURES)
    for key, features in FEATURES.items():
        right = expected(path, features, turned=turned, shift=shift)
        assert found[key].shape == right.shape, key
        np.testing.assert_allclose(found[key], right, rtol=0, atol=TOLERANCE, err_msg=key)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("baked", [False, True])
def test_the_shift_is_in_the_metadata(baked: bool, turned: bool, folder: Path) -> None:
    check(write_model(METADATA, baked=baked, turned=turned), turned=turned)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("baked", [False, True])
def test_the_shift_is_given(baked: bool, turned: bool, folder: Path) -> None:
    path = write_model(baked=baked, turned=turned)
    check(path, turned=turned, chunk_shift=SHIFT)
    check(path, turned=turned, chunk_shift=12, shift=12)


def test_positions_count_rows_wherever_they_lie(folder: Path) -> None:
    """The axis of rows is the last one, and the graph takes no other length; each request has 4 rows of 40 scores."""
    for turned in (False, True):
        path = write_model(METADATA, baked=True, turned=turned)
        model = onnx.load(path)
        for name in ("processed_lens", "new_processed_lens"):
            ports = model.graph.input if name.startswith("p") else model.graph.output
            ports.remove(next(port for port in ports if port.name == name))
        model.graph.input.append(helper.make_tensor_value_info("offset", TensorProto.INT64, [1]))
        model.graph.node.insert(0, helper.make_node("Identity", ["offset"], ["processed_lens"]))
        onnx.save(model, "offset.onnx")
        check(path, "offset.onnx", turned=turned)


def test_what_is_given_comes_before_the_metadata(folder: Path) -> None:
    check(write_model({"decode_chunk_len": "8", "T": "13"}), chunk_shift=4, shift=4)


def test_an_ir_keeps_the_metadata(folder: Path) -> None:
    path = write_model(METADATA)
    ov.save_model(ov.Core().read_model(path), "model.xml", compress_to_fp16=False)
    assert read_metadata(ov.Core().read_model("model.xml")) == METADATA
    check(path, "model.xml")


def test_a_single_row_for_each_request(folder: Path) -> None:
    """The axis of rows has length one, as in the LSTM of icefall; fewer values than frames could be rows, too."""
    check(write_model(kernel=13), chunk_shift=4, shift=4)
    check(write_model(kernel=13, baked=True), chunk_shift=4, shift=4)
    path = write_model(kernel=13, baked=True, classes=11)
    with pytest.raises(UnsupportedModelError, match=r"along which of its axes the 13 frames lie"):
        check(path, chunk_shift=4)
    check(path, chunk_shift=4, shift=4, layout="y[NTC]")


def test_overlap_with_as_many_rows_as_the_shift(folder: Path) -> None:
    check(write_model(), chunk_shift=ROWS, shift=ROWS)


def test_the_plan_tells(folder: Path) -> None:
    write_table("x.ark", FEATURES)
    model = write_model(METADATA)
    sources = {0: "decode_chunk_len in the metadata of the model", SHIFT: "as given"}
    for asked, source in sources.items():
        job = ScoreJob(model=model, inputs="x.ark", chunk_shift=asked, batch_size=4, requests=3)
        plan = start_session(open_model_with_tables(job)).scorer.plan
        assert isinstance(plan, BlocksPlan)
        assert (plan.frames_per_request, plan.step, plan.rows, plan.slots) == (WINDOW, SHIFT, ROWS, 1)
        assert plan.reason == (
            f"the time axis holds 13 frames, and requests advance by 8 ({source}): 4 rows each, one for every 2 "
            "frames; batch size 4 has no effect"
        )


def test_the_command_line(folder: Path) -> None:
    write_table("x.ark", FEATURES)
    model = write_model()
    outcome = run("score", "-m", model, "-i", "x.ark", "-o", "y=ark:y.ark")
    assert outcome.code == 3
    advice = "say by how many frames requests advance with --chunk-shift"
    assert f"output 'y' [1,4,40]: requests of 13 frames give 4 rows; {advice}" in outcome.error
    outcome = run("score", "-m", model, "-i", "x.ark", "-o", "y=ark:y.ark", "--chunk-shift", "8")
    assert outcome.code == 0, outcome.stderr
    assert "the next 8 frames later" in outcome.stdout


def test_an_exported_model_has_no_metadata(folder: Path) -> None:
    write_table("x.ark", FEATURES)
    model, tables = write_model(METADATA), ("-i", "x.ark", "-o", "y=ark:y.ark", "--quiet")
    assert run("score", "-m", model, "-i", "x.ark", "--export-model", "m.blob").code == 0
    outcome = run("score", "--import-model", "m.blob", *tables)
    assert outcome.code == 3
    assert "found 4; say by how many frames requests advance with --chunk-shift" in outcome.error
    outcome = run("score", "--import-model", "m.blob", *tables, "--chunk-shift", "8")
    assert outcome.code == 0, outcome.stderr
    for key, scores in read_table("y.ark"):
        np.testing.assert_allclose(scores, expected(model, FEATURES[key]), rtol=0, atol=TOLERANCE, err_msg=key)


@pytest.mark.parametrize("turned", [False, True])
def test_without_a_shift_it_is_asked_for(turned: bool, folder: Path) -> None:
    for baked in (False, True):
        with pytest.raises(UnsupportedModelError, match=r"by how many frames requests advance") as caught:
            check(write_model(baked=baked, turned=turned))
        assert "chunk_shift" in caught.value.fields


@pytest.mark.parametrize("shift", [6, 16])
def test_a_shift_that_does_not_fit(shift: int, folder: Path) -> None:
    """No whole number of frames for each row; frames that no request takes."""
    with pytest.raises(UnsupportedModelError, match=rf"give 4 rows, and advance by {shift} frames \(as given\)"):
        check(write_model(), chunk_shift=shift)


def test_metadata_of_another_window(folder: Path) -> None:
    path = write_model({"decode_chunk_len": "8", "T": "21"})
    with pytest.raises(UnsupportedModelError, match=r"say T=21 and decode_chunk_len=8, its requests have 13 frames"):
        check(path)
    check(path, chunk_shift=SHIFT)


def test_rows_that_could_be_classes_are_asked_for(folder: Path) -> None:
    """Four rows and eight classes: both go into the shift, and the graph takes no other length."""
    path = write_model(METADATA, classes=8, baked=True)
    with pytest.raises(UnsupportedModelError, match=r"does not tell along which of its axes .* y\[1TC\] or y\[1CT\]"):
        check(path)
    check(path, layout="y[NTC]")
    check(write_model(METADATA, classes=8))


def test_rows_of_an_unknown_shape_are_not_counted(folder: Path) -> None:
    plan, outputs = BlocksPlan(WINDOW, True), [PortInfo("y", "y", 0, ("y",), None, "f32", "")]
    options = ScorerOptions(model="m.onnx")
    assert advance_by(plan, outputs, None, options, are_usual=True) == plan
    with pytest.raises(UnsupportedModelError, match="an unknown number of rows"):
        advance_by(plan, outputs, ChunkShift(SHIFT, "as given"), options, are_usual=True)


def test_contexts_are_inside(folder: Path) -> None:
    with pytest.raises(UsageError, match="have their context inside"):
        check(write_model(METADATA), left_context=2)


def test_models_without_requests_that_overlap(folder: Path) -> None:
    model = "tests/toolkits/models/{}.onnx"
    root = Path(__file__).parents[3]
    for name, why in (("ctc_static", "has no states"), ("state_next", "has a free time axis")):
        path = root / model.format(name)
        with pytest.raises(UsageError, match=why):
            list(score(path, arrays={"u": np.ones((30, 12), np.float32)}, chunk_shift=4))


@pytest.mark.parametrize("text", ["", "0", "-8", "8.0", "x"])
def test_metadata_that_say_nothing(text: str, folder: Path) -> None:
    model = ov.Core().read_model(write_model({"decode_chunk_len": text}))
    assert find_shift(model, 0) is None
    assert find_shift(None, 0) is None

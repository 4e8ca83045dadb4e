"""Inputs without tables, from a job to its scores; what is right comes from onnxruntime."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.library import score
from ov_asr_score.ov_model.filled_inputs.filling_plan import GivenInputs
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.given_inputs import split_inputs
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.session import open_model_with_tables, start_session
from ov_asr_score.settings.score_job import ScoreJob
from tests.command_line import MODELS
from tests.ov_model.filled_inputs.onnx_models import (
    HIDDEN,
    cell_model,
    features,
    length_model,
    lstm_model,
    mask_model,
    onnx_model,
    run_onnx,
    wenet_model,
)
from tests.tiny_model import write_table

LENGTHS = {"u1": 7, "u2": 12, "u3": 3, "u4": 5}
FEATURES = {key: features(length, number) for number, (key, length) in enumerate(LENGTHS.items())}
STATE = np.zeros((1, 1, HIDDEN), np.float32)


@pytest.fixture(autouse=True)
def table(folder: Path) -> None:
    write_table("x.ark", FEATURES)


def write_model(model: Any) -> str:
    onnx.save(model, "model.onnx")
    return "model.onnx"


def session_scores(job: ScoreJob) -> tuple[Any, dict[str, Any]]:
    session = start_session(open_model_with_tables(job))
    output = session.model.outputs[session.model.wanted[0]].name
    return session, {each.key: each.scores[output] for each in session.scorer.score(session.utterances)}


def scored(model: Any, inputs: Any = "x.ark", **more: Any) -> dict[str, Any]:
    return session_scores(ScoreJob(model=write_model(model), inputs=inputs, **more))[1]


def assert_right(scores: dict[str, Any], expected: Any) -> None:
    assert list(scores) == list(FEATURES)
    for key, x in FEATURES.items():
        np.testing.assert_allclose(scores[key], expected(x), rtol=0, atol=1e-5)


def test_an_lstm_whose_states_are_ports() -> None:
    model = lstm_model()
    session, scores = session_scores(ScoreJob(model=write_model(model), inputs="x.ark"))
    assert_right(scores, lambda x: run_onnx(model, {"x": x[None], "h0": STATE, "c0": STATE})[0])
    assert [note for note in session.scorer.notes if "h0" in note] == [
        "output 'hn' is the next state of input 'h0', which starts each utterance as [1,1,5] zeros"
    ]


@pytest.mark.parametrize("states", [["p=q", "r=s"], ["r=s", "p=q"]])
def test_states_that_are_asked_for(states: Sequence[str]) -> None:
    model = lstm_model(names=("p", "r", "q", "s"))
    expected = lambda x: run_onnx(model, {"x": x[None], "p": STATE, "r": STATE})[0]  # noqa: E731
    assert_right(scored(model, states=states), expected)
    by_array = {each.key: each.scores["out"] for each in score("model.onnx", arrays=FEATURES, states=states)}
    assert_right(by_array, expected)


def test_states_that_no_name_tells_are_asked_for() -> None:
    with pytest.raises(UsageError) as caught:
        scored(lstm_model(names=("p", "r", "q", "s")))
    assert str(caught.value) == (
        "inputs: no table for input p, r; the model has 3 inputs; states 'p=q' if that output (or s) is its next "
        "state; states 'r=q' if that output (or s) is its next state"
    )
    assert caught.value.fields.count("states") == 2


def scores_of_cell(model: Any, x: Any) -> Any:
    state, count, rows = np.zeros((1, HIDDEN), np.float32), np.zeros((1, 1), np.int64), []
    for frame in x:
        feeds = {"x": frame[None], "h_in": state, "cached_len": count}
        rows.append(run_onnx(model, feeds)[0])
        state, count = run_onnx(model, feeds, "h_out"), np.asarray(run_onnx(model, feeds, "new_cached_len"))
    return np.array(rows)


@pytest.mark.parametrize("batch", [1, "N"])
@pytest.mark.parametrize(("batch_size", "lanes"), [(0, 64), (1, 0), (3, 3)])
def test_frames_in_lock_step(batch: Any, batch_size: int, lanes: int) -> None:
    model = cell_model(batch, counter=("cached_len", "new_cached_len"))
    job = ScoreJob(model=write_model(model), inputs="x.ark", batch_size=batch_size)
    session, scores = session_scores(job)
    plan = session.scorer.plan
    assert (plan.lanes if isinstance(plan, LockstepPlan) else 0) == lanes
    assert_right(scores, lambda x: scores_of_cell(model, x))


@pytest.mark.parametrize("batch_size", [0, 2])
@pytest.mark.parametrize("frames", [1, 3, "T"])
def test_wenet(frames: Any, batch_size: int) -> None:
    """Caches of different lengths cannot go in lock-step; several requests do."""
    model = wenet_model(frames)
    pieces = 100 if frames == "T" else frames

    def expected(x: Any) -> Any:
        cache, rows = np.zeros((1, 1, 0, 4), np.float32), []
        for start in range(0, len(x), pieces):
            chunk = x[start : start + pieces]
            if frames != "T":
                chunk = np.concatenate([chunk, np.repeat(chunk[-1:], frames - len(chunk), 0)])
            feeds = {"chunk": chunk[None], "offset": np.array(start), "att_cache": cache}
            rows.append(run_onnx(model, feeds)[0])
            cache = run_onnx(model, feeds, "r_att_cache")
        return np.concatenate(rows)[: len(x)]

    assert_right(scored(model, batch_size=batch_size), expected)


def test_the_number_of_frames() -> None:
    model = length_model()
    expected = lambda x: run_onnx(model, {"x": x[None], "x_lens": np.array([len(x)])})[0]  # noqa: E731
    assert_right(scored(model), expected)
    other = length_model("t")
    expected = lambda x: run_onnx(other, {"x": x[None], "t": np.array([len(x)])})[0]  # noqa: E731
    assert_right(scored(other, ["x.ark", "t=frames"]), expected)
    assert_right(scored(other, {"x": "x.ark", "t": "frames"}), expected)
    assert_right(scored(other, "x=x.ark,t=frames"), expected)


def test_values() -> None:
    model = length_model("gain", [], onnx.TensorProto.FLOAT)
    expected = lambda x: run_onnx(model, {"x": x[None], "gain": np.array(0.5, np.float32)})[0]  # noqa: E731
    assert_right(scored(model, ["x.ark", "gain=value:0.5"]), expected)
    by_array = {e.key: e.scores["out"] for e in score("model.onnx", arrays=FEATURES, fill={"gain": "value:0.5"})}
    assert_right(by_array, expected)
    with pytest.raises(UsageError) as caught:
        scored(model)
    assert str(caught.value).endswith("; inputs 'gain=value:X' if 'gain' is one number for all utterances")


def test_what_is_filled_in_from_python_has_no_table() -> None:
    write_model(length_model("gain", [], onnx.TensorProto.FLOAT))
    tables = {"x": "ark:x.ark", "gain": "ark:gain.ark"}
    for inputs in (tables, [f"{name}={table}" for name, table in tables.items()]):
        with pytest.raises(UsageError, match="inputs: input 'gain' is given twice"):
            list(score("model.onnx", inputs, fill={"gain": "value:0.5"}))
    with pytest.raises(UsageError) as caught:
        list(score("model.onnx", arrays=FEATURES, fill={"gain": "0.5"}))
    assert str(caught.value) == "fill 'gain': expected frames, ones, zeros, position or value:X, found '0.5'"


def test_masks() -> None:
    model = mask_model()

    def ones(x: Any) -> Any:
        return run_onnx(model, {"x": x[None], "mask": np.ones((1, len(x)), np.float32)})[0]

    session, scores = session_scores(ScoreJob(model=write_model(model), inputs="x.ark"))
    assert_right(scores, ones)
    assert session.scorer.notes[-1] == (
        "input 'mask' is filled in with ones: a trial shows that ones mark valid frames"
    )
    assert_right(scored(model, ["x.ark", "mask=zeros"]), lambda x: ones(x) * 0)
    hiding = mask_model(hides=True)
    with pytest.raises(UsageError, match="a trial does not show"):
        scored(hiding)
    assert_right(scored(hiding, ["x.ark", "mask=zeros"]), ones)


def test_tables_are_given_to_every_input_that_has_one() -> None:
    model = length_model()
    twice = {key: np.full(1, 2 * len(x), np.float32) for key, x in FEATURES.items()}
    write_table("n.ark", twice)
    expected = lambda x: run_onnx(model, {"x": x[None], "x_lens": np.array([2 * len(x)])})[0]  # noqa: E731
    assert_right(scored(model, ["x=x.ark", "x_lens=n.ark"]), expected)
    assert_right(scored(model, ["x.ark", "n.ark"]), expected)
    arrays = {key: {"x": x, "x_lens": twice[key]} for key, x in FEATURES.items()}
    assert_right({each.key: each.scores["out"] for each in score("model.onnx", arrays=arrays)}, expected)


def test_states_are_outputs_too_where_they_are_asked_for() -> None:
    job = ScoreJob(model=write_model(cell_model()), inputs="x.ark", outputs=["h_out=h.ark"])
    session, _ = session_scores(job)
    assert [session.model.outputs[number].name for number in session.model.wanted] == ["h_out"]
    session, _ = session_scores(ScoreJob(model="model.onnx", inputs="x.ark", outputs=["y.ark"]))
    assert [session.model.outputs[number].name for number in session.model.wanted] == ["out"]


def test_names_are_checked() -> None:
    with pytest.raises(UnknownNameError, match=r"^states: the model has no input 'h'"):
        scored(cell_model(), states=["h=h_out"])


def test_kaldi_models_have_their_states_inside() -> None:
    model = str(MODELS / "nnet3_tdnn" / "final.mdl")
    with pytest.raises(UsageError, match=r"^states: a model converted from Kaldi has its states inside"):
        open_model_with_tables(ScoreJob(model=model, inputs="x.ark", states=["h=g"]))


def test_words_are_no_tables() -> None:
    ports = [PortInfo(name, name, 0, (name,), (1, None), "f32", "") for name in ("x", "mask", "ivector")]
    job, given = split_inputs(ScoreJob(inputs="x=frames,mask=ark:ones"), ports)
    assert (job.inputs, given) == (("mask=ark:ones",), GivenInputs(["mask"], 0, {"x": "frames"}))
    job, given = split_inputs(ScoreJob(inputs=["a,b", "mask=ones"], ivectors="iv.ark"), ports)
    assert (job.inputs, given) == (("a", "b"), GivenInputs(["ivector"], 2, {"mask": "ones"}))
    job, given = split_inputs(ScoreJob(inputs="a,b", input_layers="x, mask"), ports)
    assert (job.inputs, given) == (("a,b",), GivenInputs(["x", "mask"], 0))
    with pytest.raises(UsageError, match="inputs: input 'mask' is given twice"):
        split_inputs(ScoreJob(inputs=["a", "mask=ones", "mask=zeros"]), ports)


def test_tables_of_one_number() -> None:
    """Kaldi's tables of numbers, for inputs without any axis too."""
    gains = {key: 0.5 * number for number, key in enumerate(FEATURES)}
    Path("gain.txt").write_text("".join(f"{key} {gain}\n" for key, gain in gains.items()))
    data = (b"%s \0B\4%s" % (key.encode(), struct.pack("<f", gain)) for key, gain in gains.items())
    Path("gain.ark").write_bytes(b"".join(data))
    for shape in ([], [1], ["N", 1]):
        model = length_model("gain", shape, onnx.TensorProto.FLOAT)
        for table in ("ark,t:gain.txt", "ark:gain.ark"):
            scores = scored(model, ["x=x.ark", f"gain={table}"])
            for key, x in FEATURES.items():
                gain = np.full([1] * len(shape), gains[key], np.float32)
                expected = run_onnx(model, {"x": x[None], "gain": gain})[0]
                np.testing.assert_allclose(scores[key], expected, rtol=0, atol=1e-5)


def torch_lstm(batch: Any) -> Any:
    """x [T,N,4], as torch.nn.LSTM takes it without batch_first."""
    nodes = [
        helper.make_node("LSTM", ["x", "lstm_W", "lstm_R", "lstm_B", "", "h0", "c0"], ["y", "hn", "cn"], hidden_size=5),
        helper.make_node("Squeeze", ["y", "one"], ["ys"]),
        helper.make_node("MatMul", ["ys", "P"], ["out"]),
    ]
    states: list[Any] = [("h0", [1, batch, 5]), ("c0", [1, batch, 5])]
    ends: list[Any] = [("out", ["T", batch, 3]), ("hn", [1, batch, 5]), ("cn", [1, batch, 5])]
    return onnx_model(nodes, [("x", ["T", batch, 4]), *states], ends, one=[1])


@pytest.mark.parametrize("batch", [1, "N"])
@pytest.mark.parametrize("layout", ["", "x[TNC]"])
def test_time_that_comes_first(batch: Any, layout: str) -> None:
    """Scored right, or refused: shapes of a state do not fit frames in the place of its batch."""
    model = torch_lstm(batch)

    def expected(x: Any) -> Any:
        return run_onnx(model, {"x": x[:, None], "h0": STATE, "c0": STATE})[:, 0]

    try:
        scores = scored(model, layout=layout)
    except UsageError as error:
        assert (batch, layout) == ("N", "")
        assert "cannot tell how long axis 2 of 'h0'" in str(error)
        return
    assert_right(scores, expected)

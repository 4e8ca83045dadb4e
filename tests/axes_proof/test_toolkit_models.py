"""Signatures that toolkits export, by the command line: the scores of onnxruntime, or a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.axes_proof import toolkit_models as made
from tests.axes_proof.toolkit_models import FEATURES, HIDDEN, Array, judged, saved
from tests.command_line import Outcome, run

TOLERANCE = 1e-5


@pytest.fixture(autouse=True)
def features(folder: Path) -> None:
    np.savez(folder / "x.npz", **FEATURES)  # type: ignore[arg-type]


def score(model: onnx.ModelProto, *more: str, output: str = "out.npz", inputs: str = "x.npz") -> Outcome:
    path = saved(model, "model.onnx")
    return run("score", "-m", path, "-i", inputs, "-o", output, *more)


def check(outcome: Outcome, expected: Mapping[str, Array]) -> None:
    assert outcome.code == 0, outcome
    found = np.load("out.npz")
    assert list(found) == list(expected)
    for key, matrix in expected.items():
        assert found[key].shape == matrix.shape
        np.testing.assert_allclose(found[key], matrix, rtol=0, atol=TOLERANCE)


def rows(results: Mapping[str, Array], *order: int) -> dict[str, Array]:
    """Rows of frames of the first utterance, after the axes of results were put in ``order``."""
    return {key: value.transpose(order or range(value.ndim)).reshape(-1, value.shape[order[-1] if order else -1])
            for key, value in results.items()}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "feed", "layouts"),
    [
        (made.plane, lambda x: {"x": x[None, None]}, ("[N1TC]", "x[N1TC],y[NTC]")),
        (made.channels_last, lambda x: {"x": x[None, :, :, None]}, ("[NTC1]", "x[NTC1],y[NTC]")),
        (made.classes_before_time, lambda x: {"x": x[None]}, ("[NTC]", "x[NTC],y[NCT]")),
        (made.time_last, lambda x: {"x": x.T[None]}, ("[NCT]", "x[NCT],y[NCT]")),
    ],
)
def test_axes(
    make: Callable[[], onnx.ModelProto], feed: Callable[[Array], dict[str, Array]], layouts: tuple[str, ...]
) -> None:
    model = make()
    order = (0, 2, 1) if model.graph.output[0].type.tensor_type.shape.dim[2].dim_param == "T" else ()
    expected = rows(judged(model, feed), *order)
    check(score(model), expected)
    for layout in layouts:
        check(score(model, "-layout", layout), expected)


def test_heads_are_chosen() -> None:
    model = made.two_heads()
    error = score(model).error
    assert "'y' [?,2,?,3]" in error
    assert "y[0] to y[1]" in error
    results = judged(model, lambda x: {"x": x[None]})
    for head in (0, 1):
        check(score(model, output=f"y[{head}]=out.npz"), {key: value[0, head] for key, value in results.items()})


def test_a_mask_has_a_value_per_frame(folder: Path) -> None:
    model = made.masked()
    masks = {key: (np.arange(len(x)) % 3 > 0).astype(np.float32)[:, None] for key, x in FEATURES.items()}
    np.savez(folder / "mask.npz", **masks)  # type: ignore[arg-type]
    check(score(model, inputs="x=x.npz,mask=mask.npz"), masked_scores(model, masks))


def masked_scores(model: onnx.ModelProto, masks: Mapping[str, Array]) -> dict[str, Array]:
    by_length = {len(mask): mask for mask in masks.values()}
    return rows(judged(model, lambda x: {"x": x[None], "mask": by_length[len(x)].T}))


def test_a_mask_without_a_table_is_one_everywhere() -> None:
    model = made.masked()
    ones = {key: np.ones((len(x), 1), np.float32) for key, x in FEATURES.items()}
    check(score(model), masked_scores(model, ones))


@pytest.mark.parametrize("more", [(), ("-layout", "audio_signal[NCT]")])
def test_nemo(more: tuple[str, ...]) -> None:
    model = made.nemo()
    check(score(model, *more), rows(judged(model, nemo_feed)))


def nemo_feed(x: Array) -> dict[str, Array]:
    return {"audio_signal": x.T[None], "length": np.array([len(x)])}


def test_a_length_that_is_given() -> None:
    model = made.nemo()
    Path("length.txt").write_text("".join(f"{key} {len(x)}\n" for key, x in FEATURES.items()))
    check(score(model, inputs="audio_signal=x.npz,length=ark,t:length.txt"), rows(judged(model, nemo_feed)))


def states_feed(x: Array) -> dict[str, Array]:
    zeros = np.zeros((1, 1, HIDDEN), np.float32)
    return {"x": x[None], "h0": zeros, "c0": zeros}


@pytest.mark.parametrize("more", [(), ("--state", "h0=hn", "--state", "c0=cn")])
def test_states_begin_with_zeros(more: tuple[str, ...]) -> None:
    model = made.lstm_states()
    check(score(model, *more, output="out=out.npz"), rows(judged(model, states_feed)))


def wenet_feed(x: Array) -> dict[str, Array]:
    return {"chunk": x[None], "offset": np.array(0), "att_cache": np.zeros((1, 1, 0, x.shape[1]), np.float32)}


def test_wenet() -> None:
    model = made.wenet()
    check(score(model, output="output=out.npz"), rows(judged(model, wenet_feed)))

"""Exports of toolkits are scored as onnxruntime does, or refused with what to give; given that, they are scored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ov_asr_score import score
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.openvino_api import ov
from tests.command_line import run
from tests.tiny_model import write_table
from tests.toolkits.toolkit_cases import CASES, MODELS, VECTOR, WIDTH, Array, ToolkitCase

LENGTHS = (33, 9, 20, 7, 21)
FILLED = {"length": "frames", "whole": "value:1", "ones": "ones", "none": "zeros", "position": "position"}
TOLERANCE = 1e-4

# All others are scored without a word. One head, whether padding is true or false, and what a length of 1.0 means are
# the user's to say.
ASKED = {"heads", "transformer_padding", "relative_lengths"}


def features_of(case: ToolkitCase) -> dict[str, Array]:
    """Utterances of several lengths, the longest not first in the alphabet."""
    lengths = [length for length in LENGTHS if length >= case.least]
    return {
        f"u{length}": np.random.default_rng(length).standard_normal((length, WIDTH)).astype(np.float32)
        for length in lengths
    }


def answers(case: ToolkitCase) -> dict[str, Any]:
    """Everything that the tool may ask about the model, as arguments of ``score``."""
    said: dict[str, Any] = {"layout": case.layout, "outputs": [case.chosen]}
    if case.states:
        said["states"] = [f"{given}={result}" for given, result in case.states.items()]
    fill = {name: FILLED[kind] for name, kind in case.others.items() if isinstance(kind, str) and kind in FILLED}
    return said | ({"fill": fill} if fill else {})


def check_scores(case: ToolkitCase, path: Path | None = None, **said: Any) -> None:
    """Raise AssertionError where scores are not those of onnxruntime, OvAsrScoreError where the model is refused.

    ``path`` is another file of the same model.
    """
    features = features_of(case)
    vectors = {name: VECTOR for name, kind in case.others.items() if kind == "vector"}
    arrays = {key: {case.first: array, **vectors} if vectors else array for key, array in features.items()}
    found = {result.key: result.scores for result in score(path or case.path, arrays=arrays, **said)}
    assert list(found) == list(features)
    chosen = case.chosen if "outputs" in said else ""
    for key, array in features.items():
        expected = case.expected(array, chosen)
        scores = next(value for name, value in found[key].items() if name.partition("[")[0] == case.output)
        np.testing.assert_allclose(
            np.atleast_2d(scores), expected, rtol=0, atol=TOLERANCE, err_msg=f"{case.name} {key}"
        )


@pytest.mark.parametrize("form", ["onnx", "ir"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scores_are_those_of_onnxruntime_or_asked_for(case: ToolkitCase, form: str, tmp_path: Path) -> None:
    """An IR has no names of axes."""
    path = case.path if form == "onnx" else tmp_path / "model.xml"
    if form == "ir":
        ov.save_model(ov.Core().read_model(case.path), path, compress_to_fp16=False)
    try:
        check_scores(case, path)
    except OvAsrScoreError as error:
        message = str(error)
        assert message
        assert "\n" not in message
        assert case.name in ASKED, message
        check_scores(case, path, **answers(case))
    else:
        assert case.name not in ASKED, "is scored without a word now"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_given_is_taken(case: ToolkitCase) -> None:
    check_scores(case, **answers(case))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pytorch_lstm", ("--state", "h0=hn", "--state", "c0=cn")),
        ("transformer_padding", ("-i", "padding_mask=zeros")),
        ("relative_lengths", ("-i", "lens=value:1")),
        ("nemo_ctc", ("-layout", "audio_signal[NCT],logprobs[NTC]")),
        ("heads", ()),
    ],
)
def test_what_is_given_on_the_command_line(name: str, options: tuple[str, ...], folder: Path) -> None:
    case = next(case for case in CASES if case.name == name)
    features = features_of(case)
    write_table("feats.ark", features)
    tables = ("-i", f"{case.first}=feats.ark", "-o", f"{case.chosen}=ark:scores.ark")
    outcome = run("score", "-m", case.path, *tables, *options, "--quiet")
    assert outcome.code == 0, outcome.stderr
    found = dict(read_table("scores.ark"))
    for key, array in features.items():
        expected = case.expected(array, case.chosen)
        np.testing.assert_allclose(np.atleast_2d(found[key]), expected, rtol=0, atol=TOLERANCE, err_msg=key)


def test_the_cases_are_the_models() -> None:
    assert {path.stem for path in MODELS.glob("*.onnx")} == {case.name for case in CASES}
    assert all(path.stat().st_size < 60_000 for path in MODELS.iterdir())


def test_scores_depend_on_the_features() -> None:
    """A network that forgets its input would pass every test above."""
    for case in CASES:
        one, other = (np.random.default_rng(seed).standard_normal((21, WIDTH)).astype(np.float32) for seed in (1, 2))
        assert np.abs(case.expected(one) - case.expected(other)).max() > 0.01, case.name


def _layers(name: str) -> dict[str, str]:
    graph = onnx.load(str(MODELS / f"{name}.onnx"), load_external_data=False).graph
    return {output: node.op_type for node in graph.node for output in node.output}


def test_inner_layers_by_the_names_of_pytorch(folder: Path) -> None:
    features = {"u1": np.random.default_rng(4).standard_normal((6, WIDTH)).astype(np.float32)}
    write_table("feats.ark", features)
    name = next(name for name, kind in _layers("dnn").items() if kind == "Sigmoid")
    assert re.fullmatch(r"/layers/layers\.\d/Sigmoid_output_0", name)
    model = str(MODELS / "dnn.onnx")
    outcome = run("score", "-m", model, "-i", "x=feats.ark", "-o", f"{name}=hidden.ark,y=ark:scores.ark", "--quiet")
    assert outcome.code == 0, outcome.stderr
    assert dict(read_table("hidden.ark"))["u1"].shape == (6, 8)
    assert dict(read_table("scores.ark"))["u1"].shape == (6, 5)
    outcome = run("score", "-m", model, "-i", "feats.ark", "-o", f"{name}x=hidden.ark")
    assert outcome.code == 3
    assert f"the model has no layer '{name}x'; did you mean '{name}'" in outcome.error

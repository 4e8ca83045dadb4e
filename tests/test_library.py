"""Scores from Python: from tables and from arrays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest

import ov_asr_score
from ov_asr_score import score
from ov_asr_score.errors import FileAccessError, MissingUtteranceError, ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.settings.device import DeviceSettings

ROOT = Path(__file__).parents[1]
DIGITS = str(ROOT / "models" / "dnn_digits.xml")
TWO = str(ROOT / "models" / "two_inputs.xml")
FEATURES = f"ark:{ROOT}/data/dnn_digits/features.ark"
TWO_TABLES = {
    "features": f"ark:{ROOT}/data/two_inputs/features.ark",
    "ivector": f"ark:{ROOT}/data/two_inputs/ivectors_utterance.ark",
}


def read(name: str) -> dict[str, Any]:
    return dict(kaldiio.load_ark(str(ROOT / "data" / name)))


@pytest.mark.parametrize("inputs", [FEATURES, [FEATURES], {"input": FEATURES}, [f"input={FEATURES}"]])
def test_score_table(inputs: Any) -> None:
    expected = read("dnn_digits/kaldi_loglik.ark")
    found = {result.key: result.scores["score"] for result in score(DIGITS, inputs)}
    assert list(found) == list(expected)
    for key, scores in found.items():
        np.testing.assert_allclose(scores, expected[key], rtol=0, atol=1e-4)


def test_score_arrays() -> None:
    features, expected = read("dnn_digits/features.ark"), read("dnn_digits/kaldi_loglik.ark")
    for result in score(DIGITS, arrays=features.items(), batch_size=100):
        np.testing.assert_allclose(result.scores["score"], expected[result.key], rtol=0, atol=1e-4)


def test_score_several_inputs_and_selected_outputs() -> None:
    expected = read("two_inputs/bottleneck_utterance.ark")
    features, ivectors = read("two_inputs/features.ark"), read("two_inputs/ivectors_utterance.ark")
    arrays = [(key, {"features": features[key], "ivector": ivectors[key]}) for key in features]
    tables = list(score(TWO, TWO_TABLES, outputs=["bottleneck"]))
    given = list(score(TWO, arrays=arrays, outputs=["bottleneck"]))
    for results in (tables, given):
        assert [result.key for result in results] == list(expected)
        for result in results:
            assert list(result.scores) == ["bottleneck"]
            np.testing.assert_allclose(result.scores["bottleneck"], expected[result.key], rtol=0, atol=2e-6)


def test_score_with_context_and_device() -> None:
    value = next(iter(read("tdnn_al/features.ark").values()))
    options: dict[str, Any] = {"left_context": 3, "right_context": 3, "device": DeviceSettings(threads=1)}
    model = str(ROOT / "models" / "tdnn_al.xml")
    (windowed,) = score(model, arrays=[("a", value)], **options)
    (delayed,) = score(model, arrays=[("a", value[[0] * 3 + list(range(len(value))) + [-1] * 3])])
    np.testing.assert_array_equal(windowed.scores["output"], delayed.scores["output"][6:])


def test_score_empty_utterances() -> None:
    empty, some = np.zeros((0, 0), np.float32), np.zeros((2, 440), np.float32)
    arrays = [("a", empty), ("b", some), ("c", empty)]
    assert [result.scores["score"].shape for result in score(DIGITS, arrays=arrays)] == [(0, 120), (2, 120), (0, 120)]
    assert [result.scores["score"].shape for result in score(DIGITS, arrays=arrays[:1])] == [(0, 120)]
    assert list(score(DIGITS, arrays=[])) == []


def test_score_is_lazy() -> None:
    def endless() -> Iterator[tuple[str, Any]]:
        number = 0
        while True:
            number += 1
            yield f"u{number}", np.zeros((300, 440), np.float32)

    results = score(DIGITS, arrays=endless())
    assert [next(results).key for _ in range(5)] == ["u1", "u2", "u3", "u4", "u5"]


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, UsageError, "expected either tables .* or arrays, found neither"),
        ({"inputs": FEATURES, "arrays": []}, UsageError, "found both"),
        ({"inputs": {"imput": FEATURES}}, UnknownNameError, "no input 'imput'; did you mean 'input'"),
        ({"inputs": [FEATURES, FEATURES]}, UsageError, "2 tables for 1 layer "),
        ({"inputs": "ark:no such file"}, FileAccessError, "no such file"),
        ({"inputs": FEATURES, "outputs": ["skore"]}, UnknownNameError, "did you mean 'score'"),
        ({"arrays": [("a", np.zeros((2, 3)))]}, ShapeMismatchError, "expected 440 values per frame, features have 3"),
        ({"arrays": [("a", np.zeros(440))]}, UsageError, "expected inputs with one number of frames"),
        ({"arrays": [("a", {"other": np.zeros((2, 440))})]}, UsageError, "expected arrays for input, found other"),
    ],
)
def test_score_wrong_use(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        list(score(DIGITS, **options))


def test_score_wrong_use_of_several_inputs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table for input ivector"):
        list(score(TWO, TWO_TABLES["features"]))
    kaldiio.save_ark(str(tmp_path / "few.ark"), {"spk1-utt1": np.zeros(10, np.float32)})
    tables = TWO_TABLES | {"ivector": f"ark:{tmp_path}/few.ark"}
    with pytest.raises(MissingUtteranceError, match="3 missing utterances"):
        list(score(TWO, tables))
    assert [result.key for result in score(TWO, tables, allow_missing=True)] == ["spk1-utt1"]


def test_package_imports_openvino_lazily() -> None:
    code = (
        "import sys, ov_asr_score, ov_asr_score.kaldi_io, ov_asr_score.scoring.engine; "
        "assert 'openvino' not in sys.modules; ov_asr_score.score; assert 'openvino' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_public_names() -> None:
    for name in ov_asr_score.__all__:
        assert getattr(ov_asr_score, name)
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        ov_asr_score.scores  # noqa: B018


def test_score_array_types() -> None:
    matrix = np.linspace(-1, 1, 3 * 440).reshape(3, 440)
    expected = next(score(Path(DIGITS), arrays=[("utt", matrix.astype(np.float32))])).scores["score"]
    for arrays in ({"utt": matrix}, [("utt", matrix.tolist())], {"utt": {"input": np.asfortranarray(matrix)}}):
        result = next(score(DIGITS, arrays=arrays))
        np.testing.assert_allclose(result.scores["score"], expected, atol=1e-5)
    with pytest.raises(UsageError, match="utterance 'utt': input 'input': expected a matrix of numbers"):
        next(score(Path(DIGITS), arrays={"utt": [["a"]]}))
    with pytest.raises(UsageError, match="expected a matrix"):
        next(score(Path(DIGITS), arrays={"utt": np.zeros((1, 2, 3))}))


def test_score_path() -> None:
    path = ROOT / "data" / "dnn_digits" / "features.ark"
    assert next(score(Path(DIGITS), path)).key == "es_Andrea-t0004"

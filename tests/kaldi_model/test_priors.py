"""Log priors, from models and from files of counts as nnet-forward reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, ModelFormatError, UsageError
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.priors import inverse_priors, log_priors_of_counts, stored_log_priors
from tests.kaldi_model.model_files import FOLDER

RULED_OUT = np.float32(np.sqrt(np.finfo(np.float32).max))


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "counts"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


@pytest.mark.parametrize(
    "text", ["[ 10 30 60 ]\n", " [ 10 30 60 ]", "10 30 60\n", "[ 10 30 60 ]\n[ 3 4 ]\n", "[ 1e1 3e1 60.0 ]\n"]
)
def test_counts(tmp_path: Path, text: str) -> None:
    found = log_priors_of_counts(written(tmp_path, text), 1e-10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.log([0.1, 0.3, 0.6]), rtol=1e-6)


def test_rare_pdfs(tmp_path: Path) -> None:
    found = log_priors_of_counts(written(tmp_path, "[ 0 1 999 ]\n"), 0.002)
    assert found.tolist() == [RULED_OUT, RULED_OUT, pytest.approx(np.log(0.999), rel=1e-6)]
    found = log_priors_of_counts(written(tmp_path, "[ 0 1 999 ]\n"), 0.0)
    # log(0 + 1e-20)
    assert found.tolist() == [
        pytest.approx(-46.0517, rel=1e-5),
        pytest.approx(np.log(0.001), rel=1e-5),
        pytest.approx(np.log(0.999)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; expected counts of classes, one vector in text"),
        ("[ ]\n", "expected one vector of counts, found shape"),
        ("[ 1 2 -3 ]\n", "count 2: expected a number of 0 or more, found -3.0"),
        ("[ 1 nan 3 ]\n", "count 1: expected a number of 0 or more, found nan"),
        ("[ 1 inf 3 ]\n", "count 1: expected a number of 0 or more, found inf"),
        ("[ 0 0 0 ]\n", "expected at least one count above 0"),
        ("[ 1 2\n 3 4 ]\n", r"expected one vector of counts, found shape \[2, 2\]"),
        ("[ 1 two 3 ]\n", r"at byte \d+: expected a number, found 'two'; counts are one vector in text"),
        ("[ 1 2 3", "the file is truncated; counts are one vector in text"),
        (b"\0BFV \4\2\0\0\0", "expected a vector of counts in text, .*, found binary data"),
    ],
)
def test_what_are_no_counts(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ModelFormatError, match=message) as failure:
        log_priors_of_counts(path, 1e-10)
    assert str(failure.value).startswith(f"{path}: ")
    assert "\n" not in str(failure.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        log_priors_of_counts(str(tmp_path / "counts"), 1e-10)


def test_priors_of_a_model() -> None:
    network = load_network(FOLDER / "nnet3_usual_am.mdl")
    np.testing.assert_allclose(stored_log_priors(network), np.log([0.125, 0.25, 0.5, 0.125]), rtol=1e-6)
    with pytest.raises(UsageError, match="use_priors, but the model holds no priors"):
        stored_log_priors(load_network(FOLDER / "nnet3_chain_am.mdl"))


@pytest.mark.parametrize("value", [0.0, -0.5, float("nan"), float("inf")])
def test_priors_that_have_no_logarithm(value: float) -> None:
    network = load_network(FOLDER / "nnet3_usual_am.mdl")
    wrong = replace(network, priors=np.array([0.5, value, 0.25, 0.25], np.float32))
    with pytest.raises(ModelFormatError, match="prior of pdf 1: expected a number above 0"):
        stored_log_priors(wrong)


def test_inverse_priors_may_be_negative_or_nothing() -> None:
    network = load_network(FOLDER / "nnet2_am.mdl")
    priors = np.array([0.5, -0.25, np.inf, 4.0], np.float32)
    assert inverse_priors(replace(network, priors=priors)).tolist() == [2.0, -4.0, 0.0, 0.25]


@pytest.mark.parametrize("value", [0.0, float("nan"), 1e-45])
def test_priors_that_cannot_be_divided_by(value: float) -> None:
    network = load_network(FOLDER / "nnet2_am.mdl")
    priors = np.array([0.5, value, 0.25, 0.25], np.float32)
    with pytest.raises(ModelFormatError, match="prior of pdf 1: expected a number other than 0, found"):
        inverse_priors(replace(network, priors=priors))

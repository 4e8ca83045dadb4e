"""States as plain numbers, through JSON and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.ivector.adaptation_state import encode_state, first_state, load_state
from ov_asr_score.ivector.plain_state import adaptation_state_from_plain, plain_adaptation_state
from tests.ivector.references import KALDI, extractor


def test_numbers_come_back() -> None:
    kaldis = load_state(str(KALDI / "state" / "es_Annie.2.es_Annie-n0023.state.txt"), extractor())
    for state in (kaldis, first_state(extractor())):
        data = json.loads(json.dumps(plain_adaptation_state(state)))
        assert encode_state(adaptation_state_from_plain(data)) == encode_state(state)


def changed(path: str, value: Any) -> Any:
    data: Any = json.loads(json.dumps(plain_adaptation_state(first_state(extractor()))))
    *folders, name = path.split("/")
    place = data
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("cmvn", None, "state of i-vectors: expected cmvn, ivector_stats, found ivector_stats"),
        ("cmvn", 3, "state of i-vectors: cmvn: expected an object with names, found something else"),
        ("cmvn/speaker", [1.0], "state of CMVN: speaker: expected two rows of numbers"),
        ("ivector_stats", [], "ivector_stats: expected an object with names"),
        ("ivector_stats", {}, "ivector_stats: expected prior_offset, .*, found nothing"),
        ("ivector_stats/count", "x", "count: expected a number, found something else"),
        ("ivector_stats/count", True, "count: expected a number"),
        ("ivector_stats/count", 10**400, "count: expected a number"),
        ("ivector_stats/count", [1.0], "count: expected a number"),
        ("ivector_stats/linear", [[1.0]], "linear: expected a list of numbers"),
        ("ivector_stats/linear", [[1.0], []], "linear: expected a list of numbers"),
        ("ivector_stats/linear", [0.0] * 5, "expected a triangle of 5 rows as quadratic term, found 300 numbers"),
    ],
)
def test_other_data(path: str, value: Any, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        adaptation_state_from_plain(changed(path, value))


@pytest.mark.parametrize("data", [None, 3, "x", []])
def test_what_is_no_state(data: Any) -> None:
    with pytest.raises(TableFormatError, match=r"^state of i-vectors: expected an object with names"):
        adaptation_state_from_plain(data)


def test_arrays_are_double() -> None:
    assert adaptation_state_from_plain(changed("ivector_stats/count", 2)).stats.linear.dtype == np.float64

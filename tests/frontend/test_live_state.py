"""The state of a speaker through JSON and Kaldi's files, and what is no state."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError
from ov_asr_score.features.steps.online_cmvn import CmvnState
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.ivector.adaptation_state import encode_state, read_adaptation_state
from tests.frontend.places import IVECTOR

KALDIS = IVECTOR / "state" / "es_Annie.2.es_Annie-n0023.state.txt"
CMVN = CmvnState(np.ones((2, 4)) / 3, np.arange(8).reshape(2, 4) / 7, None)
STATE = FrontendState(CMVN, read_adaptation_state(str(KALDIS)))


def assert_same(one: FrontendState, other: FrontendState) -> None:
    assert one.to_json() == other.to_json()
    if one.ivectors is not None:
        assert other.ivectors is not None and encode_state(one.ivectors) == encode_state(other.ivectors)


@pytest.mark.parametrize("state", [STATE, FrontendState(), FrontendState(CMVN), FrontendState(None, STATE.ivectors)])
def test_what_is_saved_is_the_same(state: FrontendState, tmp_path: Path) -> None:
    text = state.to_json()
    assert "\n" not in text and len(text) < 20_000
    assert_same(FrontendState.from_json(text), state)
    for as_text in (False, True):
        folder = tmp_path / str(as_text)
        folder.mkdir()
        state.write_kaldi(folder, text=as_text)
        assert_same(FrontendState.read_kaldi(folder), state)


def test_kaldis_state(tmp_path: Path) -> None:
    (tmp_path / "ivector.state").write_bytes(KALDIS.read_bytes())
    assert_same(FrontendState.read_kaldi(tmp_path), FrontendState(None, STATE.ivectors))
    with pytest.raises(FileAccessError):
        STATE.write_kaldi(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "state: expected JSON"),
        ("[" * 100_000, "state: expected JSON"),
        (b"\xff\xff", "state: expected JSON"),
        ("[]", "state: expected an object with cmvn and ivectors"),
        ('{"cmvn": null}', "state: expected an object with cmvn and ivectors"),
        ('{"cmvn": 3, "ivectors": null}', "state of CMVN: expected an object with names"),
        ('{"cmvn": null, "ivectors": 3}', "state of i-vectors: expected an object with names"),
        (
            '{"cmvn": {"speaker": [[NaN], [1]], "global_stats": null, "frozen": null}, "ivectors": null}',
            "state of CMVN: expected statistics that are finite",
        ),
    ],
)
def test_what_is_no_state(text: str | bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=f"^{message}"):
        FrontendState.from_json(text)


def test_damaged_states(tmp_path: Path) -> None:
    """Every cut of JSON, and of both files."""
    text = FrontendState(CMVN).to_json()
    for length in range(len(text)):
        with pytest.raises(TableFormatError):
            FrontendState.from_json(text[:length])
    STATE.write_kaldi(tmp_path)
    for name in ("online_cmvn.state", "ivector.state"):
        data = (tmp_path / name).read_bytes()
        for length in range(0, len(data), 1 + len(data) // 150):
            (tmp_path / name).write_bytes(data[:length])
            with pytest.raises(OvAsrScoreError, match=name.replace(".", r"\.")):
                FrontendState.read_kaldi(tmp_path)
        (tmp_path / name).write_bytes(data)
    changed = json.loads(STATE.to_json())
    changed["cmvn"]["speaker"][1][2] = float("inf")
    with pytest.raises(TableFormatError, match=r"expected statistics that are finite, found \[1, 2\] is inf"):
        FrontendState.from_json(json.dumps(changed))

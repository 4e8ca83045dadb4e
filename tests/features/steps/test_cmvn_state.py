from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.features.steps.cmvn_state import encode_cmvn_state, plain_state, read_cmvn_state, state_from_plain
from ov_asr_score.features.steps.online_cmvn import DEFAULT_ONLINE_CMVN, CmvnState, online_cmvn
from ov_asr_score.kaldi_io import KaldiStream, read_table
from ov_asr_score.kaldi_io.matrices.inner_matrix import expect_token

IVECTOR = Path(__file__).parents[2] / "kaldi_speech" / "ivector"
STATE = CmvnState(np.ones((2, 4)), np.arange(8).reshape(2, 4) / 7, None)


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "state")


def state_of_kaldi(name: str) -> CmvnState:
    stream = stream_of((IVECTOR / "state" / f"{name}.state.txt").read_bytes())
    expect_token(stream, "<OnlineIvectorExtractorAdaptationState>")
    expect_token(stream, "<CmvnState>")
    return read_cmvn_state(stream, binary=False)


def assert_equal_states(one: CmvnState, other: CmvnState) -> None:
    for name in ("global_stats", "speaker", "frozen"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_states_of_kaldi() -> None:
    """The sums over two utterances are those that Kaldi's program handed on, to the last of seventeen digits."""
    after = state_of_kaldi("flite_slt.1.flite_slt-n0005")
    assert after.frozen is None and after.global_stats is not None and after.speaker is not None
    assert after.speaker[0, -1] == 117
    features = dict(read_table(f"ark:{IVECTOR / 'feats.ark'}"))
    state = online_cmvn(features["flite_slt-n0005"], CmvnState(after.global_stats))[1]
    assert_equal_states(state, after)
    state = online_cmvn(features["flite_slt-n0013"], state, DEFAULT_ONLINE_CMVN)[1]
    assert_equal_states(state, state_of_kaldi("flite_slt.2.flite_slt-n0013"))


@pytest.mark.parametrize("text", [False, True])
def test_what_is_written_is_read(text: bool) -> None:
    for state in (STATE, CmvnState(), CmvnState(frozen=np.full((2, 3), 1 / 3))):
        stream = stream_of(encode_cmvn_state(state, text=text) + b"<Next> ")
        assert_equal_states(read_cmvn_state(stream, binary=not text), state)
        expect_token(stream, "<Next>")


def test_plain_numbers() -> None:
    numbers = json.loads(json.dumps(plain_state(STATE)))
    assert numbers["frozen"] is None
    assert_equal_states(state_from_plain(numbers), STATE)


@pytest.mark.parametrize("bad", [[[1.0]], [[1.0], [1.0, 2.0]], "x", 3, [["a"], ["b"]]])
def test_other_numbers(bad: object) -> None:
    with pytest.raises(TableFormatError, match="state of CMVN: speaker: expected two rows"):
        state_from_plain(plain_state(STATE) | {"speaker": bad})
    with pytest.raises(TableFormatError, match="expected speaker, global_stats, frozen, found speaker"):
        state_from_plain({"speaker": None})


def test_damaged_states() -> None:
    data = encode_cmvn_state(STATE)
    for length in range(len(data)):
        with pytest.raises(TableFormatError):
            read_cmvn_state(stream_of(data[:length]), binary=True)
    text = encode_cmvn_state(STATE, text=True)
    with pytest.raises(TableFormatError, match="expected statistics of two rows, found 1 rows"):
        read_cmvn_state(stream_of(text.replace(b"1.0 \n", b"1.0 ", 1)), binary=False)
    with pytest.raises(TableFormatError, match="expected <FrozenState>, found '<Other>'"):
        read_cmvn_state(stream_of(text.replace(b"<FrozenState>", b"<Other>")), binary=False)

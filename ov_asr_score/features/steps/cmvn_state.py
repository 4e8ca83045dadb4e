"""The state of online CMVN between utterances, as plain numbers and in Kaldi's form (OnlineCmvnState)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ov_asr_score.errors import TableFormatError
from ov_asr_score.features.steps.online_cmvn import CmvnState
from ov_asr_score.features.steps.running_sums import Sums
from ov_asr_score.kaldi_io.matrices.inner_matrix import encode_inner_matrix, expect_token, read_inner_matrix
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

_FIELDS = {"speaker": "<SpeakerCmvnStats>", "global_stats": "<GlobalCmvnStats>", "frozen": "<FrozenState>"}


def plain_state(state: CmvnState) -> dict[str, list[list[float]] | None]:
    """The state as numbers, such as for JSON; ``state_from_plain`` makes the same state of them."""
    arrays = {name: getattr(state, name) for name in _FIELDS}
    return {name: None if array is None else array.tolist() for name, array in arrays.items()}


def state_from_plain(data: Mapping[str, Any]) -> CmvnState:
    """The state that ``plain_state`` gave these numbers of. Raises TableFormatError for anything else."""
    if set(data) != set(_FIELDS):
        raise TableFormatError(f"state of CMVN: expected {', '.join(_FIELDS)}, found {', '.join(map(str, data))}")
    return CmvnState(**{name: _stats(name, data[name]) for name in _FIELDS})


def read_cmvn_state(stream: KaldiStream, *, binary: bool) -> CmvnState:
    """The state at the stream's position, within an object or alone (behind its mark ``\\0B`` if it is binary).

    Raises TableFormatError. Source: feat/online-feature.cc, ``OnlineCmvnState::Read``.
    """
    expect_token(stream, "<OnlineCmvnState>")
    found: dict[str, Sums | None] = {}
    for name, token in _FIELDS.items():
        expect_token(stream, token)
        start = stream.offset
        matrix = read_inner_matrix(stream, binary=binary)
        if matrix.size and len(matrix) != 2:
            raise stream.error("statistics of two rows", f"{len(matrix)} rows", offset=start)
        found[name] = matrix if matrix.size else None
    expect_token(stream, "</OnlineCmvnState>")
    return CmvnState(**found)


def encode_cmvn_state(state: CmvnState, *, text: bool = False) -> bytes:
    """The bytes of a state as Kaldi writes it, without the mark ``\\0B``. Source: ``OnlineCmvnState::Write``."""
    parts = [b"<OnlineCmvnState> "]
    for name, token in _FIELDS.items():
        stats = getattr(state, name)
        parts += [token.encode() + b" ", encode_inner_matrix(np.zeros((0, 0)) if stats is None else stats, text=text)]
    return b"".join([*parts, b"</OnlineCmvnState> "])


def _stats(name: str, numbers: Any) -> Sums | None:
    if numbers is None:
        return None
    try:
        stats = np.array(numbers, np.float64)
    except (TypeError, ValueError, OverflowError):
        stats = np.zeros(0)
    if stats.ndim != 2 or len(stats) != 2:
        raise TableFormatError(f"state of CMVN: {name}: expected two rows of numbers, found something else")
    return stats

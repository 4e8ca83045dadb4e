"""The state of a speaker as plain numbers, such as for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ov_asr_score.errors import TableFormatError
from ov_asr_score.features.steps.cmvn_state import plain_state, state_from_plain
from ov_asr_score.ivector.adaptation_state import AdaptationState
from ov_asr_score.ivector.estimation_stats import EstimationStats
from ov_asr_score.kaldi_model.double_arrays import DoubleArray

_NUMBERS = ("prior_offset", "max_count", "count")
_VECTORS = ("quadratic", "linear")


def plain_adaptation_state(state: AdaptationState) -> dict[str, Any]:
    """The state as numbers; ``adaptation_state_from_plain`` makes the same state of them."""
    stats: dict[str, Any] = {name: getattr(state.stats, name) for name in _NUMBERS}
    stats |= {name: getattr(state.stats, name).tolist() for name in _VECTORS}
    return {"cmvn": plain_state(state.cmvn), "ivector_stats": stats}


def adaptation_state_from_plain(data: Any) -> AdaptationState:
    """The state that ``plain_adaptation_state`` gave these numbers of. Raises TableFormatError for anything else."""
    _check_names("state of i-vectors", data, ("cmvn", "ivector_stats"))
    found = data["ivector_stats"]
    _check_names("state of i-vectors: ivector_stats", found, (*_NUMBERS, *_VECTORS))
    _check_names("state of i-vectors: cmvn", data["cmvn"], ())
    numbers = {name: float(_array(name, found[name], 0)) for name in _NUMBERS}
    quadratic, linear = (_array(name, found[name], 1) for name in _VECTORS)
    if len(quadratic) != len(linear) * (len(linear) + 1) // 2:
        raise TableFormatError(
            f"state of i-vectors: expected a triangle of {len(linear)} rows as quadratic term, found {len(quadratic)} "
            "numbers"
        )
    stats = EstimationStats(**numbers, quadratic=quadratic, linear=linear)
    return AdaptationState(state_from_plain(data["cmvn"]), stats)


def _check_names(what: str, data: Any, names: tuple[str, ...]) -> None:
    if not isinstance(data, Mapping):
        raise TableFormatError(f"{what}: expected an object with names, found something else")
    if names and set(data) != set(names):
        raise TableFormatError(f"{what}: expected {', '.join(names)}, found {', '.join(map(str, data)) or 'nothing'}")


def _array(name: str, numbers: Any, axes: int) -> DoubleArray:
    try:
        array = np.array(numbers, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.ndim != axes or isinstance(numbers, str | bool):
        expected = "a number" if axes == 0 else "a list of numbers"
        raise TableFormatError(f"state of i-vectors: {name}: expected {expected}, found something else")
    return array

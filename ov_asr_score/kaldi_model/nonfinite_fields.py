"""Parameters of a Kaldi network that are NaN or infinite."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import isinf, isnan

import numpy as np

from ov_asr_score.finite import nonfinite_text, value_text
from ov_asr_score.kaldi_model.network import Component, FieldValue, KaldiNetwork

# What training keeps for itself. No score depends on it, so that it may be what it likes.
_STATISTICS = frozenset(
    {"ValueAvg", "DerivAvg", "OderivRms", "ValueSum", "DerivSum", "AvgInput", "AlphaInOut", "VisBias"}
)
# Single numbers that scores depend on.
_NUMBERS = frozenset(
    {
        *("P", "Power", "Scale", "TargetRms", "Epsilon", "VarianceFloor", "ClippingThreshold", "KeyScale"),
        *("DropoutRate", "DropoutRetention", "DropoutScale", "DropoutProportion", "Shrinkage"),
    }
)
# Those that may be infinite: the order of a norm, or no bound at all. <CellClip> may be NaN, too: it only counts if it
# is above 0.
_UNBOUNDED = frozenset({"P", "ClippingThreshold"})


def nonfinite_fields(
    network: KaldiNetwork, names: Collection[str] | None = None, *, matrices: bool = True
) -> Iterator[str]:
    """The fields with NaN or infinity of the components ``names`` (None: of all).

    Each as ``component 'h.affine' at byte 411: field <LinearParams>: [0, 0] is NaN``. What training alone uses is left
    out, and so are ``matrices`` if they are not asked for: the rest is looked at in no time.
    """
    for name, component in network.components.items():
        if names is None or name in names:
            for part in _with_inner(component):
                for field, value in part.fields.items():
                    if text := _field_text(field, value, matrices):
                        yield f"component '{part.name}' at byte {part.offset}: field <{field}>: {text}"


def _field_text(field: str, value: FieldValue, matrices: bool) -> str:
    if isinstance(value, float):
        is_bad = field in _NUMBERS and (isnan(value) or (isinf(value) and field not in _UNBOUNDED))
        return value_text(np.array(value), ()) if is_bad else ""
    if field in _STATISTICS:
        return ""
    arrays = value if isinstance(value, tuple) else (value,)
    wanted = (array for array in arrays if isinstance(array, np.ndarray) and (matrices or array.ndim < 2))
    return next(filter(None, map(nonfinite_text, wanted)), "")


def _with_inner(component: Component) -> Iterator[Component]:
    yield component
    for chain in component.nested:
        for inner in chain:
            yield from _with_inner(inner)

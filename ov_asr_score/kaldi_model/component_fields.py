"""Fields of a component, each with the kind of value that its reader expects.

Reason of all refusals: networks need not come from a file that was checked, and another kind of value has no meaning.
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component, FieldValue, FloatArray, IntArray


def integer(component: Component, *names: str, default: int | None = None) -> int:
    """The first of the fields ``names`` that is present, as int; ``default`` if none is. Raises ModelFormatError."""
    value = _first(component, names, default)
    if isinstance(value, (bool, str, tuple, np.ndarray)):
        raise _wrong(component, names[0], "an integer")
    return int(value)


def number(component: Component, name: str, default: float | None = None) -> float:
    """A field as float; ``default`` if it is absent. Raises ModelFormatError."""
    value = _first(component, (name,), default)
    if isinstance(value, (bool, str, tuple, np.ndarray)):
        raise _wrong(component, name, "a number")
    return float(value)


def flag(component: Component, name: str, default: bool = False) -> bool:
    """A field as bool; ``default`` if it is absent. Raises ModelFormatError."""
    value = _first(component, (name,), default)
    if not isinstance(value, (bool, int)):
        raise _wrong(component, name, "true or false")
    return bool(value)


def vector(component: Component, name: str, dim: int | None = None) -> FloatArray:
    """A field as float32 [D]; ``dim`` is D if that is known. Raises ModelFormatError."""
    value = _first(component, (name,), None)
    if not isinstance(value, np.ndarray) or value.ndim != 1 or (dim is not None and len(value) != dim):
        raise _wrong(component, name, "a vector" if dim is None else f"a vector of {dim} values")
    return np.asarray(value, np.float32)


def matrix(component: Component, name: str) -> FloatArray:
    """A field as float32 [rows, columns], neither of them 0. Raises ModelFormatError."""
    value = _first(component, (name,), None)
    if not isinstance(value, np.ndarray) or value.ndim != 2 or 0 in value.shape:
        raise _wrong(component, name, "a matrix")
    return np.asarray(value, np.float32)


def integers(component: Component, name: str) -> IntArray:
    """A field as int32 [D]. Raises ModelFormatError."""
    value = _first(component, (name,), None)
    if not isinstance(value, np.ndarray) or value.ndim != 1:
        raise _wrong(component, name, "a vector of integers")
    return np.asarray(value, np.int32)


def bad_field(component: Component, name: str, expected: str) -> ModelFormatError:
    """An error that names the component, its place in the file and what a field should have been.

    Reason: networks need not come from a file that was checked; with other values the graph would be wrong, or none.
    """
    return ModelFormatError(
        f"component '{component.name}' at byte {component.offset}: field <{name}>: expected {expected}"
    )


def _wrong(component: Component, name: str, expected: str) -> ModelFormatError:
    value = component.fields.get(name)
    found = f"found shape {list(value.shape)}" if isinstance(value, np.ndarray) else f"found '{str(value)[:20]}'"
    error = bad_field(component, name, expected)
    return ModelFormatError(f"{error}, {found}")


def _first(component: Component, names: tuple[str, ...], default: FieldValue | None) -> FieldValue:
    for name in names:
        if name in component.fields:
            return component.fields[name]
    if default is None:
        raise ModelFormatError(
            f"component '{component.name}' at byte {component.offset}: expected a field <{names[0]}>, found none"
        )
    return default

"""The fields of one component by kind, and tables of fields that many types share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.network import Component, FieldValue
from ov_asr_score.kaldi_model.token_reader import Kind, Table


def ints(*names: str) -> dict[str, Kind]:
    """A table of integers."""
    return dict.fromkeys(names, "int")


def floats(*names: str) -> dict[str, Kind]:
    """A table of numbers."""
    return dict.fromkeys(names, "float")


UPDATABLE: Table = {
    "LearningRateFactor": "float",
    "IsGradient": "bool",
    "MaxChange": "float",
    "L2Regularize": "float",
    "LearningRate": "float",
}
"""What nnet3 writes in front of trained parameters (``UpdatableComponent::WriteUpdatableCommon``)."""

NONLINEAR: Table = {
    "Dim": "int",
    "BlockDim": "int",
    "ValueAvg": "vector",
    "DerivAvg": "vector",
    "Count": "float",
    "OderivRms": "vector",
    "OderivCount": "float",
    "NumDimsSelfRepaired": "float",
    "NumDimsProcessed": "float",
    "SelfRepairLowerThreshold": "float",
    "SelfRepairUpperThreshold": "float",
    "SelfRepairScale": "float",
}
"""A nonlinearity of nnet3 (``NonlinearComponent::Read``, nnet3/nnet-component-itf.cc)."""

NNET2_NONLINEAR: Table = {"Dim": "int", "ValueSum": "vector", "DerivSum": "vector", "Count": "float"}
"""A nonlinearity of nnet2 (``NonlinearComponent::Read``, nnet2/nnet-component.cc)."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a component by kind. Its methods raise KeyError or TypeError for what is not there."""

    component: Component

    def __contains__(self, name: str) -> bool:
        """Whether the file has the field."""
        return name in self.component.fields

    @property
    def values(self) -> Mapping[str, FieldValue]:
        """All fields by their tokens without brackets."""
        return self.component.fields

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        value = self.component.fields.get(name, default)
        if not isinstance(value, int | float | np.number):
            raise TypeError(name)
        return float(value)

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer."""
        return int(self.number(name, default))

    def integers(self, names: Sequence[str]) -> tuple[int, ...]:
        """Several integers, one for each name."""
        return tuple(self.integer(name) for name in names)

    def flag(self, name: str) -> bool:
        """A truth value, False where the file has none."""
        return bool(self.component.fields.get(name, False))

    def array(self, name: str, ndim: int | None = None) -> NDArray[Any]:
        """A matrix [rows, columns] or a vector [D], float32 or int32."""
        value = self.component.fields[name]
        if not isinstance(value, np.ndarray) or ndim not in (None, value.ndim):
            raise TypeError(name)
        return value

    def vector(self, name: str) -> NDArray[Any]:
        """A vector [D], float32 or int32."""
        return self.array(name, 1)

    def matrix(self, name: str) -> NDArray[np.float32]:
        """A matrix, float32 [rows, columns]."""
        return self.array(name, 2)

    def offsets(self, name: str) -> tuple[int, ...]:
        """The integers of a vector, as Python's."""
        return tuple(self.vector(name).tolist())

    @property
    def widths(self) -> tuple[int, int]:
        """``InputDim`` and ``OutputDim``, which all components of nnet1 have."""
        return self.integer("InputDim"), self.integer("OutputDim")

"""Which frames of its input a component needs for one frame of its output, as nnet3 asks (``IsComputable``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from ov_asr_score.kaldi_model.network import Component, IntArray


@dataclass(frozen=True, slots=True)
class Offsets:
    """Frames t + o: all ``required`` ones must be computable, of the ``optional`` ones those that are get used."""

    required: tuple[int, ...] = (0,)
    optional: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Every ``step`` frames of the period of ``length`` frames that t lies in; one computable frame is enough."""

    length: int
    step: int


@dataclass(frozen=True, slots=True)
class Window:
    """Every ``step`` frames from t - ``left`` to t + ``right``, for multiples of ``step`` only; one is enough."""

    left: int
    right: int
    step: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """No input at all."""


@dataclass(frozen=True, slots=True)
class Block:
    """Frame t of index x // ``num_blocks`` (DistributeComponent)."""

    num_blocks: int


Dependency: TypeAlias = Offsets | Period | Window | Nothing | Block


def component_dependency(component: Component) -> Dependency:
    """The frames that ``component`` needs; all components that are not named here map frame to frame.

    Sources: nnet3/nnet-general-component.cc, nnet-tdnn-component.cc, nnet-convolutional-component.cc,
    nnet-attention-component.cc.
    """
    fields = component.fields
    match component.type:
        case "TdnnComponent":
            return Offsets(tuple(_ints(component, "TimeOffsets")))
        case "TimeHeightConvolutionComponent":
            required = set(_ints(component, "RequiredTimeOffsets"))
            used = set(time_offsets(component))
            return Offsets(tuple(sorted(required & used)), tuple(sorted(used - required)))
        case "RestrictedAttentionComponent":
            stride = _int(component, "TimeStride")
            left, right = _int(component, "NumLeftInputs"), _int(component, "NumRightInputs")
            first, last = -_int(component, "NumLeftInputsRequired"), _int(component, "NumRightInputsRequired")
            offsets = range(-left, right + 1)
            return Offsets(
                tuple(offset * stride for offset in offsets if first <= offset <= last),
                tuple(offset * stride for offset in offsets if not first <= offset <= last),
            )
        case "StatisticsExtractionComponent":
            return Period(_int(component, "OutputPeriod"), _int(component, "InputPeriod"))
        case "StatisticsPoolingComponent":
            return Window(
                _int(component, "LeftContext"), _int(component, "RightContext"), _int(component, "InputPeriod")
            )
        case "ConstantComponent" | "DropoutMaskComponent":
            return Nothing()
        case "DistributeComponent":
            return Block(cast(int, fields["InputDim"]) // cast(int, fields["OutputDim"]))
    return Offsets()


def time_offsets(component: Component) -> list[int]:
    """The different time offsets of a TimeHeightConvolutionComponent, in rising order."""
    return sorted({int(time) for time in np.reshape(_ints(component, "Offsets"), (-1, 2))[:, 0]})


def _int(component: Component, name: str) -> int:
    return cast(int, component.fields[name])


def _ints(component: Component, name: str) -> list[int]:
    return [int(value) for value in np.ravel(cast(IntArray, component.fields[name]))]

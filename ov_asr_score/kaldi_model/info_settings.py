"""The settings of a component that say what it computes, and figures of its parameters, in the words of Kaldi."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.network import Component, Generation

Setting: TypeAlias = "bool | int | float | str | list[Setting]"
"""A value that can be written as JSON."""

_MOST_SHOWN = 100

# Widths, which are shown beside the settings, and what matters for training only.
_LEFT_OUT = frozenset(
    {
        *("Dim", "InputDim", "OutputDim"),
        *("LearningRate", "LearningRateFactor", "IsGradient", "MaxChange", "L2Regularize", "OrthonormalConstraint"),
        *("UseNaturalGradient", "IsUpdatable", "RankIn", "RankOut", "RankInOut", "Rank", "UpdatePeriod", "Alpha"),
        *("AlphaInOut", "NumSamplesHistory", "NumMinibatchesHistory", "MaxChangePerSample", "MaxChangePerMinibatch"),
        *("MaxMemoryMb", "MaxRowsProcess", "UpdateCount", "ActiveScalingCount", "MaxChangeScaleStats"),
        *("ValueAvg", "DerivAvg", "ValueSum", "DerivSum", "OderivRms", "OderivCount", "AvgInput", "AvgInputCount"),
        *("NumDimsSelfRepaired", "NumDimsProcessed", "SelfRepairLowerThreshold", "SelfRepairUpperThreshold"),
        *("SelfRepairScale", "SelfRepairConfig", "SelfRepairProb", "SelfRepairTotal", "SelfRepairThreshold"),
        *("SelfRepairClippedProportionThreshold", "SelfRepairTarget", "NumElementsClipped", "NumElementsProcessed"),
        *("NumSelfRepaired", "NumBackpropped", "NumElementsZeroed", "NumZeroingBoundaries", "ClippingThreshold"),
        *("NormBasedClipping", "ZeroingThreshold", "ZeroingInterval", "RecurrenceInterval", "BackpropScale"),
        *("Count", "StatsCount", "EntropyStats", "PosteriorStats"),
        *("LearnRateCoef", "BiasLearnRateCoef", "AlphaLearnRateCoef", "BetaLearnRateCoef", "SelectorLearnRateCoef"),
        *("MaxNorm", "CellDiffClip", "DiffClip", "GradClip", "ClipGradient", "GradientBoost", "KlStats"),
    }
)
_NAMES = {
    "BiasParams": "bias",
    "CuMatrix": "params",
    "IncludeVarinance": "include-variance",
    "SpecAugmentMaxProportion": "specaugment-max-proportion",
    "SpecAugmentMaxRegions": "specaugment-max-regions",
}


def component_settings(component: Component, generation: Generation) -> dict[str, Setting]:
    """Settings by name (``time-offsets``, ``target-rms``), in the order of the file.

    Of a matrix comes ``…-rms``, the root of the mean square, of a vector ``…-mean`` and ``…-stddev``; a long vector of
    integers is described in words. Agrees with ``PrintParameterStats`` (nnet3/nnet-parse.cc).
    """
    kind = find_type(generation, component.type)
    shown: Mapping[str, str] = kind.shown if kind else {}
    pairs = kind.pairs if kind else ()
    settings: dict[str, Setting] = {}
    for token, value in component.fields.items():
        if token in pairs:
            settings[_name(token)] = _pairs(np.asarray(value).reshape(-1, 2))
        elif token in shown or token not in _LEFT_OUT:
            settings.update(_settings(shown.get(token) or _name(token), value))
    return settings


def _name(token: str) -> str:
    return _NAMES.get(token) or re.sub(r"(?<!^)(?=[A-Z])", "-", token).lower()


def _settings(name: str, value: object) -> Iterator[tuple[str, Setting]]:
    match value:
        case bool() | int() | str():
            yield name, value
        case float():
            yield name, rounded(value)
        case tuple():
            for number, part in enumerate(value, 1):
                yield from _settings(f"{name}-{number}", part)
        case np.ndarray() if value.dtype.kind == "i":
            yield name, _integers(np.asarray(value, np.int32))
        case _:
            with np.errstate(invalid="ignore"):  # a damaged file may hold any float
                yield from _figures(name, np.asarray(value, np.float64))


def _integers(values: NDArray[np.int32]) -> Setting:
    if values.size <= _MOST_SHOWN:
        return [int(value) for value in values]
    return f"{values.size} integers from {values.min()} to {values.max()}"


def _pairs(values: NDArray[np.int32]) -> Setting:
    return f"{len(values)} pairs" if len(values) > _MOST_SHOWN else values.tolist()


def _figures(name: str, values: NDArray[np.float64]) -> Iterator[tuple[str, Setting]]:
    if not values.size:
        yield name, "none"
        return
    with np.errstate(all="ignore"):
        mean_square = float(np.square(values).mean())
        if values.ndim == 2:
            yield f"{name}-rms", rounded(mean_square**0.5, 4)
        else:
            mean = float(values.mean())
            yield f"{name}-mean", rounded(mean, 4)
            # The difference may fall below zero by rounding.
            yield f"{name}-stddev", rounded(max(mean_square - mean * mean, 0.0) ** 0.5, 4)


def rounded(value: float, digits: int = 6) -> Setting:
    """The number with that many digits; as text what JSON cannot write."""
    return float(f"{value:.{digits}g}") if isfinite(value) else str(value)

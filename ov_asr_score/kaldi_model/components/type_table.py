"""All types of components that Kaldi's networks have, by generation and name."""

from __future__ import annotations

from collections.abc import Mapping

from ov_asr_score.kaldi_model.components import (
    activation,
    affine,
    attention,
    composite,
    constant,
    convolution,
    elementwise,
    grouping,
    normalization,
    pooling,
    rare,
    recurrent,
    splicing,
    statistics,
)
from ov_asr_score.kaldi_model.components.component_type import ComponentType
from ov_asr_score.kaldi_model.network import Generation

FAMILIES: tuple[tuple[ComponentType, ...], ...] = (
    affine.TYPES,
    activation.TYPES,
    normalization.TYPES,
    elementwise.TYPES,
    grouping.TYPES,
    convolution.TYPES,
    pooling.TYPES,
    splicing.TYPES,
    recurrent.TYPES,
    statistics.TYPES,
    attention.TYPES,
    constant.TYPES,
    composite.TYPES,
    rare.TYPES,
)

_GENERATIONS: tuple[Generation, ...] = (1, 2, 3)
_BY_NAME: Mapping[Generation, Mapping[str, ComponentType]] = {
    generation: {kind.name: kind for family in FAMILIES for kind in family if generation in kind.generations}
    for generation in _GENERATIONS
}

NNET1_MARKERS: Mapping[str, str] = {
    marker.lower(): kind.name for kind in _BY_NAME[1].values() for marker in (kind.name, *kind.old_names)
}
"""Types of nnet1 by markers in lower case: Kaldi compares them without regard to case (nnet/nnet-component.cc)."""


def find_type(generation: Generation, name: str) -> ComponentType | None:
    """The type of that name, None if the generation has none."""
    return _BY_NAME[generation].get(name)


def component_types(generation: Generation) -> tuple[ComponentType, ...]:
    """All types of a generation, sorted by name."""
    return tuple(sorted(_BY_NAME[generation].values(), key=lambda kind: kind.name))


def type_names(generation: Generation) -> list[str]:
    """The names of all types of a generation, sorted."""
    return sorted(_BY_NAME[generation])

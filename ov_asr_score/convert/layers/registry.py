"""All types of components that can be converted, by generation of Kaldi's networks and name."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from ov_asr_score.convert.layers import (
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
from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.kaldi_model.network import Generation

_FAMILIES: tuple[tuple[Layer, ...], ...] = (
    activation.LAYERS,
    affine.LAYERS,
    attention.LAYERS,
    composite.LAYERS,
    constant.LAYERS,
    convolution.LAYERS,
    elementwise.LAYERS,
    grouping.LAYERS,
    normalization.LAYERS,
    pooling.LAYERS,
    rare.LAYERS,
    recurrent.LAYERS,
    splicing.LAYERS,
    statistics.LAYERS,
)

_LAYERS: Mapping[tuple[Generation, str], Layer] = {
    (generation, layer.name): layer for layer in chain(*_FAMILIES) for generation in layer.generations
}


def find_layer(generation: Generation, component_type: str) -> Layer | None:
    """The record of a type of component, None if it cannot be converted.

    Rewriting gives networks of nnet2 components that only nnet3 has: these are known there too.
    """
    layer = _LAYERS.get((generation, component_type))
    return _LAYERS.get((3, component_type)) if layer is None and generation == 2 else layer


def supported_types(generation: Generation) -> tuple[str, ...]:
    """Names of all types of a generation that can be converted, sorted."""
    return tuple(sorted(name for number, name in _LAYERS if number == generation))

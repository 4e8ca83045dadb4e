"""Which function builds which component: one table per generation of Kaldi's networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TypeAlias

from ov_asr_score.kaldi_model.network import Component, Generation
from ov_asr_score.openvino_api import ov

FrameConverter: TypeAlias = Callable[[Component, "ov.Output"], "ov.Output"]
"""Component and its input [B, T, D] (float32, B and T may be dynamic) -> its output [B, T, D']."""

_TABLES: Mapping[Generation, dict[str, FrameConverter]] = MappingProxyType({1: {}, 2: {}, 3: {}})


def converts(
    *types: str, generation: Generation | None = None, generations: Sequence[Generation] = ()
) -> Callable[[FrameConverter], FrameConverter]:
    """A decorator that enters a function for ``types``, of nnet3 unless other generations are named.

    Raises ValueError when one of the types has a function already.
    """
    chosen: Sequence[Generation] = generations or ((generation,) if generation is not None else (3,))

    def enter(converter: FrameConverter) -> FrameConverter:
        for number in chosen:
            for name in types:
                if name in _TABLES[number]:
                    raise ValueError(f"nnet{number}: {name} has a converter already")
                _TABLES[number][name] = converter
        return converter

    return enter


def find_converter(generation: Generation, component_type: str) -> FrameConverter | None:
    """The function that builds components of that type, None if there is none."""
    _load()
    return _TABLES[generation].get(component_type)


def supported_types(generation: Generation) -> tuple[str, ...]:
    """Names of all types that can be built, sorted."""
    _load()
    return tuple(sorted(_TABLES[generation]))


# Functions are entered when their modules are imported; who asks the table must not need to know the modules.
_MODULES = (
    *("layers.activation", "layers.affine", "layers.composite", "layers.constant", "layers.convolution"),
    *("layers.elementwise", "layers.gated", "layers.nnet2", "layers.normalization", "layers.pooling"),
    *("nnet1.activation", "nnet1.affine", "nnet1.columns", "nnet1.nested", "nnet1.recurrent"),
)


@cache
def _load() -> None:
    for name in _MODULES:
        import_module(f"ov_asr_score.convert.{name}")

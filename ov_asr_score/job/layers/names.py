"""Which layers of two models are compared: those of the same name, or those that patterns choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from ov_asr_score.errors import UnknownNameError, UnsupportedModelError
from ov_asr_score.ov_model.layers import InnerLayer
from ov_asr_score.scoring.recording.layer_values import Side
from ov_asr_score.text import suggestion


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name."""


AnyLayer = TypeVar("AnyLayer", bound=Named)


@dataclass(frozen=True, slots=True)
class CommonLayers:
    """Layers that both sides have, in the order of the reference, and the names that only one of them has."""

    both: tuple[InnerLayer, ...]
    only_in_reference: tuple[str, ...]
    only_in_other: tuple[str, ...]


def common_layers(reference: Side, other: Side) -> CommonLayers:
    """The layers by which two models can be compared. Raises UnsupportedModelError when there are none."""
    ours, theirs = reference.layers(), other.layers()
    names, other_names = {layer.name for layer in ours}, {layer.name for layer in theirs}
    both = tuple(layer for layer in ours if layer.name in other_names)
    if not both:
        raise UnsupportedModelError(
            f"{other.name}: no layer has a name that {reference.name} has, too; its layers are {_some(theirs)}, those "
            f"of {reference.name} {_some(ours)}"
        )
    return CommonLayers(
        both,
        tuple(layer.name for layer in ours if layer.name not in other_names),
        tuple(layer.name for layer in theirs if layer.name not in names),
    )


def choose_common(
    common: CommonLayers, patterns: Sequence[str], reference: Side, other: Side
) -> tuple[InnerLayer, ...]:
    """The common layers that ``patterns`` choose; without any, those that compute something.

    Raises UnknownNameError for a pattern that chooses nothing.
    """
    for pattern in patterns:
        for names, where in ((common.only_in_reference, other.name), (common.only_in_other, reference.name)):
            if pattern in names:
                raise UnknownNameError(f"layers '{pattern}': {where} has no such layer", fields=("layers",))
    return choose(common.both, patterns) if patterns else _computing(common.both)


def choose(layers: Sequence[AnyLayer], patterns: Sequence[str]) -> tuple[AnyLayer, ...]:
    """The layers whose names are among ``patterns`` or match one, all without any. Raises UnknownNameError."""
    names = [layer.name for layer in layers]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            raise UnknownNameError(
                f"layers '{pattern}': no layer of both sides is called so{suggestion(pattern, names)}",
                fields=("layers",),
            )
    return tuple(
        layer for layer in layers if not patterns or any(_matches(layer.name, pattern) for pattern in patterns)
    )


def _computing(layers: Sequence[InnerLayer]) -> tuple[InnerLayer, ...]:
    return tuple(layer for layer in layers if not layer.moves) or tuple(layers)


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _some(layers: Sequence[InnerLayer]) -> str:
    return ", ".join(f"'{layer.name}'" for layer in layers[:4]) + (", …" if len(layers) > 4 else "") or "none"

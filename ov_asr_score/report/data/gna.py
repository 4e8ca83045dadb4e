"""Effect of quantization for GNA on each layer, and the placement of layers.

Tests: tests/cli/test_gna_scores.py, tests/report/html/test_run.py
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlacedLayer:
    """The part of the model and the device that run a layer; ``reason`` says why GNA does not support it."""

    name: str
    type: str
    device: str
    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class GnaLayerReport:
    """One layer in integers compared with the same layer in floats; the first ones are the inputs of the model.

    Scale factors are defined by float · factor = integer; ``weight_scale`` is 0 without weights. ``saturated`` of
    ``count`` values were at the limits of their integer type. ``signal_to_noise`` is in decibels, ``largest`` the
    largest absolute difference.
    """

    name: str
    kind: str
    bits: int
    input_scale: float
    weight_scale: float
    output_scale: float
    count: int
    saturated: int
    signal_to_noise: float
    rms: float
    largest: float


@dataclass(frozen=True, slots=True)
class GnaReport:
    """Quantization error of all layers in the order of computation, measured over ``frames`` frames.

    ``first_below`` is the first layer whose signal-to-noise ratio is below ``limit`` decibels, empty if there is none;
    ``hints`` suggest what to change.
    """

    frames: int
    limit: float
    layers: tuple[GnaLayerReport, ...]
    first_below: str
    hints: tuple[str, ...]

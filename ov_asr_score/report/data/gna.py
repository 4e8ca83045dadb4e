"""What quantization for GNA made of each layer, in plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlacedLayer:
    """Where a layer runs: part number ``part`` of the model, on ``device``; ``reason`` says why GNA cannot do it."""

    name: str
    type: str
    device: str
    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class GnaLayerReport:
    """One layer in integers beside the same layer in floats; the first ones are the inputs of the model.

    Scale factors are float · factor = integer; ``weight_scale`` 0: no weights. ``saturated`` of ``count`` values stood
    at an end of their integers. ``signal_to_noise`` is in decibels, ``largest`` the largest absolute difference.
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
    """Where accuracy goes: layers in the order of computation over ``frames`` frames.

    ``first_below`` names the first layer whose signal-to-noise ratio is below ``limit`` decibels, empty for none;
    ``hints`` say what to change.
    """

    frames: int
    limit: float
    layers: tuple[GnaLayerReport, ...]
    first_below: str
    hints: tuple[str, ...]

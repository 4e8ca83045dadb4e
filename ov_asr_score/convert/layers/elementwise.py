"""Layers that work on each column separately (scales, offsets, identities), and products of blocks of columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ov_asr_score.convert.layers.layer import Exact, ExactScaleOffset, Layer
from ov_asr_score.convert.tensors.columns import take_columns
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar
from ov_asr_score.kaldi_model.component_fields import bad_field, integer, number, vector
from ov_asr_score.kaldi_model.components.elementwise import dropout_rate
from ov_asr_score.kaldi_model.network import Component, FloatArray, Generation
from ov_asr_score.openvino_api import opset, ov

# Scales nearer to zero than this are moved away from it (ScaleAndOffsetComponent::Epsilon).
_SMALLEST_SCALE = np.float64(np.float32(1.0e-4))


def scale_offset_component(name: str, scale: FloatArray, offset: FloatArray, byte: int = 0) -> Component:
    """A component that gives ``scale`` [D] times its input plus ``offset`` [D], for any values.

    A composite of FixedScaleComponent and FixedBiasComponent, since ScaleAndOffsetComponent has no scales near zero.
    """
    chain = (
        Component(f"{name}.scale", "FixedScaleComponent", {"Scales": scale}, byte),
        Component(f"{name}.offset", "FixedBiasComponent", {"Bias": offset}, byte),
    )
    return Component(name, "CompositeComponent", {}, byte, (chain,))


def identity_component(name: str, dim: int, byte: int = 0) -> Component:
    """A component of nnet3 whose output is its input, ``dim`` columns wide."""
    return Component(name, "NoOpComponent", {"Dim": dim, "InputDim": dim, "OutputDim": dim}, byte)


def scale_offset_components(name: str, scale: Exact, shift: Exact) -> list[Component]:
    """Components of nnet1 that give ``scale`` [D] times (their input plus ``shift`` [D]): none, one or two."""
    has_scale, width = bool((scale != 1).any()), {"InputDim": len(scale), "OutputDim": len(scale)}
    components = []
    if shift.any():
        first = f"{name}.shifted" if has_scale else name
        components.append(Component(first, "AddShift", {**width, "ShiftData": shift.astype(np.float32)}, 0))
    if has_scale:
        components.append(Component(name, "Rescale", {**width, "ScaleData": scale.astype(np.float32)}, 0))
    return components


def scale_offset(name: str, x: ov.Output, scale: FloatArray, offset: FloatArray) -> ov.Output:
    """``x`` [B, T, D] times ``scale`` [D] plus ``offset`` [D]; scales of 1 and offsets of 0 are left out."""
    has_scale, has_offset = bool((scale != 1).any()), bool((offset != 0).any())
    if has_scale:
        factors = opset.constant(scale.reshape(1, 1, -1), name=f"{name}.scale")
        x = opset.multiply(x, factors, name=f"{name}.scaled" if has_offset else name).output(0)
    if has_offset:
        x = opset.add(x, opset.constant(offset.reshape(1, 1, -1), name=f"{name}.offset"), name=name).output(0)
    return x


def pass_through(component: Component, x: ov.Output) -> ov.Output:
    """``x`` itself.

    Dropout and noise of nnet2 are left out as by ``nnet-am-copy --remove-dropout``; nnet-forward sets the rate of
    nnet1's dropout to zero (nnetbin/nnet-forward.cc).
    """
    return x


def convert_elementwise_product(component: Component, x: ov.Output) -> ov.Output:
    """The product of the blocks of each frame, [B, T, OutputDim].

    Raises ModelFormatError. Source: nnet3/nnet-simple-component.cc (ElementwiseProductComponent).
    """
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if not 1 <= output_dim <= input_dim:
        raise bad_field(component, "OutputDim", f"1 to <InputDim> {input_dim}")
    blocks = input_dim // output_dim
    if input_dim % output_dim:
        # Kaldi leaves out the columns behind the last whole block.
        name = component.name if blocks == 1 else f"{component.name}.whole"
        x = take_columns(name, x, range(blocks * output_dim))
    if blocks == 1:
        return x
    parts = opset.split(x, int_scalar(2), blocks, name=f"{component.name}.blocks")
    product = parts.output(0)
    for index in range(1, blocks):
        name = component.name if index == blocks - 1 else f"{component.name}.product{index}"
        product = opset.multiply(product, parts.output(index), name=name).output(0)
    return product


def number_of_blocks(component: Component) -> int:
    """How many blocks of <OutputDim> columns a frame has. Raises ModelFormatError."""
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if output_dim < 1 or input_dim < 1 or input_dim % output_dim:
        raise bad_field(component, "OutputDim", f"a divisor of <InputDim> {input_dim}")
    return input_dim // output_dim


def scale_offset_layer(
    name: str, form: Callable[[Component], ExactScaleOffset], generations: tuple[Generation, ...] = (3,)
) -> Layer:
    """A type that gives ``x`` [B, T, D] times a scale plus an offset for each column; ``x`` if that changes nothing.

    Sources: nnet3/nnet-simple-component.cc, nnet-normalize-component.cc (test mode), nnet-general-component.cc,
    nnet-utils.cc (SetDropoutTestMode), nnet2/nnet-component.cc, nnet/nnet-various.h.
    """

    def convert_scale_offset(component: Component, x: ov.Output) -> ov.Output:
        scale, offset = form(component)
        return scale_offset(component.name, x, scale.astype(np.float32), offset.astype(np.float32))

    return Layer(name=name, generations=generations, over_frames=convert_scale_offset, scale_offset=form)


def repeated(component: Component, scale: Exact, offset: Exact) -> ExactScaleOffset:
    """Values of one block for all blocks of a row. Raises ModelFormatError."""
    block = len(offset)
    dim = integer(component, "Dim", default=block)
    if block == 0 or dim % block:
        raise bad_field(component, "Dim", f"a multiple of the {block} values stored")
    return np.tile(scale, dim // block), np.tile(offset, dim // block)


def _scales(field: str) -> Callable[[Component], ExactScaleOffset]:
    def form(component: Component) -> ExactScaleOffset:
        scales = vector(component, field)
        return scales.astype(np.float64), np.zeros(len(scales))

    return form


def _offsets(field: str) -> Callable[[Component], ExactScaleOffset]:
    def form(component: Component) -> ExactScaleOffset:
        offsets = vector(component, field)
        return np.ones(len(offsets)), offsets.astype(np.float64)

    return form


def _repeated_offsets(component: Component) -> ExactScaleOffset:
    offsets = vector(component, "Offsets").astype(np.float64)
    return repeated(component, np.ones(len(offsets)), offsets)


def _scales_and_offsets(component: Component) -> ExactScaleOffset:
    scales = vector(component, "Scales")
    offsets = vector(component, "Offsets", len(scales)).astype(np.float64)
    exact = scales.astype(np.float64)
    smallest = np.where(exact >= 0, _SMALLEST_SCALE, -_SMALLEST_SCALE)
    return repeated(component, np.where(np.abs(exact) < _SMALLEST_SCALE, smallest, exact), offsets)


def _uniform(component: Component, factor: float) -> ExactScaleOffset:
    dim = integer(component, "Dim", "InputDim")
    return np.full(dim, factor), np.zeros(dim)


def _one_scale(component: Component) -> ExactScaleOffset:
    return _uniform(component, number(component, "Scale", 1.0))


def _kept_share(component: Component) -> ExactScaleOffset:
    """Dropout in test mode, as in nnet3-compute."""
    proportion = number(component, "DropoutProportion")
    if not 0 <= proportion <= 1:
        raise bad_field(component, "DropoutProportion", "0 to 1")
    return _uniform(component, 1.0 - proportion)


def _unchanged(component: Component) -> ExactScaleOffset:
    return _uniform(component, 1.0)


def _random_dropout(component: Component) -> str | None:
    rate = dropout_rate(component)
    if rate <= 0:
        return None
    return (
        f"nnet-forward keeps dropout of {rate:g} going inside of other components and gives random scores; set its "
        "<DropoutRate> to 0"
    )


def convert_one_scale(component: Component, x: ov.Output) -> ov.Output:
    """``x`` times a number. Source: nnet2/nnet-component.cc (ScaleComponent)."""
    factor = float_scalar(number(component, "Scale"))
    return opset.multiply(x, factor, name=component.name).output(0)


LAYERS = (
    scale_offset_layer("FixedScaleComponent", _scales("Scales"), (2, 3)),
    scale_offset_layer("FixedBiasComponent", _offsets("Bias"), (2, 3)),
    scale_offset_layer("PerElementScaleComponent", _scales("Params")),
    scale_offset_layer("NaturalGradientPerElementScaleComponent", _scales("Params")),
    scale_offset_layer("PerElementOffsetComponent", _repeated_offsets),
    scale_offset_layer("ScaleAndOffsetComponent", _scales_and_offsets),
    scale_offset_layer("AddShift", _offsets("ShiftData"), (1,)),
    scale_offset_layer("Rescale", _scales("ScaleData"), (1,)),
    Layer(name="ScaleComponent", generations=(2,), over_frames=convert_one_scale, scale_offset=_one_scale),
    scale_offset_layer("BackpropTruncationComponent", _one_scale),
    scale_offset_layer("ClipGradientComponent", _unchanged),
    Layer(name="NoOpComponent", over_frames=pass_through, scale_offset=_unchanged),
    scale_offset_layer("DropoutComponent", _kept_share),
    Layer(name="DropoutComponent", generations=(2,), over_frames=pass_through, scale_offset=_unchanged),
    scale_offset_layer("GeneralDropoutComponent", _unchanged),
    scale_offset_layer("SpecAugmentTimeMaskComponent", _unchanged),
    Layer(name="AdditiveNoiseComponent", generations=(2,), over_frames=pass_through, scale_offset=_unchanged),
    Layer(
        name="Dropout",
        generations=(1,),
        over_frames=pass_through,
        nested_problem=_random_dropout,
        is_training_only=True,
    ),
    Layer(name="ElementwiseProductComponent", over_frames=convert_elementwise_product),
)

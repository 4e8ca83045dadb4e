"""How many trained parameters a component has, counted as Kaldi's info programs count them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ov_asr_score.kaldi_model.network import Component, Generation

_AFFINE = ("LinearParams", "BiasParams")
_LSTM = ("WGifoX", "WGifoR", "Bias", "PeepholeIC", "PeepholeFC", "PeepholeOC", "WRM")

# Fixed transforms and batch-norm statistics are not trained and do not count, nor do Rbm and KlHmm of nnet1. nnet2
# leaves out the bias of block-affine components.
_COUNTED: Mapping[Generation, Mapping[str, tuple[str, ...]]] = {
    1: {
        "AffineTransform": ("Linearity", "Bias"),
        "LinearTransform": ("Linearity",),
        "ConvolutionalComponent": ("Filters", "Bias"),
        "LstmProjected": _LSTM,
        "BlstmProjected": tuple(f"{direction}{name}" for direction in "FB" for name in _LSTM),
        "RecurrentComponent": ("WForward", "WRecurrent", "Bias"),
        "ParametricRelu": ("Alpha", "Beta"),
        "AddShift": ("ShiftData",),
        "Rescale": ("ScaleData",),
        "FramePoolingComponent": ("FrameWeight",),
    },
    2: {
        "AffineComponent": _AFFINE,
        "AffineComponentPreconditioned": _AFFINE,
        "AffineComponentPreconditionedOnline": _AFFINE,
        "BlockAffineComponent": ("LinearParams",),
        "BlockAffineComponentPreconditioned": ("LinearParams",),
        "Convolutional1dComponent": ("FilterParams", "BiasParams"),
    },
    3: {
        "AffineComponent": _AFFINE,
        "NaturalGradientAffineComponent": _AFFINE,
        "RepeatedAffineComponent": _AFFINE,
        "NaturalGradientRepeatedAffineComponent": _AFFINE,
        "BlockAffineComponent": _AFFINE,
        "TdnnComponent": _AFFINE,
        "TimeHeightConvolutionComponent": _AFFINE,
        "LinearComponent": ("Params",),
        "PerElementScaleComponent": ("Params",),
        "NaturalGradientPerElementScaleComponent": ("Params",),
        "PerElementOffsetComponent": ("Offsets",),
        "ScaleAndOffsetComponent": ("Scales", "Offsets"),
        "ConvolutionComponent": ("FilterParams", "BiasParams"),
        "ConstantComponent": ("Output",),
        "ConstantFunctionComponent": ("Output",),
        "LstmNonlinearityComponent": ("Params",),
        "GruNonlinearityComponent": ("w_h",),
        "OutputGruNonlinearityComponent": ("w_h",),
    },
}


def count_parameters(component: Component, generation: Generation) -> int:
    """Number of trained parameters of a component, with those of the components inside of it.

    Sources: ``NumParameters`` (nnet3/nnet-utils.cc), ``GetParameterDim`` (nnet2/nnet-nnet.cc), ``NumParams``
    (nnet/nnet-nnet.cc), and the functions of these names of the components.
    """
    inside = sum(count_parameters(inner, generation) for chain in component.nested for inner in chain)
    if not component.fields.get("IsUpdatable", True):
        return inside
    counted = _COUNTED[generation].get(component.type, ())
    return inside + sum(_size(component.fields[name]) for name in counted if name in component.fields)


def _size(value: object) -> int:
    return sum(map(_size, value)) if isinstance(value, tuple) else int(np.size(np.asarray(value)))

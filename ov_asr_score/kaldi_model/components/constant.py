"""Components whose output does not depend on the input. Sources: nnet3/nnet-simple-component.cc,
nnet-general-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims
from ov_asr_score.kaldi_model.components.fields import UPDATABLE, Fields
from ov_asr_score.kaldi_model.dependency import Dependency, Nothing


def _no_input(fields: Fields) -> Dependency:
    return Nothing()


def _constant_function(fields: Fields) -> Dims:
    return fields.integer("InputDim"), len(fields.vector("Output"))


def _constant(fields: Fields) -> Dims:
    return len(fields.vector("Output")), len(fields.vector("Output"))


def _mask(fields: Fields) -> Dims:
    return fields.integer("OutputDim"), fields.integer("OutputDim")


TYPES = (
    # It has an input, as nnet3 asks for one: a frame of the output is there where one of the input is.
    ComponentType(
        "ConstantFunctionComponent",
        (3,),
        {**UPDATABLE, "InputDim": "int", "Output": "vector", "IsUpdatable": "bool", "UseNaturalGradient": "bool"},
        ("InputDim", "Output"),
        dims=_constant_function,
        trained=("Output",),
    ),
    ComponentType(
        "ConstantComponent",
        (3,),
        {**UPDATABLE, "Output": "vector", "IsUpdatable": "bool", "UseNaturalGradient": "bool"},
        ("Output",),
        dims=_constant,
        reads=_no_input,
        trained=("Output",),
    ),
    ComponentType(
        "DropoutMaskComponent",
        (3,),
        {"OutputDim": "int", "DropoutProportion": "float", "TestMode": "bool", "Continuous": "flag"},
        ("OutputDim", "DropoutProportion"),
        dims=_mask,
        reads=_no_input,
    ),
)

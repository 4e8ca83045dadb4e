"""Scales and offsets of columns, products of columns, and components that do something in training only.

Sources: nnet/nnet-various.h, nnet-activation.h (``Dropout``); nnet2/nnet-component.cc; nnet3/nnet-simple-component.cc,
nnet-general-component.cc, nnet-combined-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from collections.abc import Callable

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import at_least, multiple, same_width, size
from ov_asr_score.kaldi_model.components.fields import NONLINEAR, UPDATABLE, Fields, floats, ints
from ov_asr_score.kaldi_model.network import Component


def _vector(name: str) -> Callable[[Fields], Dims]:
    """``Dim`` where the file has it, else the size of a vector."""

    def dims(fields: Fields) -> Dims:
        values = fields.integer("Dim") if "Dim" in fields else len(fields.array(name))
        return values, values

    return dims


def dropout_rate(component: Component) -> float:
    """The share of its input that a Dropout component of nnet1 drops in training; 0.5 if its file does not say."""
    fields = Fields(component)
    if "DropoutRate" in fields:
        return fields.number("DropoutRate")
    return 1.0 - fields.number("DropoutRetention") if "DropoutRetention" in fields else 0.5


def _check_dropout(fields: Fields) -> Problems:
    """Asserted in ``Dropout::ReadData`` (nnet/nnet-activation.h)."""
    yield from same_width(fields)
    rate = dropout_rate(fields.component)
    if not 0 <= rate < 1:
        yield f"expected a rate of dropout from 0 to below 1, found {rate:g}"


def _check_shift(fields: Fields) -> Problems:
    """Asserted by ``CopyFromMat`` and ``AddVecToRows`` in ``AddShift::PropagateFnc``."""
    yield from same_width(fields)
    yield from size(fields, "ShiftData", fields.integer("InputDim"))


def _check_rescale(fields: Fields) -> Problems:
    """Asserted by ``CopyFromMat`` and ``MulColsVec`` in ``Rescale::PropagateFnc``."""
    yield from same_width(fields)
    yield from size(fields, "ScaleData", fields.integer("InputDim"))


def _check_offsets(fields: Fields) -> Problems:
    """Reason: with a remainder, offsets go on from one frame to the next, and scores depend on the frames of a chunk.

    Without any offset Kaldi divides by zero (``PerElementOffsetComponent::Propagate``).
    """
    offsets = len(fields.vector("Offsets"))
    yield from multiple("the width", fields.integer("Dim", offsets), "the size of <Offsets>", offsets)


def _check_scales_and_offsets(fields: Fields) -> Problems:
    """Kaldi: assertions of ``MulColsVec`` and ``AddVecToRows`` (``ScaleAndOffsetComponent::PropagateInternal``).

    Reason for no remainder: Kaldi never writes the last columns. Without scales it divides by zero.
    """
    scales, offsets = len(fields.vector("Scales")), len(fields.vector("Offsets"))
    if scales != offsets:
        yield f"expected <Scales> and <Offsets> of the same size, found {scales} and {offsets}"
    yield from multiple("<Dim>", fields.integer("Dim"), "the size of <Scales>", scales)


def _check_product(fields: Fields) -> Problems:
    """Reason: of no block there is no product, and Kaldi never writes the output. A remainder is left out."""
    columns, rows = fields.widths
    if rows > columns:
        yield f"expected <OutputDim> of at most <InputDim>, found {rows} and {columns}"


def _check_general_dropout(fields: Fields) -> Problems:
    """Kaldi: ``GeneralDropoutComponent::PrecomputeIndexes`` divides by it, even if nothing is dropped."""
    if "BlockDim" in fields:
        yield from at_least(fields, 1, "BlockDim")


NNET1 = (
    ComponentType(
        "AddShift",
        (1,),
        {"LearnRateCoef": "float"},
        values=(("ShiftData", "vector"),),
        checks=_check_shift,
        trained=("ShiftData",),
    ),
    ComponentType(
        "Rescale",
        (1,),
        {"LearnRateCoef": "float"},
        values=(("ScaleData", "vector"),),
        checks=_check_rescale,
        trained=("ScaleData",),
    ),
    ComponentType("Dropout", (1,), floats("DropoutRate", "DropoutRetention"), reads_end=True, checks=_check_dropout),
)

NNET2 = (
    ComponentType("ScaleComponent", (2,), {"Dim": "int", "Scale": "float"}, ("Dim", "Scale")),
    ComponentType("AdditiveNoiseComponent", (2,), {"Dim": "int", "Stddev": "float"}, ("Dim", "Stddev"), is_random=True),
    ComponentType(
        "DropoutComponent",
        (2,),
        {"Dim": "int", **floats("DropoutScale", "DropoutProportion")},
        ("Dim", "DropoutScale", "DropoutProportion"),
        is_random=True,
    ),
)

NNET3 = (
    ComponentType("FixedScaleComponent", (2, 3), {"Scales": "vector"}, ("Scales",), dims=_vector("Scales")),
    ComponentType("FixedBiasComponent", (2, 3), {"Bias": "vector"}, ("Bias",), dims=_vector("Bias")),
    ComponentType(
        "PerElementScaleComponent",
        (3,),
        {**UPDATABLE, "Params": "vector"},
        ("Params",),
        dims=_vector("Params"),
        trained=("Params",),
        shown={"Params": "scales"},
    ),
    ComponentType(
        "NaturalGradientPerElementScaleComponent",
        (3,),
        {
            **UPDATABLE,
            "Params": "vector",
            **ints("Rank", "UpdatePeriod"),
            **floats("NumSamplesHistory", "Alpha", "MaxChangePerMinibatch"),
        },
        ("Params",),
        dims=_vector("Params"),
        trained=("Params",),
        shown={"Params": "scales"},
    ),
    ComponentType(
        "PerElementOffsetComponent",
        (3,),
        {**UPDATABLE, "Offsets": "vector", "Dim": "int", "UseNaturalGradient": "bool"},
        ("Offsets",),
        checks=_check_offsets,
        dims=_vector("Offsets"),
        trained=("Offsets",),
    ),
    ComponentType(
        "ScaleAndOffsetComponent",
        (3,),
        {
            **UPDATABLE,
            "Dim": "int",
            "Scales": "vector",
            "Offsets": "vector",
            "UseNaturalGradient": "bool",
            "Rank": "int",
        },
        ("Dim", "Scales", "Offsets"),
        checks=_check_scales_and_offsets,
        trained=("Scales", "Offsets"),
    ),
    ComponentType(
        "ElementwiseProductComponent",
        (3,),
        ints("InputDim", "OutputDim"),
        ("InputDim", "OutputDim"),
        checks=_check_product,
    ),
    ComponentType("NoOpComponent", (3,), {**NONLINEAR, "BackpropScale": "float"}, ("Dim",)),
    ComponentType(
        "ClipGradientComponent",
        (3,),
        {
            "Dim": "int",
            "ClippingThreshold": "float",
            "NormBasedClipping": "bool",
            **floats("SelfRepairClippedProportionThreshold", "SelfRepairTarget", "SelfRepairScale"),
            **ints("NumElementsClipped", "NumElementsProcessed", "NumSelfRepaired", "NumBackpropped"),
        },
        ("Dim",),
    ),
    ComponentType(
        "BackpropTruncationComponent",
        (3,),
        {
            "Dim": "int",
            **floats("Scale", "ClippingThreshold", "ZeroingThreshold"),
            **ints("ZeroingInterval", "RecurrenceInterval"),
            **floats("NumElementsClipped", "NumElementsZeroed", "NumElementsProcessed", "NumZeroingBoundaries"),
        },
        ("Dim",),
    ),
    ComponentType(
        "DropoutComponent",
        (3,),
        {"Dim": "int", "DropoutProportion": "float", "DropoutPerFrame": "bool", "TestMode": "bool"},
        ("Dim", "DropoutProportion"),
    ),
    ComponentType(
        "GeneralDropoutComponent",
        (3,),
        {
            **ints("Dim", "BlockDim", "TimePeriod", "SpecAugmentMaxRegions"),
            **floats("DropoutProportion", "SpecAugmentMaxProportion"),
            "TestMode": "flag",
            "Continuous": "flag",
        },
        ("Dim",),
        checks=_check_general_dropout,
    ),
    ComponentType(
        "SpecAugmentTimeMaskComponent",
        (3,),
        {**ints("Dim", "TimeMaskMaxFrames"), "ZeroedProportion": "float", "TestMode": "flag"},
        ("Dim",),
    ),
)

TYPES = (*NNET1, *NNET2, *NNET3)

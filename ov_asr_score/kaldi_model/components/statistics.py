"""Means and deviations over frames: of stretches of time (nnet3), or of the whole utterance (nnet1).

Sources: nnet3/nnet-general-component.cc; nnet/nnet-sentence-averaging-component.h.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import Chain, ComponentType, Dims, Problems, ReadChain
from ov_asr_score.kaldi_model.components.field_checks import at_least, multiple, near, same_width
from ov_asr_score.kaldi_model.components.fields import Fields, ints
from ov_asr_score.kaldi_model.components.nested_networks import arrow, nested_widths
from ov_asr_score.kaldi_model.dependency import Dependency, FrameWindow, Period
from ov_asr_score.kaldi_model.network import FieldValue
from ov_asr_score.kaldi_model.token_reader import ModelReader

_LONGEST_PERIOD = 1000


def _read_network(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """The network whose output is averaged."""
    return (read_chain("."),)


def _check_sentence_averaging(fields: Fields) -> Problems:
    """Asserted in ``SentenceAveragingComponent::ReadData``."""
    columns, rows = fields.widths
    widths, wrong = nested_widths(fields)
    if wrong:
        yield wrong
    elif widths[0][0] != columns or widths[0][1] + columns != rows:
        yield f"expected a network from {columns} to {rows - columns} columns inside, found {arrow(widths[0])}"


def _check_extraction(fields: Fields) -> Problems:
    """Kaldi: ``StatisticsExtractionComponent::Check``.

    Reason for the longest period: scores repeat themselves with it, and every remainder of a length is simulated.
    """
    yield from at_least(fields, 1, "InputPeriod", "OutputPeriod")
    every, period = fields.integer("InputPeriod"), fields.integer("OutputPeriod")
    if period > _LONGEST_PERIOD:
        yield f"expected <OutputPeriod> of at most {_LONGEST_PERIOD} frames, found {period}"
    yield from multiple("<OutputPeriod>", period, "<InputPeriod>", every)


def _extraction(fields: Fields) -> Dims:
    """The count, the sums, and the sums of squares; the token is misspelt in Kaldi."""
    dim = fields.integer("InputDim")
    return dim, 1 + dim + (dim if fields.flag("IncludeVarinance") else 0)


def _extraction_frames(fields: Fields) -> Dependency:
    return Period(fields.integer("OutputPeriod"), fields.integer("InputPeriod"))


def _check_pooling(fields: Fields) -> Problems:
    """Kaldi: ``StatisticsPoolingComponent::Check``; fewer than no counts fail in ``Propagate``."""
    yield from at_least(fields, 1, "InputPeriod")
    yield from at_least(fields, 0, "LeftContext", "RightContext", "NumLogCountFeatures")
    yield from near(fields.integer("LeftContext"), fields.integer("RightContext"))
    for name in ("LeftContext", "RightContext"):
        yield from multiple(f"<{name}>", fields.integer(name), "<InputPeriod>", fields.integer("InputPeriod"))
    if fields.integer("LeftContext") + fields.integer("RightContext") < 1:
        yield "expected a left or right context, found none"
    if fields.flag("OutputStddevs") and fields.integer("InputDim") % 2 == 0:
        yield f"expected an odd <InputDim> (count, sums and squares), found {fields.integer('InputDim')}"


def _pooling(fields: Fields) -> Dims:
    dim = fields.integer("InputDim")
    return dim, dim + fields.integer("NumLogCountFeatures") - 1


def _pooling_frames(fields: Fields) -> Dependency:
    return FrameWindow(fields.integer("LeftContext"), fields.integer("RightContext"), fields.integer("InputPeriod"))


NNET1 = (
    ComponentType(
        "SimpleSentenceAveragingComponent",
        (1,),
        {"GradientBoost": "float", "Shrinkage": "float", "OnlySumming": "bool or number"},
        reads_end=True,
        checks=same_width,
        whole_utterance=True,
    ),
    ComponentType(
        "SentenceAveragingComponent",
        (1,),
        read_rest=_read_network,
        holds_components=True,
        checks=_check_sentence_averaging,
        whole_utterance=True,
    ),
)

_EXTRACTION = ("InputDim", "InputPeriod", "OutputPeriod")
_POOLING = ("InputDim", "InputPeriod", "LeftContext", "RightContext", "NumLogCountFeatures")

NNET3 = (
    ComponentType(
        "StatisticsExtractionComponent",
        (3,),
        {**ints(*_EXTRACTION), "IncludeVarinance": "bool"},
        (*_EXTRACTION, "IncludeVarinance"),
        checks=_check_extraction,
        dims=_extraction,
        reads=_extraction_frames,
    ),
    ComponentType(
        "StatisticsPoolingComponent",
        (3,),
        {**ints(*_POOLING), "OutputStddevs": "bool", "VarianceFloor": "float"},
        (*_POOLING, "OutputStddevs", "VarianceFloor"),
        checks=_check_pooling,
        dims=_pooling,
        reads=_pooling_frames,
    ),
)

TYPES = (*NNET1, *NNET3)

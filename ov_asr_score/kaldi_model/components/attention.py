"""Self-attention over frames around each frame. Source: nnet3/nnet-attention-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import at_least, near
from ov_asr_score.kaldi_model.components.fields import Fields, floats, ints
from ov_asr_score.kaldi_model.dependency import Dependency, Offsets

_SIZES = (
    *("NumHeads", "KeyDim", "ValueDim", "NumLeftInputs", "NumRightInputs", "TimeStride"),
    *("NumLeftInputsRequired", "NumRightInputsRequired"),
)


def _check(fields: Fields) -> Problems:
    """Kaldi: the assertions of ``RestrictedAttentionComponent::Check``, most of which matter when it computes.

    It does not run that function on files. A stride of 0 ends in a crash; more inputs required than there are, no
    context at all or no columns fail in ``Propagate``.
    """
    yield from at_least(fields, 1, "NumHeads", "KeyDim", "ValueDim", "TimeStride")
    inputs = max(fields.integer("NumLeftInputs"), fields.integer("NumRightInputs"))
    yield from near(inputs * fields.integer("TimeStride"))
    for side in ("Left", "Right"):
        if fields.integer(f"Num{side}InputsRequired") > fields.integer(f"Num{side}Inputs"):
            yield f"expected <Num{side}InputsRequired> of at most <Num{side}Inputs>, found more"
    if fields.integer("NumLeftInputs") + fields.integer("NumRightInputs") < 1:
        yield "expected inputs on the left or right, found none"


def _dims(fields: Fields) -> Dims:
    """Of each head: a key, a value and a query with a weight for each offset; a value and, if wanted, the weights."""
    context = fields.integer("NumLeftInputs") + 1 + fields.integer("NumRightInputs")
    heads, key, value = fields.integers(("NumHeads", "KeyDim", "ValueDim"))
    return heads * (2 * key + value + context), heads * (value + (context if fields.flag("OutputContext") else 0))


def _reads(fields: Fields) -> Dependency:
    stride = fields.integer("TimeStride")
    first, last = -fields.integer("NumLeftInputsRequired"), fields.integer("NumRightInputsRequired")
    offsets = range(-fields.integer("NumLeftInputs"), fields.integer("NumRightInputs") + 1)
    return Offsets(
        tuple(offset * stride for offset in offsets if first <= offset <= last),
        tuple(offset * stride for offset in offsets if not first <= offset <= last),
    )


TYPES = (
    ComponentType(
        "RestrictedAttentionComponent",
        (3,),
        {
            **ints(*_SIZES),
            "OutputContext": "bool",
            **floats("KeyScale", "StatsCount"),
            "EntropyStats": "vector",
            "PosteriorStats": "matrix",
        },
        (*_SIZES, "OutputContext", "KeyScale"),
        checks=_check,
        dims=_dims,
        reads=_reads,
    ),
)

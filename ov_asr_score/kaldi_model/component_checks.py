"""What must hold between the fields of one component, so that damage is noticed when a file is read.

Sources: the assertions in ``Check``, ``Init``, ``Read`` and ``ReadData`` of Kaldi's components.

Tests: tests/kaldi_model/components
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import Chain, Problems
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.dims import FIELD_ERRORS, component_dims
from ov_asr_score.kaldi_model.network import Component, Generation


def component_problem(component: Component, generation: Generation) -> str:
    """What does not fit in a component, as ``expected …, found …``; empty if all is well.

    Components inside of it are looked at in nnet3; those of nnet1 are components of networks, see ``reading.nnet1``.
    """
    try:
        return next(_problems(component, generation), "")
    except FIELD_ERRORS:
        return "expected fields that fit each other, found others"


def _problems(component: Component, generation: Generation) -> Problems:
    fields = Fields(component)
    if generation == 1:
        yield from _nnet1_problems(fields)
    elif generation == 3:
        yield from _nnet3_problems(fields)
    kind = find_type(generation, component.type)
    if kind is not None:
        yield from kind.checks(fields)
    if generation == 3:
        for chain in component.nested:
            yield from _chain_problems(chain)


def _nnet1_problems(fields: Fields) -> Problems:
    """A matrix of no rows or columns has neither (``Matrix::Resize``), so that no width may be 0."""
    for name in ("InputDim", "OutputDim"):
        if fields.integer(name) < 1:
            yield f"expected a width of 1 or more, found {fields.integer(name)}"


def _nnet3_problems(fields: Fields) -> Problems:
    """Widths below 1, and parameters without values.

    Kaldi: neither is the width of an input of any node (``Descriptor::Dim`` and ``Nnet::Check``).
    """
    for name in ("Dim", "InputDim", "OutputDim", "CellDim"):
        if name in fields and fields.integer(name) < 1:
            yield f"expected <{name}> of 1 or more, found {fields.integer(name)}"
    for name in ("LinearParams", "Params"):
        value = fields.values.get(name)
        if isinstance(value, np.ndarray) and not value.size:
            yield f"expected values in <{name}>, found none"


def _chain_problems(chain: Chain) -> Problems:
    """Components of nnet3 one after the other: each must be sound, and as wide as the one before it.

    Kaldi: an assertion of ``CompositeComponent::Init``.
    """
    width = 0
    for inner in chain:
        problem = component_problem(inner, 3)
        if problem:
            yield f"'{inner.name}' at byte {inner.offset} ({inner.type}): {problem}"
        expected, next_width = component_dims(inner, 3)
        if width not in (0, expected):
            yield f"'{inner.name}' at byte {inner.offset} ({inner.type}): expected {expected} columns, found {width}"
        width = next_width

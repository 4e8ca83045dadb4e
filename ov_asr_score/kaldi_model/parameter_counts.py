"""How many trained parameters a component has, counted as Kaldi's info programs count them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.network import Component, Generation


def count_parameters(component: Component, generation: Generation) -> int:
    """Number of trained parameters of a component, with those of the components inside of it.

    Sources: ``NumParameters`` (nnet3/nnet-utils.cc), ``GetParameterDim`` (nnet2/nnet-nnet.cc), ``NumParams``
    (nnet/nnet-nnet.cc), and the functions of these names of the components.
    """
    inside = sum(count_parameters(inner, generation) for chain in component.nested for inner in chain)
    if not component.fields.get("IsUpdatable", True):
        return inside
    kind = find_type(generation, component.type)
    trained = kind.trained if kind else ()
    return inside + sum(_size(component.fields[name]) for name in trained if name in component.fields)


def _size(value: object) -> int:
    return sum(map(_size, value)) if isinstance(value, tuple) else int(np.size(np.asarray(value)))

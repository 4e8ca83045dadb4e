"""Components that are nothing but a matrix and a bias, or a factor and an offset for each column, as arrays.

Folding, which joins neighbours, is built on them. Sums and products are done in float64.
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.layer import AffineForm, ExactScaleOffset, ScaleOffsetForm
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.kaldi_model.network import Component, Generation


def as_affine(generation: Generation, component: Component) -> AffineForm | None:
    """Weights [M, K] and bias [M] of a component that is one full matrix; None for any other.

    Raises ModelFormatError for fields that do not fit each other.
    """
    layer = find_layer(generation, component.type)
    return None if layer is None or layer.matrix is None else layer.matrix(component)


def as_scale_offset(generation: Generation, component: Component) -> ScaleOffsetForm | None:
    """Scale [D] and offset [D] of a component that works on each column separately; None for any other.

    Batch normalization and dropout are in test mode, as in nnet3-compute. Raises UnsupportedModelError for
    batch normalization without statistics, ModelFormatError for fields that do not fit each other.
    """
    exact = exact_scale_offset(generation, component)
    return None if exact is None else (exact[0].astype(np.float32), exact[1].astype(np.float32))


def exact_scale_offset(generation: Generation, component: Component) -> ExactScaleOffset | None:
    """The scale and offset [D] of ``as_scale_offset`` in float64."""
    layer = find_layer(generation, component.type)
    if layer is None or layer.parts is None:
        return None if layer is None or layer.scale_offset is None else layer.scale_offset(component)
    joint: ExactScaleOffset | None = None
    for part in layer.parts(component):
        form = None if _has_nested_problem(generation, part) else exact_scale_offset(generation, part)
        if form is None or (joint is not None and len(form[0]) != len(joint[0])):
            return None
        joint = form if joint is None else (joint[0] * form[0], joint[1] * form[0] + form[1])
    return joint


def _has_nested_problem(generation: Generation, part: Component) -> bool:
    layer = find_layer(generation, part.type)
    return layer is not None and layer.nested_problem is not None and layer.nested_problem(part) is not None

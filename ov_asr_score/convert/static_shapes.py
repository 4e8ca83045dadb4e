"""A converted model whose shapes are all fixed, for devices that take no others.

Reason of all refusals: a model with fixed shapes has one length for all requests; Kaldi knows no such thing.
"""

from __future__ import annotations

from ov_asr_score.convert.facts import EDGES_INPUT, ConversionFacts
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov


def fix_shapes(model: ov.Model, facts: ConversionFacts) -> None:
    """Give the inputs of ``model`` the shapes of a request with one window, [1, W, D], or with frames in order.

    Raises UsageError for a model that takes whole utterances, and for one whose last window cannot be filled up
    without other scores.
    """
    if facts.time == "vector":
        raise UsageError(
            "static: vectors come from chunks of several lengths, which a single shape cannot fit",
            fields=("static",),
        )
    if facts.time == "utterance":
        raise UsageError(
            "static: a model for whole utterances has a free time axis; frames_per_chunk gives it windows of one "
            "length",
            fields=("static", "frames_per_chunk"),
        )
    if (
        facts.time == "chunk"
        and not facts.can_pad
        and not (facts.batch_compute and not facts.ensure_exact_final_context)
    ):
        raise UsageError(
            "static: scores of this model depend on any number of later frames, so that the last chunk of an utterance "
            "cannot be padded; batch_compute moves it back instead, as nnet3-compute-batch does",
            fields=("static", "batch_compute"),
        )
    shapes = {}
    for index, port in enumerate(model.inputs):
        shape = port.get_partial_shape()
        shape[0] = ov.Dimension(1)
        if facts.time == "chunk" and len(shape) == 3 and EDGES_INPUT not in port.get_names():
            shape[1] = ov.Dimension(facts.window_frames)
        shapes[index] = shape
    try:
        model.reshape(shapes)
    except RUNTIME_ERRORS as error:
        raise UnsupportedModelError(f"{facts.source}: cannot take static shapes: {first_cause(error)}") from error
    free = [port for port in model.outputs if port.get_partial_shape().is_dynamic]
    if free:
        name = min(free[0].get_names(), default=free[0].get_node().get_friendly_name())
        raise UnsupportedModelError(f"{facts.source}: output '{name}' has a free shape for inputs of fixed shapes")

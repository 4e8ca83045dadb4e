"""What is done to the scores of an IR or ONNX model before they are written: in the graph, as nnet-forward does it.

In this order: the last softmax is removed, a log-softmax taken, or a logarithm (of scores plus 1e-20); log priors times
their scale are subtracted; scores are scaled; exp. Kaldi models get the same from their conversion.
"""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.graph.output_scores import ScoreSteps, take_score_steps
from ov_asr_score.convert.option_checks import check_together
from ov_asr_score.convert.rt_info import SECTION
from ov_asr_score.convert.tensors.last_softmax import LastSoftmax, last_softmax
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.network import FloatArray
from ov_asr_score.kaldi_model.priors import log_priors_of_counts
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.model_description import describe_output
from ov_asr_score.settings.kaldi import AFTER_NETWORK, KaldiOptions, spelled_options

_NOTE = [SECTION, "after_network"]


def asked_after_network(options: KaldiOptions) -> tuple[str, ...]:
    """The given options that apply to the scores of any kind of model."""
    return tuple(name for name in options.asked if name in AFTER_NETWORK)


def takes_after_network(conversion: ConversionFacts | None, options: KaldiOptions) -> bool:
    """Whether what ``options`` ask after the network is to be added to a model that comes from an IR or ONNX file.

    Not if they ask for nothing, nor for a converted Kaldi model that was made with such options.
    """
    made = () if conversion is None else tuple(word.partition("=")[0] for word in conversion.options.split())
    inside = any(f"--{name.replace('_', '-')}" in made for name in AFTER_NETWORK)
    return bool(asked_after_network(options)) and not inside


def add_after_network(
    model: ov.Model, numbers: Sequence[int], options: KaldiOptions, source: str = "the model", axis: int = -1
) -> None:
    """Change the outputs ``numbers`` of ``model``, whose values lie along ``axis``, to what ``options`` ask.

    They keep their names. The model notes what was asked, so that what is written of it (int8) does not get the same
    again: asking for the same then changes nothing, asking for anything else is refused. ``source`` names the model.

    Raises UsageError (options that do not go together, a logarithm of a logarithm, priors for probabilities, a model
    with others inside), UnsupportedModelError (no softmax to remove, or one that other outputs need, too),
    ShapeMismatchError (another number of counts than values) and what reading counts raises.
    """
    asked = asked_after_network(options)
    if not asked:
        return
    check_together(options)
    text = spelled_options(options, asked)
    inside = str(model.get_rt_info(_NOTE).astype(str)) if model.has_rt_info(_NOTE) else ""
    if inside == text:
        return
    if inside:
        raise UsageError(f"{text}: {source} was made with {inside}, which its graph already applies")
    counts = options.class_frame_counts
    log_priors = log_priors_of_counts(counts, options.prior_floor) if counts else None
    steps = ScoreSteps(
        log_softmax=options.log_softmax,
        apply_log="add" if options.apply_log else "",
        log_priors=log_priors,
        prior_scale=options.prior_scale,
        acoustic_scale=options.acoustic_scale,
        apply_exp=options.apply_exp,
    )
    for number in dict.fromkeys(numbers):
        _change_output(model, number, options, steps, axis)
    model.validate_nodes_and_infer_types()
    model.set_rt_info(text, _NOTE)


def _change_output(model: ov.Model, number: int, options: KaldiOptions, steps: ScoreSteps, axis: int) -> None:
    port = describe_output(model.outputs[number])
    place = f"output '{port.name}'"
    result = model.outputs[number].get_node()
    shape = result.get_output_partial_shape(0)
    if shape.rank.is_dynamic or not shape.rank.get_length():
        raise ShapeMismatchError(f"{place} has shape {shape}: expected an axis of values, to change scores along it")
    axis %= shape.rank.get_length()
    width = None if shape[axis].is_dynamic else shape[axis].get_length()
    if options.no_softmax:
        _remove_softmax(result, place, width, axis)
    source = result.input(0).get_source_output()
    if steps.log_priors is not None:
        _check_counts(steps.log_priors, options, place, width)
        _check_not_probabilities(last_softmax(source), steps, place)
    changed = take_score_steps(source, steps, axis, place)
    if changed.get_node() is source.get_node():  # a tensor of its own, which takes the names
        changed = opset.convert(source, source.get_element_type().get_type_name()).output(0)
    names = set(model.outputs[number].get_names()) | {port.name}
    source.get_tensor().set_names(set())
    changed.get_tensor().set_names(names)
    result.input(0).replace_source_output(changed)


def _remove_softmax(result: ov.Node, place: str, width: int | None, axis: int) -> None:
    """Take the softmax over ``axis`` of the output, and a logarithm of it, out of the way to ``result``."""
    found = last_softmax(result.input_value(0))
    if found is None:
        raise UnsupportedModelError(
            f"no_softmax: {place} does not end with a softmax or log-softmax but with "
            f"{result.input_value(0).get_node().get_type_name()}",
            fields=("no_softmax",),
        )
    _check_axis(found, place, width, axis)
    port = result.input(0)
    for step in found.path:
        inner = step.node.input(step.index)
        if step.role != "move":
            port.replace_source_output(inner.get_source_output())
            continue
        if len(step.node.output(0).get_target_inputs()) > 1:
            raise UnsupportedModelError(
                f"no_softmax: {place} shares '{step.node.get_friendly_name()}', after its softmax, with other outputs",
                fields=("no_softmax",),
            )
        port = inner


def _check_axis(found: LastSoftmax, place: str, width: int | None, axis: int) -> None:
    shape = found.node.get_output_partial_shape(0)
    over = int(found.node.get_attributes()["axis"]) % shape.rank.get_length()
    along = shape[over]
    if width is not None and along.is_static and along.get_length() != width:
        raise UnsupportedModelError(
            f"no_softmax: {place} has {width} values in a row, its softmax is over {along.get_length()}",
            fields=("no_softmax",),
        )
    if found.axis_of(axis) not in (None, over):
        raise UnsupportedModelError(
            f"no_softmax: the softmax of {place} is over another axis than that of its values", fields=("no_softmax",)
        )


def _check_counts(log_priors: FloatArray, options: KaldiOptions, place: str, width: int | None) -> None:
    if width != len(log_priors):
        found = f"{width} values" if width is not None else "a number of values that the model leaves open"
        raise ShapeMismatchError(
            f"{options.class_frame_counts}: {len(log_priors)} counts, but {place} has {found}; expected the same number"
        )


def _check_not_probabilities(found: LastSoftmax | None, steps: ScoreSteps, place: str) -> None:
    if found is not None and found.kind == "softmax" and not steps.apply_log:
        raise UsageError(
            f"class_frame_counts: expected no_softmax or apply_log with it, because {place} is a softmax, and log "
            "priors are subtracted from logarithms",
            fields=("class_frame_counts", "no_softmax", "apply_log"),
        )

"""A model for utterances at hand, its inputs and outputs in the order of axes that requests are made in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.axes.filled_readings import Requests
from ov_asr_score.scoring.axes.known_axes import UnsettledModel
from ov_asr_score.scoring.axes.readings import has_time
from ov_asr_score.scoring.axes.rewriting import with_usual_input, with_usual_outputs
from ov_asr_score.scoring.axes.settling import InputAxes, ModelAxes, settle_axes
from ov_asr_score.scoring.input_fit import InputFit


@dataclass(frozen=True, slots=True)
class UsualModel:
    """A model whose inputs take what ``fits`` say, and whose ``wanted`` outputs have rows or vectors of scores.

    ``vectors`` are the names of outputs that have one vector per utterance. ``requests`` are the shapes that the
    inputs have in the model as it was, ``notes`` what was filled in.
    """

    model: ov.Model
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    wanted: tuple[int, ...]
    fits: tuple[InputFit, ...]
    vectors: frozenset[str]
    requests: Requests
    notes: tuple[str, ...]


def usual_model(unsettled: UnsettledModel, features: Mapping[str, NDArray[Any]]) -> UsualModel:
    """The model for utterances with such ``features``; itself where its axes have the usual order.

    Raises what :func:`ov_asr_score.scoring.axes.settling.settle_axes` raises.
    """
    axes = settle_axes(unsettled, features)
    inputs, outputs, wanted = unsettled.inputs, unsettled.outputs, unsettled.wanted
    turned = [index for index, port in enumerate(inputs) if not _is_usual(axes.inputs[index], port)]
    is_usual = all(
        found.is_usual(outputs[want.number].shape or ()) and outputs[want.number].name == want.name
        for want, found in zip(wanted, axes.outputs, strict=True)
    )
    changed = axes.filled.filled.model
    numbers = tuple(axes.filled.numbers[want.number] for want in wanted)
    _, ports = describe_ports(changed)
    if turned or not is_usual:
        changed = changed.clone()
        names = [port.name for port in describe_ports(changed)[0]]
        for index in turned:
            number = names.index(inputs[index].name)
            with_usual_input(changed, number, axes.inputs[index].letters, axes.inputs[index].values)
        if turned:
            changed.validate_nodes_and_infer_types()
        if not is_usual:
            listed = [
                (number, found, want.name) for number, want, found in zip(numbers, wanted, axes.outputs, strict=True)
            ]
            with_usual_outputs(changed, listed)
            numbers = tuple(range(len(wanted)))
        changed.validate_nodes_and_infer_types()
        given_names = [port.name for port in ports] if is_usual else [want.name for want in wanted]
        ports = tuple(
            replace(port, name=name) for port, name in zip(describe_ports(changed)[1], given_names, strict=True)
        )
    renamed = tuple(
        replace(port, name=old.name, element_type=old.element_type)
        for port, old in zip(describe_ports(changed)[0], inputs, strict=True)
    )
    pairs = enumerate(zip(inputs, axes.inputs, strict=True))
    fits = tuple(_fit(port, found, axes, turned=index in turned) for index, (port, found) in pairs)
    vectors = frozenset(want.name for want, found in zip(wanted, axes.outputs, strict=True) if found.kind == "vector")
    notes = axes.filled.filled.notes
    return UsualModel(changed, renamed, ports, numbers, fits, vectors, axes.filled.requests, notes)


def _is_usual(axes: InputAxes, port: PortInfo) -> bool:
    """Whether frames of a request lie in the input's memory one behind the other, and an axis in front is theirs."""
    letters = axes.letters
    has_batch = "N" in letters and (port.shape or ())[letters.index("N")] not in (None, 1)
    if has_batch and (letters[0] != "N" or "T" in letters):
        return False  # a batch of another length, of which one utterance is left
    if "T" not in letters:
        return "N" not in letters or letters.startswith("N")
    rest = letters.lstrip("N").removeprefix("T").replace("N", "", 1)
    return letters.startswith(("NT", "T")) and set(rest) <= {"C"} and ("N" not in letters[2:])


def _fit(port: PortInfo, found: InputAxes, axes: ModelAxes, *, turned: bool) -> InputFit:
    """What the input takes; shapes are those of requests with one utterance."""
    letters, values = found.letters, list(found.values)
    width = prod(values)
    timed = has_time([other.letters for other in axes.inputs])
    if "T" in letters:
        if turned:
            letters, values = "NTC", [width]
        shape = _lengths(letters, values, {"N": 1, "T": -1})
        return InputFit(port.name, "time", width, shape, found.letters, found.source)
    if timed or ("N" not in letters and any("N" in other.letters for other in axes.inputs)):
        shape = _lengths("NC" if turned else letters, [width] if turned else values, {"N": 1})
        return InputFit(port.name, "vector", width, shape, found.letters, found.source)
    shape = _lengths("NC" if turned else letters, [width] if turned else values, {"N": -1})
    return InputFit(port.name, "row", width, shape, found.letters, found.source)


def _lengths(letters: str, values: Sequence[int], others: Mapping[str, int]) -> tuple[int, ...]:
    remaining = iter(values)
    return tuple(next(remaining) if letter == "C" else others.get(letter, 1) for letter in letters)

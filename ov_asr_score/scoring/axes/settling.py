"""What the axes of a model mean for the utterances at hand, from what is said, from names and sizes, and by a trial.

What none of these settles is asked for: a reading is never taken because it is the more usual one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.axes.filled_readings import FilledReading
from ov_asr_score.scoring.axes.known_axes import FedInput, KnownAxes, UnsettledModel
from ov_asr_score.scoring.axes.letters import UNSAID, named_letters, plain_letters
from ov_asr_score.scoring.axes.output_axes import OutputAxes
from ov_asr_score.scoring.axes.question import Question
from ov_asr_score.scoring.axes.readings import (
    ValueKind,
    has_time,
    input_readings,
    layout_text,
    unlikely_readings,
    value_lengths,
)
from ov_asr_score.scoring.input_fit import BY_SIZES
from ov_asr_score.scoring.utterances.ivector_tables import IVECTOR_INPUT

_MOST_NAMED = 4

GIVEN, IN_MODEL, BY_NAMES, BY_TRIAL = "as given", "as the model says", "by axis names", "by a trial"


@dataclass(frozen=True, slots=True)
class InputAxes:
    """The axes of one input: ``letters``, where they come from, and the lengths of those of values."""

    letters: str
    source: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelAxes:
    """The axes of all inputs, those of the wanted outputs in their order, and the model filled in for them."""

    inputs: tuple[InputAxes, ...]
    outputs: tuple[OutputAxes, ...]
    filled: FilledReading


def could_take(port: PortInfo, known: KnownAxes, value: NDArray[Any] | None) -> None:
    """Raise ShapeMismatchError when no reading of the port's axes takes ``value``, the features of an utterance."""
    _port(port, known, value)


def settle_axes(unsettled: UnsettledModel, features: Mapping[str, NDArray[Any]]) -> ModelAxes:
    """The axes of a model whose inputs get ``features`` (matrices [T, D], vectors [D]) of an utterance.

    Raises ShapeMismatchError where the features fit no reading, UnsupportedModelError where several are left or an
    output has axes that are no rows of frames; it says which layout would settle that.
    """
    known = unsettled.known
    ports = [_port(port, known, features.get(port.name)) for port in unsettled.inputs]
    if any(_is_timed(port) for port in ports):
        ports = [port if _is_always_timed(port) else _beside_time(port, known) for port in ports]
    question = Question(unsettled, ports)
    joint = list(product(*(port.readings for port in ports)))
    joint = [reading for reading in joint if question.can_be(reading)]
    if not joint:
        advice = "".join(_pieces_advice(port.info, port.said, port.width) for port in ports)
        raise UnsupportedModelError(question.no_reading() + advice, fields=("layout",))
    tried = len(joint) > 1
    reading = question.try_out(joint) if tried else joint[0]
    doubt = "" if tried else question.doubt(reading)
    if doubt:
        advice = "".join(_pieces_advice(port.info, port.said, port.width) for port in ports)
        raise UnsupportedModelError(doubt + advice, fields=("layout",))
    if not question.is_stateful:
        reading = _beside_vectors(ports, reading, takes_rows=question.keeps_ranks(reading))
    axes = question.output_axes(reading)
    follows_first = all(found.kind == "rows" and found.time in (0, None) for found in axes)
    follows_first = follows_first and "N" not in reading  # values of frames in a row, without an axis for each
    if not (follows_first or question.is_stateful or has_time(reading)):
        # The first axis of the inputs is no batch of rows.
        reading = [letters.replace("N", "T") for letters in reading]
    filled = question.readings.counting(reading, axes)
    return ModelAxes(
        tuple(
            InputAxes(letters, _source(port, known, tried), value_lengths(letters, port.info.shape or (), port.width))
            for port, letters in zip(ports, reading, strict=True)
        ),
        axes,
        filled,
    )


def _port(port: PortInfo, known: KnownAxes, value: NDArray[Any] | None) -> FedInput:
    shape = port.shape
    if shape is None:
        raise ShapeMismatchError(f"input '{port.name}' has no fixed number of dimensions; reshape the model first")
    given = known.given.get(port.name)
    said = plain_letters(given) if given is not None else _in_model(port, known)
    # a matrix without frames has no columns either in Kaldi's files
    width = int(value.shape[-1]) if value is not None and value.size else None
    readings = input_readings(shape, said, width, _kind(value))
    if not readings and given is None and set(said) != {UNSAID}:
        said = UNSAID * len(shape)  # names that do not go with the sizes say nothing
        readings = input_readings(shape, said, width, _kind(value))
    if not readings:
        raise _misfit(port, said, width)
    return FedInput(port, value, width, readings, said)


def _beside_time(port: FedInput, known: KnownAxes) -> FedInput:
    """A port without a time axis beside one that has it: frames of its table may lie along its first axis, too."""
    if _kind(port.value) != "frames" or port.info.name in {IVECTOR_INPUT, *known.per_utterance}:
        return port
    readings = input_readings(port.info.shape or (), port.said, port.width, "frames", beside_time=True)
    if not has_time(readings) and port.info.name not in known.given:
        raise ShapeMismatchError(
            f"input '{port.info.name}' {shape_text(port.info.shape)} takes one vector per utterance, but its table "
            f"has frames; layout {layout_text(port.info, readings[0])} takes the middle one",
            fields=("layout",),
        )
    return replace(port, readings=readings)


def _beside_vectors(ports: Sequence[FedInput], reading: Sequence[str], *, takes_rows: bool) -> Sequence[str]:
    """The reading where an input without an axis for frames gets a vector: the frames beside it are one utterance.

    They could not be rows of several, and may depend on each other. ``takes_rows``: the graph goes on as it is when a
    vector of a batch of one becomes a row for every frame.
    """
    if has_time(reading):
        return reading
    alone = [
        _kind(port.value) == "vector" and (len(letters) == 1 or _num_rows(port, letters) == 1)
        for port, letters in zip(ports, reading, strict=True)
    ]
    others = [
        _num_rows(port, letters) for port, letters, is_alone in zip(ports, reading, alone, strict=True) if not is_alone
    ]
    if not any(alone) or (takes_rows and all(length == 1 for length in others)):
        return reading
    return [letters.replace("N", "1" if is_alone else "T") for letters, is_alone in zip(reading, alone, strict=True)]


def _num_rows(port: FedInput, letters: str) -> int | None:
    """The length of the axis of rows, 1 where there is none; None where it is free."""
    return (port.info.shape or ())[letters.index("N")] if "N" in letters else 1


def _kind(value: NDArray[Any] | None) -> ValueKind:
    return "unknown" if value is None else "frames" if value.ndim == 2 else "vector"


def _in_model(port: PortInfo, known: KnownAxes) -> str:
    rank = len(port.shape or ())
    if port.layout and len(port.layout) == rank:
        return plain_letters(port.layout)
    return named_letters(known.names.get(port.name), rank)


def _misfit(port: PortInfo, said: str, width: int | None) -> ShapeMismatchError:
    shape = port.shape or ()
    fixed = prod(length for length, letter in zip(shape, said, strict=True) if length is not None and letter in "C?")
    if width is None or shape.count(None) > 2:
        return ShapeMismatchError(
            f"input '{port.name}' {shape_text(shape)}: cannot tell how many values a frame has; say with layout what "
            "its axes mean",
            fields=("layout",),
        )
    expected = f"layout {said} with {width} values per frame" if set(said) != {UNSAID} else f"{fixed} values per frame"
    advice = _pieces_advice(port, said, width)
    return ShapeMismatchError(
        f"input '{port.name}' {shape_text(shape)}: expected {expected}, features have {width}{advice}",
        fields=("layout",) if advice else (),
    )


def _pieces_advice(port: PortInfo, said: str, width: int | None) -> str:
    """The readings that take features of any width, which are not thought of unless they are said."""
    unlikely = unlikely_readings(port.shape or (), width) if set(said) == {UNSAID} else ()
    layouts = " or ".join(layout_text(port, letters) for letters in unlikely[:_MOST_NAMED])
    return f"; if the graph takes pieces of a fixed length, say it with layout {layouts}" if layouts else ""


def _is_timed(port: FedInput) -> bool:
    return has_time(port.readings)


def _is_always_timed(port: FedInput) -> bool:
    return all("T" in letters for letters in port.readings)


def _source(port: FedInput, known: KnownAxes, tried: bool) -> str:
    if port.info.name in known.given and UNSAID not in port.said:
        return GIVEN
    if tried and len(port.readings) > 1:
        return BY_TRIAL
    if port.info.layout and port.said == plain_letters(port.info.layout):
        return IN_MODEL
    return BY_NAMES if set(port.said) - {UNSAID} and port.info.name not in known.given else BY_SIZES

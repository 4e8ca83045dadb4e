"""Which inputs of a model need a table, and what becomes of the others: decided by what is asked, names and shapes.

What none of them tells is asked for (:func:`advice_for`), never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan, StatePair, parse_filling
from ov_asr_score.ov_model.filled_inputs.input_names import (
    holds_length,
    holds_mask,
    holds_position,
    is_single,
    is_single_integer,
)
from ov_asr_score.ov_model.filled_inputs.state_names import could_pair, find_states
from ov_asr_score.ov_model.outputs import find_port, port_names
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.text import suggestion

_SHAPE = re.compile(r"(?P<name>.+)\[(?P<lengths> *\d{1,6}(?: *, *\d{1,6})* *)\]")


@dataclass(frozen=True, slots=True)
class GivenInputs:
    """What the user gives for the inputs of a model.

    ``tables`` are the names of inputs that have one, ``unnamed`` the number of tables that name none, ``words`` what
    stands in place of a table, by input, and ``states`` texts ``IN=OUT`` (or ``IN=OUT[SHAPE]``).
    """

    tables: Collection[str] = ()
    unnamed: int = 0
    words: Mapping[str, str] = field(default_factory=dict)
    states: Sequence[str] = ()


def plan_fillings(inputs: Sequence[PortInfo], outputs: Sequence[PortInfo], given: GivenInputs) -> FillingPlan:
    """What becomes of the inputs that have no table: by what is asked, else by names together with shapes.

    Raises UsageError (an input is given twice, a word is unknown), UnknownNameError, ShapeMismatchError (a state and
    its output do not fit).
    """
    fed = {_port("inputs", inputs, name).name for name in given.tables}
    fillings: list[Filling] = []
    for name, word in given.words.items():
        port = _port("inputs", inputs, name)
        if port.name in fed or any(filling.input == port.name for filling in fillings):
            raise UsageError(f"inputs: input '{port.name}' is given twice", fields=("inputs",))
        fillings.append(parse_filling(port.name, word))
    states = _asked_states(inputs, outputs, given.states, {*fed, *(filling.input for filling in fillings)})
    plan = FillingPlan(tuple(states), tuple(fillings))
    rest = [port for port in inputs if port.name not in fed | plan.inputs]
    if not rest or given.unnamed >= len(rest):
        return plan  # every input has a table
    free = [port for port in outputs if port.name not in plan.outputs]
    found = FillingPlan(
        (*states, *(StatePair(port.name, output.name) for port, output in find_states(rest, free))), tuple(fillings)
    )
    named = [filling for port in rest if port.name not in found.inputs and (filling := _by_name(port, rest, found))]
    found = FillingPlan(found.states, (*fillings, *named))
    if not fed and all(port.name in found.inputs for port in rest):
        return plan  # nothing would be left that features could go to
    return found


def with_shapes(plan: FillingPlan, inputs: Sequence[PortInfo], shapes: Mapping[str, tuple[int, ...]]) -> FillingPlan:
    """The plan with the ``shapes`` of states, by name; those of inputs that have tables are left to others.

    Raises ShapeMismatchError for one that the model does not take, UsageError for that of an input that is filled in.
    """
    states = {pair.input: pair for pair in plan.states}
    for name, shape in shapes.items():
        index = find_port(inputs, name)
        port = None if index is None else inputs[index]
        if port is None or port.name not in plan.inputs:
            continue
        if port.name not in states:
            raise UsageError(
                f"shapes: input '{port.name}' is filled in, in the shape that its frames give it", fields=("shapes",)
            )
        if not _takes(port, shape):
            raise ShapeMismatchError(
                f"shapes: input '{port.name}' takes {shape_text(port.shape)}, found {shape_text(shape)}",
                fields=("shapes",),
            )
        said = states[port.name].shape
        if said not in (None, shape):
            raise UsageError(
                f"shapes: input '{port.name}' is {shape_text(shape)}, states says {shape_text(said)}",
                fields=("shapes", "states"),
            )
        states[port.name] = replace(states[port.name], shape=shape, is_fixed=True)
    return replace(plan, states=tuple(states.values()))


def advice_for(names: Collection[str], inputs: Sequence[PortInfo], outputs: Sequence[PortInfo]) -> str:
    """What to give for inputs that have no table, as the end of an error that begins with their names.

    It names the settings ``states`` and ``inputs``, once for each value in quotes behind them.
    """
    ports = [port for port in inputs if port.name in names]
    texts = [text for port in ports if (text := _advice(port, outputs))]
    return "".join(f"; {text}" for text in texts)


def _advice(port: PortInfo, outputs: Sequence[PortInfo]) -> str:
    if is_single_integer(port):
        return f"inputs '{port.name}=frames' if '{port.name}' is the number of frames, or inputs '{port.name}=value:N'"
    if is_single(port):
        return f"inputs '{port.name}=value:X' if '{port.name}' is one number for all utterances"
    if (port.shape is not None and len(port.shape) == 2 and port.shape[1] is None) or holds_mask(port):
        return (
            f"inputs '{port.name}=ones' or inputs '{port.name}=zeros', whichever marks all frames as valid, if "
            f"'{port.name}' is a mask of frames"
        )
    partners = [output.name for output in outputs if could_pair(port, output)]
    if not partners:
        return ""
    others = f" (or {', '.join(partners[1:4])})" if partners[1:] else ""
    return f"states '{port.name}={partners[0]}' if that output{others} is its next state"


def _by_name(port: PortInfo, rest: Sequence[PortInfo], found: FillingPlan) -> Filling | None:
    features = next((other.name for other in rest if other.name not in found.inputs and other is not port), "")
    # runtimes before 2024 give the names of an output to the input that it hands on
    called = [replace(port, name=name) for name in dict.fromkeys((port.name, *port.names))]
    if any(holds_length(each, features) for each in called):
        return Filling(port.name, "frames")
    if any(holds_mask(each) for each in called):
        return Filling(port.name, "ones")
    if any(holds_position(each) for each in called) and found.states:
        return Filling(port.name, "position")
    return None


def _asked_states(
    inputs: Sequence[PortInfo], outputs: Sequence[PortInfo], texts: Sequence[str], taken: Collection[str]
) -> list[StatePair]:
    pairs: list[StatePair] = []
    for text in texts:
        start, end, given_shape = _split(text, inputs, outputs)
        port, output = _port("states", inputs, start), _port("states", outputs, end, "output")
        if port.name in taken or any(port.name == pair.input for pair in pairs):
            raise UsageError(f"states '{text}': input '{port.name}' is given twice", fields=("states",))
        if any(output.name == pair.output for pair in pairs):
            raise UsageError(f"states '{text}': output '{output.name}' is given twice", fields=("states",))
        if not could_pair(port, output):
            raise ShapeMismatchError(
                f"states '{text}': input {shape_text(port.shape)} {port.element_type} and output "
                f"{shape_text(output.shape)} {output.element_type} do not match",
                fields=("states",),
            )
        if given_shape is not None and not _takes(port, given_shape):
            raise ShapeMismatchError(
                f"states '{text}': input '{port.name}' is {shape_text(port.shape)}", fields=("states",)
            )
        pairs.append(StatePair(port.name, output.name, shape=given_shape))
    return pairs


def _takes(port: PortInfo, shape: tuple[int, ...]) -> bool:
    known = port.shape or ()
    return len(known) == len(shape) and all(
        one is None or one == other for one, other in zip(known, shape, strict=True)
    )


def _split(
    text: str, inputs: Sequence[PortInfo], outputs: Sequence[PortInfo]
) -> tuple[str, str, tuple[int, ...] | None]:
    """Both names of ``IN=OUT``, which may hold ``=``, and the shape of ``IN=OUT[1,0,4]``."""
    places = [place for place, letter in enumerate(text) if letter == "="]
    if not places:
        raise UsageError(
            f"states '{text}': expected IN=OUT, an input and the output that gives its next value", fields=("states",)
        )
    known = [place for place in places if find_port(inputs, text[:place]) is not None]
    place = (known or places)[0]
    start, end = text[:place], text[place + 1 :]
    match = _SHAPE.fullmatch(end)
    if match is None or find_port(outputs, end) is not None:
        return start, end, None
    return start, match["name"], tuple(int(length) for length in match["lengths"].split(","))


def _port(setting: str, ports: Sequence[PortInfo], name: str, kind: str = "input") -> PortInfo:
    number = find_port(ports, name)
    if number is None:
        raise UnknownNameError(
            f"{setting}: the model has no {kind} '{name}'{suggestion(name, port_names(ports))}", fields=(setting,)
        )
    return ports[number]

"""Letters of axes, as the layout setting has them.

``N`` utterances, ``T`` frames, ``C`` values of a frame (several: in their order), ``1`` an axis of length one, ``?``
not said. Of an output ``H`` is an axis of which one entry is chosen, such as a head or a direction. Other letters stand
for values, as in NCHW.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.ov_model.axis_names import AxisNames, letter_of
from ov_asr_score.ov_model.outputs import find_port, port_names
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.text import suggestion

UNSAID = "?"


def said_letters(
    ports: Sequence[PortInfo], others: Sequence[PortInfo], layouts: Mapping[str, str]
) -> tuple[str | None, ...]:
    """The letters that ``layouts`` gives each of ``ports``, None for none; the empty name stands for all inputs.

    ``others`` are ports at the other end of the model, which have layouts too. Raises UnknownNameError for a name of
    neither, ShapeMismatchError where letters and axes are not as many, UsageError for letters that cannot be.
    """
    said: list[str | None] = [None] * len(ports)
    for name, letters in layouts.items():
        index = find_port(ports, name) if name else None
        if name and index is None:
            if find_port(others, name) is None:
                near = suggestion(name, port_names([*ports, *others]))
                raise UnknownNameError(f"layout: the model has no input or output '{name}'{near}", fields=("layout",))
            continue
        for number in range(len(ports)) if index is None else [index]:
            said[number] = checked_letters(ports[number], letters)
    return tuple(said)


def without_bare(layouts: Mapping[str, str]) -> dict[str, str]:
    """Those of ``layouts`` that name a port; one without a name is for inputs only."""
    return {name: letters for name, letters in layouts.items() if name}


def checked_letters(port: PortInfo, letters: str) -> str:
    """``letters``, when they can be those of the port. Raises ShapeMismatchError, UsageError."""
    if port.shape is not None and len(letters) != len(port.shape):
        count = f"{len(port.shape)} dimension{'s' if len(port.shape) != 1 else ''}"
        raise ShapeMismatchError(
            f"layout {letters}: '{port.name}' {shape_text(port.shape)} has {count}, not {len(letters)}",
            fields=("layout",),
        )
    for letter in "NT":
        if letters.count(letter) > 1:
            raise UsageError(f"layout {letters}: expected one axis {letter}, found several", fields=("layout",))
    for letter, length in zip(letters, port.shape or (), strict=False):
        if letter == "1" and length not in (None, 1):
            raise ShapeMismatchError(
                f"layout {letters}: '{port.name}' {shape_text(port.shape)}: expected an axis of length 1, found "
                f"{length}",
                fields=("layout",),
            )
    return letters


def plain_letters(letters: str, *, keep_heads: bool = False) -> str:
    """``letters`` in terms of N, T, C, 1 and ?; with ``keep_heads`` of H, too."""
    kept = "NTC1?H" if keep_heads else "NTC1?"
    return "".join(UNSAID if letter in ".*" else letter if letter in kept else "C" for letter in letters)


def named_letters(names: AxisNames | None, rank: int) -> str:
    """What the names of axes say; ``?`` where they say nothing, or two axes the same.

    A single letter says something only where utterances and frames both have a name: many axes are called a and b.
    """
    letters = "".join(map(letter_of, names or ()))
    if len(letters) != rank or letters.count("N") > 1 or letters.count("T") > 1:
        return UNSAID * rank
    if "N" in letters and "T" in letters:
        return letters
    return "".join(UNSAID if len(name) == 1 else letter for name, letter in zip(names or (), letters, strict=True))

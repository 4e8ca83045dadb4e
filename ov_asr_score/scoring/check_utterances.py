"""Utterances checked against what the model takes, so that a misfit names its table and utterance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.axes.known_axes import KnownAxes
from ov_asr_score.scoring.axes.settling import could_take
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.utterances.joining import SkipUtterance, Utterance


def read_until_fit(
    utterances: Iterator[Utterance],
    ports: Sequence[PortInfo],
    known: KnownAxes,
    specifiers: Mapping[str, str],
    skip: SkipUtterance | None,
) -> tuple[list[Utterance], Utterance | None]:
    """Utterances up to the first that has frames and fits the inputs, and that one (None: there is none).

    The model is prepared for that one: an utterance without frames tells nothing of widths. ``known`` is what is said
    of the axes of the inputs, ``specifiers`` are the tables by input. Raises ShapeMismatchError for what does not fit,
    unless ``skip`` takes it.
    """
    read: list[Utterance] = []
    for utterance in utterances:
        if utterance.num_frames == 0:
            read.append(utterance)
            continue
        try:
            for port in ports:
                _check_port(port, known, utterance, specifiers)
        except ShapeMismatchError as error:
            if skip is None:
                raise
            skip(utterance.key, error)
            continue
        return [*read, utterance], utterance
    return read, None


def check_widths(
    utterances: Iterable[Utterance],
    fits: Sequence[InputFit],
    specifiers: Mapping[str, str],
    skip: SkipUtterance | None,
) -> Iterator[Utterance]:
    """Utterances whose frames are as wide as ``fits`` say; others raise ShapeMismatchError or go to ``skip``."""
    for utterance in utterances:
        error = _misfit(utterance, fits, specifiers)
        if error is None:
            yield utterance
        elif skip is None:
            raise error
        else:
            skip(utterance.key, error)


def _check_port(port: PortInfo, known: KnownAxes, utterance: Utterance, specifiers: Mapping[str, str]) -> None:
    try:
        could_take(port, known, utterance.features.get(port.name))
    except ShapeMismatchError as error:
        raise ShapeMismatchError(f"{_place(port.name, utterance, specifiers)}: {error}", fields=error.fields) from error


def _misfit(utterance: Utterance, fits: Sequence[InputFit], specifiers: Mapping[str, str]) -> ShapeMismatchError | None:
    for fit in fits:
        width = utterance.features[fit.name].shape[-1]
        if width != fit.width and utterance.num_frames:
            return ShapeMismatchError(
                f"{_place(fit.name, utterance, specifiers)}: input '{fit.name}': "
                f"expected {fit.width} values per frame, features have {width}"
            )
    return None


def _place(name: str, utterance: Utterance, specifiers: Mapping[str, str]) -> str:
    """Table and key; features that were given as arrays have no table."""
    table = f"{specifiers[name]}: " if name in specifiers else ""
    return f"{table}utterance '{utterance.key}'"

"""Feature tables, one per model input, joined into utterances.

The first table whose rows are frames gives the utterances and their order; the others are looked up by key (or taken in
the same order with ``pair="position"``, the old samples' way).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.kaldi_io import open_table, read_table, read_token_table

Array = NDArray[Any]
SkipUtterance = Callable[[str, OvAsrScoreError], None]

# nnet3 accepts an online i-vector matrix that ends up to this many frames early (nnet3/nnet-am-decodable-simple.cc,
# GetCurrentIvector) and repeats its last row.
_IVECTOR_MARGIN_FRAMES = 50


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance: for each model input a matrix [T, D], or a vector [D] that holds for all its frames."""

    key: str
    features: Mapping[str, Array]
    num_frames: int


@dataclass(frozen=True, slots=True)
class InputTable:
    """A feature table for one model input.

    ``utt2spk`` names the file that maps utterances to the keys of this table (per-speaker vectors);
    ``period`` is the number of frames that one row of an online i-vector matrix stands for.
    """

    input: str
    specifier: str
    utt2spk: str = ""
    period: int = 0


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """How tables are joined; ``on_skip`` gets utterances that cannot be read or joined, None makes them errors."""

    pair: Literal["key", "position"] = "key"
    allow_missing: bool = False
    allow_commands: bool = False
    on_skip: SkipUtterance | None = None


@dataclass(slots=True)
class JoinGaps:
    """Keys that some tables lack (``missing``) or that only they have (``extra``), by specifier."""

    missing: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)

    def message(self) -> str:
        """One line that names the tables and the first keys; empty when there are no gaps."""
        parts = [
            f"{specifier}: {len(keys)} {kind}: {', '.join(map(repr, keys[:5]))}{', …' if len(keys) > 5 else ''}"
            for kind, gaps in (("missing utterances", self.missing), ("extra utterances", self.extra))
            for specifier, keys in gaps.items()
        ]
        return "; ".join(parts)


def read_utterances(
    tables: Sequence[InputTable], options: JoinOptions = JoinOptions(), gaps: JoinGaps | None = None
) -> Iterator[Utterance]:
    """Utterances of joined tables, in the order of the first frame-level table; one at a time in memory.

    Raises MissingUtteranceError listing all missing and extra keys unless ``allow_missing``; UsageError when no table
    can give the frames; TableFormatError and ShapeMismatchError of a table unless ``on_skip`` takes them.
    """
    gaps = JoinGaps() if gaps is None else gaps
    by_frame = [table for table in tables if not table.utt2spk and not table.period]
    if not by_frame:
        raise UsageError("-i/--input: expected one table of frame-level features beside i-vectors, found none")
    first, others = by_frame[0], [table for table in tables if table is not by_frame[0]]
    if options.pair == "position":
        yield from _pair_by_position(first, others, options)
    else:
        yield from _join_by_key(first, others, options, gaps)


def _join_by_key(
    first: InputTable, others: list[InputTable], options: JoinOptions, gaps: JoinGaps
) -> Iterator[Utterance]:
    with ExitStack() as stack:
        tables = {
            table.input: stack.enter_context(open_table(table.specifier, allow_commands=options.allow_commands))
            for table in others
        }
        speakers = {
            table.input: read_token_table(table.utt2spk, allow_commands=options.allow_commands)
            for table in others
            if table.utt2spk
        }
        entries = read_table(first.specifier, allow_commands=options.allow_commands, on_skip=options.on_skip)
        for key, matrix in entries:
            found: dict[str, Array] = {}
            missing = False
            for table in others:
                wanted = key if table.input not in speakers else speakers[table.input].get(key)
                try:
                    value = None if wanted is None else tables[table.input].get(wanted)
                except OvAsrScoreError as error:
                    if options.on_skip is None:
                        raise
                    options.on_skip(key, error)
                    break
                if value is None:
                    gaps.missing.setdefault(table.specifier, []).append(key)
                    missing = True
                else:
                    found[table.input] = value
            else:
                if not missing and not (gaps.missing and not options.allow_missing):
                    yield from _fit(key, first, matrix, others, found, options.on_skip)
        for table in others:
            extra = [] if table.utt2spk else list(tables[table.input].unused_keys())
            if extra:
                gaps.extra[table.specifier] = extra
    if (gaps.missing or gaps.extra) and not options.allow_missing:
        raise MissingUtteranceError(f"{gaps.message()}; give --allow-missing to score what all tables have")


def _pair_by_position(first: InputTable, others: list[InputTable], options: JoinOptions) -> Iterator[Utterance]:
    def entries_of(table: InputTable) -> Iterator[tuple[str, Array]]:
        return read_table(table.specifier, allow_commands=options.allow_commands)

    columns = [entries_of(table) for table in others]
    count = 0
    for key, matrix in entries_of(first):
        found = {}
        for table, column in zip(others, columns, strict=True):
            entry = next(column, None)
            if entry is None:
                raise MissingUtteranceError(
                    f"{table.specifier}: ends after {count} utterances, {first.specifier} goes on with '{key}'"
                )
            found[table.input] = entry[1]
        count += 1
        yield from _fit(key, first, matrix, others, found, options.on_skip)
    for table, column in zip(others, columns, strict=True):
        entry = next(column, None)
        if entry is not None and not options.allow_missing:
            raise MissingUtteranceError(
                f"{table.specifier}: goes on with '{entry[0]}' after the {count} utterances of {first.specifier}"
            )


def _fit(
    key: str,
    first: InputTable,
    matrix: Array,
    others: list[InputTable],
    found: dict[str, Array],
    on_skip: SkipUtterance | None,
) -> Iterator[Utterance]:
    """The utterance, its other inputs spread over the frames of the first; none when it goes to ``on_skip``."""
    try:
        if matrix.ndim != 2:
            raise ShapeMismatchError(
                f"{first.specifier}: utterance '{key}': expected a matrix of frames, found a vector"
            )
        features: dict[str, Array] = {first.input: matrix}
        for table in others:
            features[table.input] = spread(found[table.input], len(matrix), table, key)
        utterance = Utterance(key, features, len(matrix))
    except ShapeMismatchError as error:
        if on_skip is None:
            raise
        on_skip(key, error)
        return
    yield utterance


def spread(value: Array, num_frames: int, table: InputTable, key: str) -> Array:
    """The value for every frame: a matrix [num_frames, D] or a vector [D] as it is, rows of an online matrix repeated.

    Row t // period belongs to frame t, the last row also to what is missing at the end, as nnet3 does.
    Raises ShapeMismatchError when the number of rows cannot be right.
    """
    if value.ndim == 1:
        return value
    if table.period:
        needed = -(-num_frames // table.period)
        if len(value) == 0 or (needed - len(value)) * table.period > _IVECTOR_MARGIN_FRAMES:
            raise ShapeMismatchError(
                f"{table.specifier}: utterance '{key}': {len(value)} rows of {table.period} frames are too few for "
                f"{num_frames} frames; is --ivector-period right?"
            )
        rows = np.minimum(np.arange(num_frames) // table.period, len(value) - 1)
        return np.ascontiguousarray(value[rows])
    if len(value) != num_frames:
        raise ShapeMismatchError(
            f"{table.specifier}: utterance '{key}': {len(value)} frames, but the first input has {num_frames}"
        )
    return value

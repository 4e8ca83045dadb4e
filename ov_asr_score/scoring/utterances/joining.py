"""Feature tables, one per model input, joined into utterances.

The first table whose rows are frames gives the utterances and their order; the others are looked up by key (or taken in
the same order with ``pair="position"``, the old samples' way).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import (
    FileAccessError,
    MissingUtteranceError,
    OvAsrScoreError,
    ShapeMismatchError,
    TableFormatError,
    UsageError,
)
from ov_asr_score.frontend.stage_times import StageTimes
from ov_asr_score.kaldi_io import open_table, parse_read_specifier, read_table, read_token_table
from ov_asr_score.scoring.utterances.first_table import first_entries, noting
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.settings.shard import Shard

if TYPE_CHECKING:  # tables of features need none of it
    from ov_asr_score.audio.recordings import Recording
    from ov_asr_score.frontend.frontend import Frontend

Array = NDArray[Any]
SkipUtterance = Callable[[str, OvAsrScoreError], None]

# nnet3 accepts an online i-vector matrix that ends up to this many frames early (nnet3/nnet-am-decodable-simple.cc,
# GetCurrentIvector) and repeats its last row.
_IVECTOR_MARGIN_FRAMES = 50


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance: for each model input a matrix [T, D], or a vector [D] that holds for all its frames.

    With ``is_scored`` its scores are known: it goes through the plan, so that others share requests as if it were not,
    but a request that holds no others is not run, and what comes out for it means nothing.
    """

    key: str
    features: Mapping[str, Array]
    num_frames: int
    is_scored: bool = False


@dataclass(frozen=True, slots=True)
class InputTable:
    """A feature table for one model input.

    ``utt2spk`` names the file that maps utterances to the keys of this table (per-speaker vectors);
    ``period`` is the number of frames that one row of an online i-vector matrix stands for; ``may_hold_more`` says that
    utterances which only this table has are no error. What ``is_computed`` is no table: the front end computes it along
    with the features.
    """

    input: str
    specifier: str
    utt2spk: str = ""
    period: int = 0
    may_hold_more: bool = False
    is_computed: bool = False


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """How tables are joined; ``on_skip`` gets utterances that cannot be read or joined, None makes them errors.

    With ``shard`` only that part of the first table is taken, and what only other tables hold is no gap. With a
    ``frontend`` the first table goes through it, or is sound, which ``more_sound`` follows. Utterances of the first
    table that are ``known`` are left out; ``channels``, ``take`` and ``times`` are as in ``frontend.reading.Reading``.
    """

    pair: Literal["key", "position"] = "key"
    allow_missing: bool = False
    allow_commands: bool = False
    on_skip: SkipUtterance | None = None
    shard: Shard | None = None
    path_map: PathMap = NO_PATH_MAP
    frontend: Frontend | None = None
    more_sound: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    channels: dict[str, tuple[str, int]] = field(default_factory=dict)
    take: Callable[[Recording], Recording | None] | None = None
    times: StageTimes = field(default_factory=StageTimes)


@dataclass(slots=True)
class JoinGaps:
    """Keys that some tables lack (``missing``) or that only they have (``extra``), by specifier."""

    missing: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)

    def message(self) -> str:
        """One line that names the tables and the first keys; empty when there are no gaps."""
        parts = []
        for kind, gaps in (("missing", self.missing), ("extra", self.extra)):
            for specifier, keys in gaps.items():
                shown = ", ".join(map(repr, keys[:5])) + (", …" if len(keys) > 5 else "")
                parts.append(f"{specifier}: {len(keys)} {kind} utterance{'s' if len(keys) > 1 else ''}: {shown}")
        return "; ".join(parts)


def read_utterances(
    tables: Sequence[InputTable], options: JoinOptions = JoinOptions(), gaps: JoinGaps | None = None
) -> Iterator[Utterance]:
    """Utterances of joined tables, in the order of the first frame-level table; one at a time in memory.

    Raises MissingUtteranceError listing all missing and extra keys unless ``allow_missing``; UsageError when no table
    can give the frames, or a part is wanted of tables paired by position; TableFormatError and ShapeMismatchError of a
    table unless ``on_skip`` takes them.
    """
    gaps = JoinGaps() if gaps is None else gaps
    by_frame = [table for table in tables if not table.utt2spk and not table.period]
    if not by_frame:
        raise UsageError(
            "inputs: expected one table of frame-level features beside i-vectors, found none", fields=("inputs",)
        )
    first, others = by_frame[0], [table for table in tables if table is not by_frame[0]]
    if options.pair == "position":
        if options.shard is not None:
            raise UsageError(
                f"shard {options.shard}: needs tables joined by key; leave pair=position out", fields=("shard", "pair")
            )
        if options.frontend is not None:
            raise UsageError(
                "pair position: features that are computed are joined with other tables by key only", fields=("pair",)
            )
        yield from _pair_by_position(first, others, options, gaps)
    else:
        yield from _join_by_key(first, others, options, gaps)
    if (gaps.missing or gaps.extra) and not options.allow_missing:
        raise MissingUtteranceError(
            f"{gaps.message()}; give allow_missing to score what all tables have, or utt2spk for vectors per speaker",
            fields=("allow_missing", "utt2spk"),
        )


def _join_by_key(
    first: InputTable, others: list[InputTable], options: JoinOptions, gaps: JoinGaps
) -> Iterator[Utterance]:
    skipped: set[str] = set()
    skip = noting(skipped, first.specifier, options.on_skip)
    with ExitStack() as stack:
        tables = {
            table.input: stack.enter_context(
                # speakers are asked for again and again, utterances once
                open_table(
                    parse_read_specifier(table.specifier, options.path_map),
                    allow_commands=options.allow_commands,
                    keep_values=bool(table.utt2spk),
                    may_hold_numbers=True,
                )
            )
            for table in others
            if not table.is_computed
        }
        speakers = {
            table.input: read_token_table(table.utt2spk, allow_commands=options.allow_commands)
            for table in others
            if table.utt2spk
        }
        for key, matrix, ivectors in first_entries(first.specifier, options, skip):
            values: dict[str, Array] = {}
            complete = True
            try:
                for table in others:
                    if table.is_computed and ivectors is not None:
                        values[table.input] = ivectors
                        continue
                    wanted = speakers[table.input].get(key) if table.utt2spk else key
                    value = None if wanted is None else tables[table.input].get(wanted)
                    if value is None:
                        gaps.missing.setdefault(table.specifier, []).append(key)
                        complete = False
                    else:
                        values[table.input] = value
                if complete and (options.allow_missing or not gaps.missing):
                    utterance = _fit(key, first, matrix, others, values)
                else:
                    continue
            except (TableFormatError, FileAccessError, ShapeMismatchError) as error:
                if options.on_skip is None:
                    raise
                options.on_skip(key, error)
                skipped.add(key)
                continue
            yield utterance
        for table in others if options.shard is None else ():
            # a table of speakers may hold more than these utterances need
            keys = (
                [] if table.utt2spk or table.may_hold_more or table.is_computed else tables[table.input].unused_keys()
            )
            named = skipped.union(gaps.missing.get(table.specifier, ()))
            extra = [key for key in keys if key not in named]
            if extra:
                gaps.extra[table.specifier] = extra


def _pair_by_position(
    first: InputTable, others: list[InputTable], options: JoinOptions, gaps: JoinGaps
) -> Iterator[Utterance]:
    speakers = [table for table in others if table.utt2spk]
    if speakers:
        raise UsageError(
            f"pair position: {speakers[0].specifier}: a table of speakers can only be joined by key", fields=("pair",)
        )
    tables = [first, *others]
    sources = [parse_read_specifier(table.specifier, options.path_map) for table in tables]
    columns = [read_table(source, allow_commands=options.allow_commands) for source in sources]
    for entries in zip_longest(*columns):
        if None in entries:
            present = next(entry[0] for entry in entries if entry is not None)
            for table, entry in zip(tables, entries, strict=True):
                if entries[0] is not None and entry is None:
                    gaps.missing.setdefault(table.specifier, []).append(present)
                elif entries[0] is None and entry is not None:
                    gaps.extra.setdefault(table.specifier, []).append(entry[0])
            continue
        (key, matrix), *rest = entries
        values = {table.input: entry[1] for table, entry in zip(others, rest, strict=True)}
        try:
            utterance = _fit(key, first, matrix, others, values)
        except ShapeMismatchError as error:
            if options.on_skip is None:
                raise
            options.on_skip(key, error)
            continue
        yield utterance


def _fit(
    key: str, first: InputTable, matrix: Array, others: list[InputTable], values: Mapping[str, Array]
) -> Utterance:
    """The utterance, its other inputs spread over the frames of the first."""
    if matrix.ndim != 2:
        raise ShapeMismatchError(
            f"{first.specifier}: utterance '{key}': expected a matrix of frames, found a vector; name the table that "
            "has frames first"
        )
    spread_values = {table.input: spread(_vector(values[table.input]), len(matrix), table, key) for table in others}
    return Utterance(key, {first.input: matrix, **spread_values}, len(matrix))


def _vector(value: Array) -> Array:
    """The value; a vector of no integers is the number 0, which Kaldi writes in the same bytes."""
    return np.zeros(1, np.int32) if value.ndim == 1 and not value.size and value.dtype == np.int32 else value


def spread(value: Array, num_frames: int, table: InputTable, key: str) -> Array:
    """The value for every frame: a matrix [num_frames, D] or a vector [D] as it is, rows of an online matrix repeated.

    Row t // period belongs to frame t, the last row also to what is missing at the end, as nnet3 does.
    Raises ShapeMismatchError when the number of rows cannot be right.
    """
    if value.ndim == 1 or num_frames == len(value) == 0:
        return value
    if table.period:
        needed = -(-num_frames // table.period)
        missing = (needed - len(value)) * table.period  # frames
        if len(value) == 0 or missing > _IVECTOR_MARGIN_FRAMES or -missing > max(_IVECTOR_MARGIN_FRAMES, table.period):
            wrong = "few" if missing > 0 else "many"
            raise ShapeMismatchError(
                f"{table.specifier}: utterance '{key}': {len(value)} rows of {table.period} frames are too {wrong} for "
                f"{num_frames} frames; is the period right (ivector_period, online_ivector_period)?",
                fields=("ivector_period", "online_ivector_period"),
            )
        rows = np.minimum(np.arange(num_frames) // table.period, len(value) - 1)
        return np.ascontiguousarray(value[rows])
    if len(value) != num_frames:
        advice = "; for rows of several frames say how many (ivector_period, online_ivectors)"
        raise ShapeMismatchError(
            f"{table.specifier}: utterance '{key}': {len(value)} frames, but the first input has {num_frames}"
            f"{advice if len(value) < num_frames else ''}",
            fields=("ivector_period", "online_ivectors"),
        )
    return value

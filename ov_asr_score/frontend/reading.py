"""Utterances of a source, through the front end: one at a time, in the order of the source."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import SKIPPED_ERRORS, Recording, read_recordings
from ov_asr_score.errors import (
    FileAccessError,
    MissingUtteranceError,
    OvAsrScoreError,
    ShapeMismatchError,
    TableFormatError,
    UsageError,
)
from ov_asr_score.features.computing import feature_dim
from ov_asr_score.features.steps.feature_columns import paste_features
from ov_asr_score.frontend.frontend import Frontend, IvectorRecipe
from ov_asr_score.frontend.sound_features import compute_recording
from ov_asr_score.frontend.sources import is_permissive, is_read_once, is_sound, table_of
from ov_asr_score.frontend.stage_times import StageTimes, timed
from ov_asr_score.kaldi_io import KeyedTable, open_table, parse_read_specifier, read_table
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.settings.shard import Shard
from ov_asr_score.text import printable_name, shown_key

Features = NDArray[np.float32]
OnSkip = Callable[[str, OvAsrScoreError], None]

_OF_ONE_UTTERANCE = (*SKIPPED_ERRORS, ShapeMismatchError, TableFormatError, FileAccessError, MissingUtteranceError)


def _is_of_one_utterance(error: OvAsrScoreError) -> bool:
    """Whether others may be used; errors about numbers have no class of their own."""
    return type(error) is OvAsrScoreError or isinstance(error, _OF_ONE_UTTERANCE)


@dataclass(frozen=True, slots=True, eq=False)
class UtteranceFeatures:
    """Features [T, D] of an utterance, and i-vectors [N, I], a row for every so many frames, where they are computed.

    ``speaker`` is empty where it is not known; ``seconds`` is the length of its sound, None for stored features.
    """

    key: str
    features: Features
    ivectors: Features | None = None
    speaker: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is read: what is allowed, which part of it, and what becomes of utterances that cannot be used.

    Utterances that are ``known`` are left out. ``channels`` takes, by key, what an utterance is one of several channels
    of, and that channel, counted from 0; ``times`` takes the time that is spent. ``take`` is shown every recording of a
    source of sound, in their order, and gives back what is to be read instead: None where it has taken the recording.
    """

    allow_commands: bool = False
    path_map: PathMap = NO_PATH_MAP
    on_skip: OnSkip | None = None
    shard: Shard | None = None
    known: frozenset[str] = frozenset()
    channels: dict[str, tuple[str, int]] = field(default_factory=dict)
    take: Callable[[Recording], Recording | None] | None = None
    times: StageTimes = field(default_factory=StageTimes)


def read_features(
    sources: str | Sequence[str], frontend: Frontend, how: Reading = Reading()
) -> Iterator[UtteranceFeatures]:
    """The utterances of a source, or of several of a kind, as a model takes them.

    Where statistics of speakers are collected first, everything is read twice. Raises what reading sound and tables
    raises, and UsageError (a source that can be read only once, but must be read twice; i-vectors of speakers whose
    utterances come in another order).
    """
    texts = [sources] if isinstance(sources, str) else list(sources)
    chain = frontend.chain
    if chain is not None:
        chain.forget_speakers()
    if chain is not None and chain.needs_collection:
        _check_can_be_read_again(texts, frontend)
        is_skipping = how.on_skip is not None or any(is_permissive(text) for text in texts if is_sound(text))
        all_of_them = replace(how, shard=None, on_skip=_nowhere if is_skipping else None, known=frozenset())
        for utterance in _raw(texts, frontend, all_of_them):
            try:
                chain.collect(utterance.key, utterance.speaker, utterance.features)
            except OvAsrScoreError as error:
                if how.on_skip is None or not _is_of_one_utterance(error):
                    raise  # else it is told of when the steps are applied
    carries_on = frontend.carries_on
    utterances = _raw(texts, frontend, replace(how, known=frozenset()) if carries_on else how)
    if frontend.ivectors is not None:
        utterances = _with_ivectors(utterances, frontend, frontend.ivectors, how)
    utterances = utterances if chain is None else _through_chain(utterances, frontend, how)
    return utterances if not carries_on else (each for each in utterances if each.key not in how.known)


def _check_can_be_read_again(sources: Sequence[str], frontend: Frontend) -> None:
    named = [*sources, *frontend.paste, *filter(None, (frontend.sound.segments,))]
    once = next(filter(is_read_once, named), None)
    if once is not None:
        raise UsageError(
            f"cmvn speaker: {once} can be read only once, but all utterances are read before the first one is "
            "normalized; give a file, or cmvn_stats",
            fields=("cmvn", "cmvn_stats"),
        )


def _nowhere(key: str, error: OvAsrScoreError) -> None:
    """What cannot be read is told of when it is read for the second time."""


def _raw(sources: Sequence[str], frontend: Frontend, how: Reading) -> Iterator[UtteranceFeatures]:
    """Features as they are computed or stored."""
    utterances = _of_sound(sources, frontend, how) if sources and is_sound(sources[0]) else _of_tables(sources, how)
    utterances = (each for each in utterances if each.key not in how.known)
    return _pasted(utterances, frontend, how) if frontend.paste else utterances


def _of_sound(sources: Sequence[str], frontend: Frontend, how: Reading) -> Iterator[UtteranceFeatures]:
    for recording in read_recordings(
        list(sources),
        frontend.sound,
        path_map=how.path_map,
        allow_commands=how.allow_commands,
        on_skip=how.on_skip,
        shard=how.shard,
    ):
        if recording.key in how.known:
            continue
        if recording.base and isinstance(recording.channel, int):
            how.channels[recording.key] = (recording.base, recording.channel)
        try:
            left = recording if how.take is None else how.take(recording)
            if left is None:
                continue
            started = time.perf_counter()
            found = compute_recording(left, frontend)
            how.times.sound += found.reading_seconds
            how.times.features += time.perf_counter() - started - found.reading_seconds
        except _OF_ONE_UTTERANCE as error:
            if how.on_skip is None:
                raise
            how.on_skip(recording.key, error)
            continue
        yield UtteranceFeatures(recording.key, found.features, None, recording.speaker, found.seconds)


def _of_tables(sources: Sequence[str], how: Reading) -> Iterator[UtteranceFeatures]:
    for source in sources:
        table = parse_read_specifier(table_of(source), how.path_map)
        for key, matrix in read_table(
            table, allow_commands=how.allow_commands, on_skip=how.on_skip, shard=how.shard, wants_matrices=True
        ):
            yield UtteranceFeatures(key, np.asarray(matrix, np.float32))


def _pasted(utterances: Iterator[UtteranceFeatures], frontend: Frontend, how: Reading) -> Iterator[UtteranceFeatures]:
    """The utterances with the columns of other tables behind theirs."""
    with ExitStack() as stack:
        tables = [
            (
                name,
                stack.enter_context(
                    open_table(parse_read_specifier(name, how.path_map), allow_commands=how.allow_commands)
                ),
            )
            for name in frontend.paste
        ]
        for utterance in utterances:
            try:
                parts = [utterance.features, *(_found(name, table, utterance.key) for name, table in tables)]
                features = paste_features(parts, frontend.paste_tolerance)
            except _OF_ONE_UTTERANCE as error:
                named = error
                if isinstance(error, ShapeMismatchError):
                    named = ShapeMismatchError(
                        f"utterance {shown_key(utterance.key)}: pasting: {error}", fields=error.fields
                    )
                if how.on_skip is None:
                    raise named from error
                how.on_skip(utterance.key, named)
                continue
            yield replace(utterance, features=features)


def _found(name: str, table: KeyedTable, key: str) -> Features:
    found = table.get(key)
    if found is None:
        raise MissingUtteranceError(
            f"{printable_name(name)}: expected features of utterance {shown_key(key)}, found none"
        )
    if found.ndim != 2:
        raise ShapeMismatchError(f"{printable_name(name)}: expected a matrix, found a vector")
    return np.asarray(found, np.float32)


def _with_ivectors(
    utterances: Iterator[UtteranceFeatures], frontend: Frontend, recipe: IvectorRecipe, how: Reading
) -> Iterator[UtteranceFeatures]:
    """The utterances with i-vectors, which are computed of many at a time."""
    columns: int | None = None  # for i-vectors; None: all
    if frontend.features is not None and recipe.extractor.feature_dim == feature_dim(frontend.features.options):
        columns = recipe.extractor.feature_dim  # without pitch, as Kaldi's online decoding
    from ov_asr_score.ivector.extraction import extract_ivectors
    from ov_asr_score.ivector.utterance_queue import IvectorUtterance

    if recipe.speakers is not None and how.shard is not None:
        raise UsageError(
            "shard: i-vectors that are carried on from utterance to utterance need all utterances of a speaker",
            fields=("shard", "ivector_spk2utt"),
        )
    waiting: deque[UtteranceFeatures] = deque()  # results and what is skipped come in this order

    def features() -> Iterator[IvectorUtterance]:
        read = timed(utterances, lambda seconds: how.times.add_ivectors(-seconds))
        for utterance, speaker in _in_speakers_order(read, recipe, how.on_skip):
            waiting.append(utterance)
            weights = None
            if recipe.frame_weight != 1:
                weights = np.full(len(utterance.features), recipe.frame_weight, np.float32)
            yield IvectorUtterance(utterance.key, utterance.features[:, :columns], speaker, weights)

    def skip(key: str, error: OvAsrScoreError) -> None:
        waiting.popleft()
        if how.on_skip is None:
            raise error
        how.on_skip(key, error)

    extracted = extract_ivectors(recipe.extractor, features(), on_skip=skip)
    for found in timed(extracted, how.times.add_ivectors):
        yield replace(waiting.popleft(), ivectors=found.ivectors)


def _in_speakers_order(
    utterances: Iterator[UtteranceFeatures], recipe: IvectorRecipe, on_skip: OnSkip | None
) -> Iterator[tuple[UtteranceFeatures, str]]:
    """Utterances with their speakers, empty where each stands alone.

    Raises UsageError where they come in another order than the state of a speaker is carried on, and
    MissingUtteranceError where nothing says who speaks, unless that is skipped.
    """
    if recipe.speakers is None:
        yield from ((utterance, "") for utterance in utterances)
        return
    places = {key: (speaker, place) for speaker, keys in recipe.speakers.items() for place, key in enumerate(keys)}
    latest: dict[str, int] = {}
    current = ""
    for utterance in utterances:
        if utterance.key not in places:
            error = MissingUtteranceError(
                f"ivector_spk2utt: expected the speaker of utterance {shown_key(utterance.key)}, found none",
                fields=("ivector_spk2utt",),
            )
            if on_skip is None:
                raise error
            on_skip(utterance.key, error)
            continue
        speaker, place = places[utterance.key]
        if place < latest.get(speaker, -1) or (speaker != current and speaker in latest):
            raise UsageError(
                f"ivector_spk2utt: utterance {shown_key(utterance.key)} of speaker {shown_key(speaker)} comes in "
                "another order than there; sort both by speaker, or compute i-vectors to a table first",
                fields=("ivector_spk2utt",),
            )
        latest[speaker], current = place, speaker
        yield utterance, speaker


def _through_chain(
    utterances: Iterator[UtteranceFeatures], frontend: Frontend, how: Reading
) -> Iterator[UtteranceFeatures]:
    chain = frontend.chain
    assert chain is not None
    for utterance in utterances:
        try:
            if (
                how.shard is not None
                and chain.continues_speakers
                and chain.speaker_of(utterance.key, utterance.speaker)
            ):
                raise UsageError(
                    "shard: online CMVN goes on from utterance to utterance, and needs all utterances of a speaker; "
                    "split the lists by speaker instead",
                    fields=("shard", "cmvn"),
                )
            features = chain.apply(utterance.key, utterance.speaker, utterance.features)
        except OvAsrScoreError as error:
            if how.on_skip is None or not _is_of_one_utterance(error):
                raise
            how.on_skip(utterance.key, error)
            continue
        yield replace(utterance, features=features)

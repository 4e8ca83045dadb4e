"""The kinds of CMVN that can be asked for, as steps of a chain: where the statistics of an utterance come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ov_asr_score.errors import MissingUtteranceError, UsageError
from ov_asr_score.features.steps.cmvn import apply_cmvn, cmvn_stats
from ov_asr_score.features.steps.live_step import LiveRowByRow, LiveStep, Rows
from ov_asr_score.features.steps.online_cmvn import CmvnState, LiveCmvn, OnlineCmvnOptions
from ov_asr_score.features.steps.running_sums import Sums
from ov_asr_score.features.steps.sliding_cmvn import LiveSlidingCmvn, SlidingCmvnOptions
from ov_asr_score.kaldi_io.matrices.inner_matrix import load_doubles
from ov_asr_score.kaldi_io.tables.random_access import KeyedTable, open_table
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.text import shown_key


class CmvnStep(Protocol):
    """CMVN of many utterances; ``speaker`` is empty where it is not known."""

    needs_collection: bool
    """Whether ``collect`` must see all utterances before the first one is normalized."""

    def collect(self, key: str, speaker: str, features: Rows) -> None:
        """Add the features of an utterance to the statistics of its speaker."""
        ...

    def forget_speakers(self) -> None:
        """Begin without any speaker: no statistics, no states."""
        ...

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance."""
        ...

    def live(self, key: str, speaker: str) -> LiveStep:
        """The live form for an utterance. Raises UsageError where there is none."""
        ...

    def close(self) -> None:
        """Close the tables."""
        ...


class _Stateless:
    needs_collection = False

    def collect(self, key: str, speaker: str, features: Rows) -> None:
        """Nothing is collected."""

    def forget_speakers(self) -> None:
        """Nothing is known of speakers."""

    def close(self) -> None:
        """Nothing is open."""


class UtteranceCmvn(_Stateless):
    """By the statistics of the utterance itself."""

    def __init__(self, steps: FeatureSteps) -> None:
        """``steps`` say what is normalized."""
        self._normalize = _normalizer(steps)

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance."""
        return self._normalize(features, cmvn_stats(features))

    def live(self, key: str, speaker: str) -> LiveStep:
        """Raises UsageError."""
        raise UsageError(
            "cmvn utterance: frames cannot be normalized before the utterance ends; use online or sliding, or give "
            "cmvn_stats",
            fields=("cmvn", "cmvn_stats"),
        )


class SpeakerCmvn(_Stateless):
    """By the statistics of all utterances of the speaker, which are collected first."""

    needs_collection = True

    def __init__(self, steps: FeatureSteps) -> None:
        """``steps`` say what is normalized."""
        self._normalize = _normalizer(steps)
        self._stats: dict[str, Sums] = {}

    def collect(self, key: str, speaker: str, features: Rows) -> None:
        """Add the features of an utterance to the statistics of its speaker. Raises UsageError without a speaker."""
        check_speaker(key, speaker)
        self._stats[speaker] = cmvn_stats(features, before=self._stats.get(speaker))

    def forget_speakers(self) -> None:
        """Begin without statistics."""
        self._stats.clear()

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance. Raises MissingUtteranceError without statistics."""
        return self._normalize(features, self._of(key, speaker))

    def live(self, key: str, speaker: str) -> LiveStep:
        """The live form, if the utterances of the speaker were collected before. Raises UsageError."""
        if not self._stats:
            raise UsageError(
                "cmvn speaker: frames cannot be normalized before all utterances of the speaker are known; use online "
                "or sliding, or give cmvn_stats",
                fields=("cmvn", "cmvn_stats"),
            )
        stats = self._of(key, speaker)
        return LiveRowByRow(lambda rows: self._normalize(rows, stats))

    def _of(self, key: str, speaker: str) -> Sums:
        check_speaker(key, speaker)
        if speaker not in self._stats:
            raise MissingUtteranceError(f"expected CMVN statistics of speaker {shown_key(speaker)}, found none")
        return self._stats[speaker]


class GivenCmvn(_Stateless):
    """By statistics in a table, by utterance or speaker, or in one file for all."""

    def __init__(self, steps: FeatureSteps, allow_commands: bool) -> None:
        """Open the statistics. Raises what reading them raises."""
        self._normalize = _normalizer(steps)
        self._name = steps.cmvn_stats
        self._by_speaker = steps.cmvn == "speaker"
        self._table: KeyedTable | None = None
        self._global: Sums | None = None
        if steps.cmvn == "global":
            self._global = load_doubles(self._name, allow_commands=allow_commands) if self._name else np.zeros((0, 0))
        else:
            self._table = open_table(self._name, allow_commands=allow_commands, keep_values=True)

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance. Raises MissingUtteranceError without statistics."""
        return self._normalize(features, self._of(key, speaker))

    def live(self, key: str, speaker: str) -> LiveStep:
        """The live form: statistics are known."""
        stats = self._of(key, speaker)
        return LiveRowByRow(lambda rows: self._normalize(rows, stats))

    def close(self) -> None:
        """Close the table."""
        if self._table is not None:
            self._table.close()

    def _of(self, key: str, speaker: str) -> Sums:
        if self._table is None:
            assert self._global is not None
            return self._global
        return np.asarray(found_in(self._table, key, speaker, by_speaker=self._by_speaker), np.float64)


class SlidingCmvn(_Stateless):
    """In a sliding window."""

    def __init__(self, steps: FeatureSteps) -> None:
        """Raises UsageError for windows that do not fit each other."""
        window, least = _or(steps.cmn_window, 600), steps.min_cmn_window
        if least is None:  # without effect on a centered window, which a shorter one is no reason to refuse
            least = min(100, window) if steps.center else 100
        self._options = SlidingCmvnOptions(window, least, bool(steps.norm_vars), bool(steps.center))

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance."""
        live = LiveSlidingCmvn(self._options)
        return np.concatenate((live.accept(features), live.finish()))

    def live(self, key: str, speaker: str) -> LiveStep:
        """The live form, whose rows wait for the end of their windows."""
        return LiveSlidingCmvn(self._options)


class OnlineCmvnOfSpeakers(_Stateless):
    """Looking back only; utterances of a speaker continue each other in the order in which they come."""

    def __init__(self, steps: FeatureSteps, allow_commands: bool) -> None:
        """Read the global statistics. Raises what reading them raises, and UsageError."""
        window = _or(steps.cmn_window, 600)
        self._options = OnlineCmvnOptions(
            cmn_window=window,
            speaker_frames=_or(steps.speaker_frames, 600),
            global_frames=_or(steps.global_frames, 200),
            norm_means=steps.norm_means is not False,
            norm_vars=bool(steps.norm_vars),
            skip_dims=steps.skip_dims or (),
        )
        name = steps.cmvn_stats
        self._begin = CmvnState(load_doubles(name, allow_commands=allow_commands) if name else None)
        self._states: dict[str, CmvnState] = {}

    def apply(self, key: str, speaker: str, features: Rows) -> Rows:
        """The normalized features of an utterance; the speaker's next one begins with what it leaves."""
        live = self.live(key, speaker)
        made = live.accept(features)
        live.finish()
        return made

    def forget_speakers(self) -> None:
        """Begin without states."""
        self._states.clear()

    def live(self, key: str, speaker: str) -> LiveStep:
        """The live form; the speaker's next utterance begins with what this one leaves when it finishes."""
        return _RememberedCmvn(LiveCmvn(self._options, self._states.get(speaker, self._begin)), self._states, speaker)

    def live_from(self, state: CmvnState | None) -> LiveCmvn:
        """The live form that begins with ``state``, None for that of a new speaker; its own is left to the caller."""
        return LiveCmvn(self._options, self._begin if state is None else state)


class _RememberedCmvn:
    """Online CMVN that leaves its state among ``states`` when it finishes."""

    delay = 0

    def __init__(self, live: LiveCmvn, states: dict[str, CmvnState], speaker: str) -> None:
        self._live = live
        self._states = states
        self._speaker = speaker

    def accept(self, rows: Rows) -> Rows:
        return self._live.accept(rows)

    def finish(self) -> Rows:
        if self._speaker:
            self._states[self._speaker] = self._live.state()
        return self._live.finish()


def cmvn_step(steps: FeatureSteps, *, allow_commands: bool = False) -> CmvnStep | None:
    """The CMVN that is asked for, None for none. Raises UsageError, and what reading statistics raises."""
    if steps.cmvn in (None, "none") or steps.norm_means is False:
        return None
    if steps.cmvn == "sliding":
        return SlidingCmvn(steps)
    if steps.cmvn == "online":
        return OnlineCmvnOfSpeakers(steps, allow_commands)
    if steps.cmvn_stats:
        return GivenCmvn(steps, allow_commands)
    return UtteranceCmvn(steps) if steps.cmvn == "utterance" else SpeakerCmvn(steps)


def check_speaker(key: str, speaker: str) -> None:
    """Raise UsageError where the speaker of an utterance is not known but asked for."""
    if not speaker:
        raise UsageError(
            f"feature_utt2spk: expected a table that says the speaker of utterance {shown_key(key)}, or a data "
            "directory whose utt2spk does, found neither",
            fields=("feature_utt2spk",),
        )


def found_in(table: KeyedTable, key: str, speaker: str, *, by_speaker: bool) -> Rows:
    """The matrix of the utterance or of its speaker. Raises UsageError and MissingUtteranceError."""
    if by_speaker:
        check_speaker(key, speaker)
    array = table.get(speaker if by_speaker else key)
    if array is None:
        whose = f"speaker {shown_key(speaker)}" if by_speaker else f"utterance {shown_key(key)}"
        raise MissingUtteranceError(f"{table.specifier.original}: expected a matrix for {whose}, found none")
    return np.atleast_2d(array)  # text of one row


def _normalizer(steps: FeatureSteps) -> Callable[[Rows, Sums], Rows]:
    norm_vars, skip_dims = bool(steps.norm_vars), steps.skip_dims or ()
    return lambda rows, stats: apply_cmvn(rows, stats, norm_vars, skip_dims=skip_dims)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value

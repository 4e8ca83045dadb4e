"""When an utterance ends, by Kaldi's rules. Source: online2/online-endpoint.cc."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.settings.recognition.endpointing import EndpointOptions


def silence_transitions(transitions: TransitionModel, silence_phones: Sequence[int]) -> NDArray[np.bool_]:
    """Which transition-ids [ids + 1] are of ``silence_phones``."""
    is_silence: NDArray[np.bool_] = np.isin(transitions.phones, silence_phones)
    is_silence[0] = False
    return is_silence


def endpoint_rule(
    options: EndpointOptions,
    num_frames: int,
    trailing_silence: int,
    row_seconds: float,
    relative_cost: float | Callable[[], float],
) -> int | None:
    """The first rule, from 1 on, by which an utterance of ``num_frames`` rows of scores is at its end; None: none.

    ``trailing_silence`` is the number of rows of silence at its end, ``row_seconds`` the time from one row to the next.
    ``relative_cost`` may be a function, which is called only where a rule depends on it: the cost takes time to find.
    Times are float32, as Kaldi's: what is at a limit depends on it. Kaldi: ``EndpointDetected``, ``RuleActivated``.
    """
    if not num_frames:
        return None
    seconds = np.float32(row_seconds)
    length, silence = np.float32(num_frames) * seconds, np.float32(trailing_silence) * seconds
    for number, rule in enumerate(options.rules, 1):
        if (
            (length > silence or not rule.must_contain_nonsilence)
            and silence >= np.float32(rule.min_trailing_silence)
            and length >= np.float32(rule.min_utterance_length)
        ):
            if rule.max_relative_cost == math.inf:
                return number
            relative_cost = relative_cost() if callable(relative_cost) else relative_cost
            if relative_cost <= rule.max_relative_cost:
                return number
    return None


def frames_of_silence(transition_ids: NDArray[np.int32], is_silence: NDArray[np.bool_]) -> int:
    """Frames of silence at the end of a path [T]; ``is_silence`` is by transition-id.

    Kaldi: ``TrailingSilenceLength`` in online2/online-endpoint.cc.
    """
    spoken = np.flatnonzero(~is_silence[transition_ids])
    return len(transition_ids) - (int(spoken[-1]) + 1 if spoken.size else 0)

"""Which ``time`` a Kaldi model is converted with where the user leaves the choice (``auto``): the one place for it."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.errors import unreachable
from ov_asr_score.scoring.plans.sizing import takes_any_shape
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.device import static_reason
from ov_asr_score.settings.kaldi import KaldiOptions

RECURRENT_BLOCK = 48
"""Frames of each utterance in a request of a recurrent model: more would be lost at the ends of utterances."""


def decide_time(options: ScorerOptions) -> KaldiOptions:
    """How to convert the Kaldi model of ``options``: ``auto`` becomes what ``options.auto_time`` asks for.

    Recurrences that look back only score faster with many utterances side by side, a few frames of each per request:
    their steps are short, and utterances of any lengths share them without being filled up. GNA takes one frame after
    the other.
    """
    kaldi = options.kaldi
    if kaldi.time != "auto":
        return kaldi
    match options.auto_time:
        case "utterance":
            return replace(kaldi, time="utterance")
        case "frame":
            return replace(kaldi, time="lockstep", frames_per_request=1)
        case "fastest":
            if options.device.gna_mode is not None:
                return replace(kaldi, time="frame")
            may_be_long = not static_reason(options.device)  # else frames in order need one shape only
            if may_be_long and (options.batch_size == 1 or not takes_any_shape(options)):
                return kaldi
            return replace(kaldi, time="lockstep", frames_per_request=RECURRENT_BLOCK)
        case _:
            raise unreachable(options.auto_time)

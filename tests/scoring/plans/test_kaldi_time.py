"""What ``time: auto`` of a Kaldi model becomes."""

from __future__ import annotations

from typing import Any

import pytest

from ov_asr_score.scoring.plans.kaldi_time import RECURRENT_BLOCK, decide_time
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions


@pytest.mark.parametrize(
    ("options", "time", "frames_per_request"),
    [
        ({}, "lockstep", RECURRENT_BLOCK),
        ({"batch_size": 8}, "lockstep", RECURRENT_BLOCK),
        ({"batch_size": 1}, "auto", 0),
        ({"device": DeviceSettings("GPU")}, "auto", 0),
        ({"device": DeviceSettings("GPU", static=True), "batch_size": 1}, "lockstep", RECURRENT_BLOCK),
        ({"device": DeviceSettings("GNA_SW_EXACT")}, "frame", 0),
        ({"device": DeviceSettings("HETERO:GNA_SW_EXACT,CPU")}, "frame", 0),
        ({"auto_time": "utterance"}, "utterance", 0),
        ({"auto_time": "utterance", "device": DeviceSettings("GNA_SW_EXACT")}, "utterance", 0),
        ({"auto_time": "frame", "batch_size": 1}, "lockstep", 1),
    ],
)
def test_auto_is_decided_by_device_and_purpose(options: dict[str, Any], time: str, frames_per_request: int) -> None:
    kaldi = decide_time(ScorerOptions(model="final.mdl", **options))
    assert (kaldi.time, kaldi.frames_per_request) == (time, frames_per_request)


@pytest.mark.parametrize("auto_time", ["fastest", "utterance", "frame"])
def test_what_the_user_asks_for_stays(auto_time: Any) -> None:
    kaldi = KaldiOptions(time="frame", frames_per_request=7, use_priors=True)
    options = ScorerOptions(model="final.mdl", kaldi=kaldi, auto_time=auto_time, device=DeviceSettings("GNA_SW_EXACT"))
    assert decide_time(options) is kaldi

"""How many requests are under way at a time."""

from __future__ import annotations

import pytest

from ov_asr_score.scoring.plans.sizing import num_slots
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.device import DeviceSettings


@pytest.mark.parametrize(
    ("device", "requests", "streams", "slots"),
    [
        ("CPU", 0, 0, 2),
        ("CPU", 0, 3, 4),
        ("CPU", 5, 3, 5),
        # what a GNA plugin was told to expect, because it refuses more
        ("GNA_HW", 0, 0, 1),
        ("GNA_HW", 5, 0, 1),
        ("GNA_SW_EXACT", 0, 3, 3),
        ("GNA_SW_FP32", 0, 3, 1),
        ("HETERO:GNA_HW,CPU", 5, 2, 2),
    ],
)
def test_requests_under_way(device: str, requests: int, streams: int, slots: int) -> None:
    options = ScorerOptions(model="a.xml", device=DeviceSettings(device, streams=streams), requests=requests)
    assert num_slots(options, streams) == slots

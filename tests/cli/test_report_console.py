from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from ov_asr_score.cli.report_console import uses_standard_output
from ov_asr_score.job import ScoreJob


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (["-"], True),
        (["ark,t:-"], True),
        (["ark:/dev/stdout"], True),
        (["a=x.ark,b=-"], True),
        (["a=x.ark", "layer/0:0=ark:-"], True),
        (["ark,scp:x.ark,-"], True),
        ({"a": "ark:-"}, True),
        ([], False),
        (["x.ark"], False),
        (["ark,scp:x.ark,x.scp"], False),
        (["out/a=b.ark"], False),
        (["scp:x.scp"], False),
        (["ark:| sort -"], False),
        (["x.ark,"], False),
        (["ark,x:-"], False),
    ],
)
def test_where_scores_go(outputs: Sequence[str] | Mapping[str, str], expected: bool) -> None:
    assert uses_standard_output(ScoreJob(outputs=outputs)) is expected


@pytest.mark.parametrize(("report", "expected"), [("-", True), ("/dev/stdout", True), ("", False), ("r.json", False)])
def test_where_the_report_goes(report: str, expected: bool) -> None:
    assert uses_standard_output(ScoreJob(report=report)) is expected

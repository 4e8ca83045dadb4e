"""Requests of a run in its trace, for each way to fill them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.job.run.report_files import trace_file
from ov_asr_score.job.run.traced_scoring import score_traced
from ov_asr_score.scoring.plan import PlanMode
from tests.scoring.tiny_models import WIDTH, affine_model, decay_model, make_scorer, utterances
from tests.traces import checked_trace

LENGTHS = (5, 1, 4)


@pytest.mark.parametrize(
    ("model", "options", "mode", "events"),
    [
        (lambda: affine_model([-1, WIDTH]), {"batch_size": 4, "requests": 1}, "rows", [(1, 4), (3, 4), (1, 2)]),
        (decay_model, {"batch_size": 1}, "blocks", [(1, 1)] * 10),
        (decay_model, {"batch_size": 4, "requests": 1}, "lockstep", [(3, 3), (2, 2), (2, 2), (2, 2), (1, 1)]),
    ],
)
def test_requests_are_events_with_what_they_hold(
    model: Any, options: dict[str, Any], mode: PlanMode, events: list[tuple[int, int]], tmp_path: Path
) -> None:
    given = list(utterances(*LENGTHS))
    (tmp_path / "models").mkdir()
    scorer = make_scorer(model(), given[0], tmp_path / "models", **options)
    assert scorer.plan.mode == mode
    path = tmp_path / "trace.json"
    with trace_file(str(path)) as trace:
        assert trace is not None
        scored = list(score_traced(scorer, trace, given, None, None))
        trace.finish([])
    assert [result.key for result in scored] == [utterance.key for utterance in given]
    (track,) = checked_trace(path).values()
    assert [(event["args"]["utterances"], event["args"]["frames"]) for event in track] == events
    for result, plain in zip(scored, scorer.score(given), strict=True):
        np.testing.assert_array_equal(result.scores["score"], plain.scores["score"])


def test_without_a_trace_nothing_is_in_between(tmp_path: Path) -> None:
    given = list(utterances(*LENGTHS))
    scorer = make_scorer(affine_model([-1, WIDTH]), given[0], tmp_path)
    results = list(score_traced(scorer, None, given, None, None))
    assert [result.num_frames for result in results] == list(LENGTHS)

"""Scoring with every request in a trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ov_asr_score.report.trace import TraceWriter
from ov_asr_score.scoring.engine import RecordLayers, UtteranceScores, score_utterances
from ov_asr_score.scoring.plan import BlocksPlan, FramesPlan
from ov_asr_score.scoring.requests.tracing_runner import TracingRunner
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.utterances.joining import SkipUtterance, Utterance


def score_traced(
    scorer: Scorer,
    trace: TraceWriter | None,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None,
    on_skip: SkipUtterance | None,
) -> Iterator[UtteranceScores]:
    """What ``scorer.score`` gives; each request is an event of its slot's track in ``trace``, if there is one."""
    if trace is None:
        return scorer.score(utterances, record_layers, on_skip)

    def note(slot: int, started: float, ended: float, num_utterances: int, frames: int) -> None:
        trace.event(f"request {slot}", "infer", started, ended, utterances=num_utterances, frames=frames)

    plan = scorer.plan
    # Other plans tell what each of their requests holds.
    frames = plan.frames_per_request if isinstance(plan, BlocksPlan | FramesPlan) else 1
    runner = TracingRunner(scorer.runner, note, frames)
    return score_utterances(runner, scorer.fits, plan, utterances, record_layers, on_skip)

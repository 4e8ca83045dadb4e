"""Utterances in, scores out: fill infer requests as the plan says, and cut their results back by utterance."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ov_asr_score.scoring.lockstep.lanes import score_lockstep
from ov_asr_score.scoring.plan import InputFit, ScoringPlan
from ov_asr_score.scoring.requests.blocks import RecordLayers, score_blocks
from ov_asr_score.scoring.requests.feed import feed_chunks, feed_groups, feed_rows, feed_whole
from ov_asr_score.scoring.requests.fill import checked
from ov_asr_score.scoring.requests.pending_scores import Assembly, UtteranceScores
from ov_asr_score.scoring.requests.pool import BusyClock, Requests
from ov_asr_score.scoring.requests.runner import Runner
from ov_asr_score.scoring.requests.streaming import score_streams
from ov_asr_score.scoring.utterances.joining import SkipUtterance, Utterance

__all__ = ["BusyClock", "RecordLayers", "UtteranceScores", "score_utterances"]


def score_utterances(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: ScoringPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None = None,
    on_skip: SkipUtterance | None = None,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, in the order of ``utterances``; only what is under way is held in memory.

    ``on_skip`` is told of an utterance that the model cannot take (too short for a convolution, say), and scoring goes
    on, where requests hold one utterance each. Raises ShapeMismatchError naming the utterance whose features or scores
    have the wrong dimensions, DeviceError.
    """
    fitting = (checked(utterance, fits) for utterance in utterances)
    if plan.mode == "blocks":
        yield from score_blocks(runner, fits, plan, fitting, record_layers)
        return
    if plan.mode == "frames" and plan.converted is not None:
        yield from score_streams(runner, fits, plan, plan.converted, fitting, record_layers)
        return
    if plan.mode == "lockstep":
        yield from score_lockstep(runner, fits, plan, fitting, record_layers, BusyClock().add)
        return
    if on_skip is not None:
        plan = replace(plan, grouping=None)  # an utterance that fails must not take others along
    requests = Requests(runner, plan, record_layers, None if plan.mode == "rows" else on_skip)
    feed = {"rows": feed_rows, "chunks": feed_chunks}.get(plan.mode, feed_whole)
    if plan.grouping is not None:
        feed = feed_groups
    waiting: deque[Assembly] = deque()
    try:
        for assembly in feed(requests, fits, fitting):
            waiting.append(assembly)
            while waiting and waiting[0].rows_left == 0:
                first = waiting.popleft()
                requests.frames_waiting -= first.utterance.num_frames
                yield from first.finished(runner, plan)
        requests.drain()
        while waiting:
            yield from waiting.popleft().finished(runner, plan)
    finally:
        requests.abandon()

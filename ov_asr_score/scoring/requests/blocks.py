"""Models that take frames in order, a fixed number per request: those with variables, or with a fixed time axis.

Tests: tests/scoring/test_engine.py
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan
from ov_asr_score.scoring.requests.cut import one_vector, score_rows
from ov_asr_score.scoring.requests.fill import copy_frames, frames_in_order, middle_frame, request_buffers
from ov_asr_score.scoring.requests.pending_scores import PendingScores, UtteranceScores, naming
from ov_asr_score.scoring.requests.runner import Runner
from ov_asr_score.scoring.utterances.joining import Utterance

RecordLayers = Callable[[Iterable[Any]], None]


def score_blocks(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: BlocksPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None,
) -> Iterator[UtteranceScores]:
    """Scores of frames in order, the edges repeated for context; the delay of the context is cut off.

    The last request is filled up with the last frame. Its rows of scores are kept whose first frame there is.
    """
    block, context = plan.frames_per_request, plan.left_context + plan.right_context
    factor, may_overlap = plan.step // plan.rows, plan.stateful and not plan.shift
    buffers = request_buffers(fits, block)
    runner.bind(0, buffers)
    names = [port.name for port in runner.outputs]
    targets = [
        buffer.reshape(1 if fit.kind == "vector" else block, -1) for fit, buffer in zip(fits, buffers, strict=True)
    ]
    for utterance in utterances:
        length = utterance.num_frames + context if utterance.num_frames and not utterance.is_scored else 0
        pending = PendingScores(utterance, 0, context if utterance.num_frames else 0)
        num_rows = -(-length // factor)
        pending.num_rows = num_rows - context
        sources = [frames_in_order(utterance, fit, plan) for fit in fits] if length else []
        filling = list(zip(fits, targets, sources, strict=False))
        if plan.stateful:
            runner.reset_state(0)
        seconds = 0.0
        with naming(utterance):
            # this loop runs for every frame of a model with variables, so it is kept lean
            for start in range(0, length, plan.step):
                for fit, target, source in filling:
                    if fit.kind == "vector":
                        target[:] = middle_frame(source[start : start + block])
                    elif block == 1:
                        target[0] = source[start]
                    else:
                        copy_frames(target, source, start)
                began = time.perf_counter()
                runner.run(0)
                seconds += time.perf_counter() - began
                if record_layers is not None:
                    record_layers(runner.layer_records(0))
                start_row = start // factor
                first, last = max(start_row, context), min(start_row + plan.rows, num_rows)
                if first < last:
                    for index, result in enumerate(runner.results(0)):
                        if names[index] in plan.vectors:
                            pending.scores.append(one_vector(result, length, block, utterance.key))
                            continue
                        rows = score_rows(result, plan.rows, names[index], utterance.key, may_overlap=may_overlap)
                        pending.put_rows(index, first - context, rows[first - start_row : last - start_row])
        pending.num_requests, pending.infer_seconds = -(-length // plan.step), seconds
        yield from pending.finished(runner, plan)

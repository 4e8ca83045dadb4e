"""Converted models that take a few frames per request, in order; their metadata say how late scores come.

Tests: tests/golden/test_frame_graphs.py, tests/golden/test_nnet1_frame_graphs.py
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT, ConversionFacts
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import FramesPlan
from ov_asr_score.scoring.requests.blocks import RecordLayers
from ov_asr_score.scoring.requests.fill import middle_frame
from ov_asr_score.scoring.requests.pending_scores import PendingScores, UtteranceScores, naming
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.requests.windows.chunk_windows import chunk_scores, num_score_rows
from ov_asr_score.scoring.utterances.joining import Utterance


def score_streams(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: FramesPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None,
) -> Iterator[UtteranceScores]:
    """Scores of frames in order: the first ``fed_before`` times more, the last one until all scores are there.

    Raises ShapeMismatchError for scores of the wrong shape, DeviceError.
    """
    conversion = plan.conversion
    block, factor = conversion.frames_per_request, conversion.frame_subsampling_factor
    buffers = [np.zeros((1, block, fit.width) if fit.kind == "time" else (1, fit.width), np.float32) for fit in fits]
    ends = np.zeros((1, 1), np.float32)
    asks_for_end = any(FRAMES_LEFT_INPUT in port.names for port in runner.inputs)
    runner.bind(0, [*buffers, ends] if asks_for_end else buffers)
    for utterance in utterances:
        rows, dropped = num_score_rows(utterance.num_frames, conversion), conversion.delay // factor
        num_requests = -(-(dropped + rows) * factor // block) if rows else 0
        fed_besides = num_requests * block - utterance.num_frames
        if utterance.is_scored:
            num_requests = 0
        pending = PendingScores(utterance, 0, fed_besides, num_rows=rows)
        streams = _streams(utterance, fits, conversion, num_requests * block) if num_requests else []
        runner.reset_state(0)
        seconds = 0.0
        with naming(utterance):
            # This loop runs for every few frames, so it is kept lean.
            for request in range(num_requests):
                start = request * block
                for buffer, stream in zip(buffers, streams, strict=True):
                    buffer[0] = stream[start : start + block] if buffer.ndim == 3 else stream
                ends[0, 0] = (rows - 1) * factor - start
                began = time.perf_counter()
                runner.run(0)
                seconds += time.perf_counter() - began
                if record_layers is not None:
                    record_layers(runner.layer_records(0))
                first = start // factor - dropped
                used = slice(max(-first, 0), min(block // factor, rows - first))
                if used.start < used.stop:
                    for index, result in enumerate(runner.results(0)):
                        scores = chunk_scores(result, block // factor, runner.outputs[index].name, utterance.key)
                        pending.put_rows(index, first + used.start, scores[used])
        pending.num_requests, pending.infer_seconds = num_requests, seconds
        yield from pending.finished(runner, plan)


def _streams(
    utterance: Utterance, fits: Sequence[InputFit], conversion: ConversionFacts, length: int
) -> list[Float32Array]:
    """What goes into each input: all frames in order [length, D], or one vector [D]."""
    order = np.clip(np.arange(length) - conversion.fed_before, 0, utterance.num_frames - 1)
    factor, streams = conversion.frame_subsampling_factor, []
    for fit in fits:
        value = np.asarray(utterance.features[fit.name], np.float32)
        streams.append(value[order] if fit.kind == "time" else middle_frame(value, factor))
    return streams

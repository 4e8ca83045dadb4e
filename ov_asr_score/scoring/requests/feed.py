"""Utterances put into requests, as the plan says. Each feed yields utterances in their order, at once or later done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ov_asr_score.scoring.plan import InputFit
from ov_asr_score.scoring.requests.chunk_windows import chunk_requests, num_score_rows
from ov_asr_score.scoring.requests.fill import copy_frames, request_buffers, whole_utterance
from ov_asr_score.scoring.requests.grouping import Pool, cut_windows, group_arrays, window_arrays
from ov_asr_score.scoring.requests.pending_scores import Assembly, naming
from ov_asr_score.scoring.requests.pool import Piece, Requests
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.utterances.joining import Utterance


def feed_rows(requests: Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """Rows of many utterances in one request; score t of a model without memory needs frame t + right context only."""
    plan, runner = requests.plan, requests.runner
    buffers: dict[int, list[Float32Array]] = {}
    slot, pieces, filled = -1, list[Piece](), 0
    for utterance in utterances:
        assembly = Assembly(utterance, utterance.num_frames)
        row = 0
        while row < utterance.num_frames:
            if slot < 0:
                slot, pieces, filled = requests.take_slot(), [], 0
                if slot not in buffers:
                    buffers[slot] = request_buffers(fits, plan.block)
                    runner.bind(slot, buffers[slot])
            count = min(plan.block - filled, utterance.num_frames - row)
            for fit, buffer in zip(fits, buffers[slot], strict=True):
                target = buffer.reshape(plan.block, -1)[filled : filled + count]
                copy_frames(target, utterance.features[fit.name], row + plan.right_context)
            pieces.append(Piece(assembly, row, filled, count))
            row, filled = row + count, filled + count
            if filled == plan.block:
                requests.start(slot, pieces)
                slot = -1
        yield assembly
    if slot >= 0:
        frames = [buffer.reshape(plan.block, -1) for buffer in buffers[slot]]
        if plan.pad:
            for rows in frames:
                rows[filled:] = rows[filled - 1]
        else:
            shapes = [[filled if axis == -1 else axis for axis in fit.shape] for fit in fits]
            runner.bind(slot, [rows[:filled].reshape(shape) for rows, shape in zip(frames, shapes, strict=True)])
        requests.start(slot, pieces)


def feed_whole(requests: Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """One utterance per request, with its edges repeated for context."""
    plan, runner = requests.plan, requests.runner
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        if not utterance.num_frames:
            yield Assembly(utterance, 0)
            continue
        assembly = Assembly(utterance, 1, context)
        slot = requests.take_slot()
        with requests.skipping(slot, assembly), naming(utterance):
            runner.bind(slot, whole_utterance(utterance, fits, plan))
        if not assembly.failed:
            if plan.stateful:
                runner.reset_state(slot)
            requests.start(slot, [Piece(assembly, 0, 0, 1)])
        yield assembly


def feed_groups(requests: Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """Utterances of about one length per request, very long ones in windows."""
    plan, grouping, facts = requests.plan, requests.plan.grouping, requests.plan.converted
    if grouping is None or facts is None:
        raise ValueError("a plan of groups needs its grouping and the facts of a converted model")
    pool = Pool(grouping)
    for utterance in utterances:
        frames = utterance.num_frames
        rows = num_score_rows(frames, facts) if frames else 0
        if grouping.longest and frames > grouping.longest:
            assembly = Assembly(utterance, rows, num_rows=rows)
            yield assembly
            for window in cut_windows(frames, grouping.longest, facts):
                slot = requests.take_slot()
                with naming(utterance):
                    requests.runner.bind(slot, window_arrays(utterance, window, fits, plan))
                given = -(-(window.stop - window.first) // facts.frame_subsampling_factor)
                piece = Piece(assembly, window.first_row, window.skipped_rows, window.num_rows, given)
                requests.start(slot, [piece])
            continue
        assembly = Assembly(utterance, rows)
        yield assembly
        if rows:
            pool.add(assembly)
        while pool.frames and pool.frames + requests.frames_waiting >= grouping.look_ahead:
            _start_group(requests, fits, pool.take())
    while len(pool):
        _start_group(requests, fits, pool.take())


def _start_group(requests: Requests, fits: Sequence[InputFit], group: list[Assembly]) -> None:
    slot = requests.take_slot()
    with naming(group[0].utterance):
        requests.runner.bind(slot, group_arrays([assembly.utterance for assembly in group], fits, requests.plan))
    requests.start(slot, [Piece(assembly, 0, 0, assembly.rows_left) for assembly in group])


def feed_chunks(requests: Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """The windows of one utterance after the other, those of the same length together."""
    facts = requests.plan.converted
    if facts is None:
        raise ValueError("a plan of chunks needs the facts of a converted model")
    for utterance in utterances:
        rows = num_score_rows(utterance.num_frames, facts)
        assembly = Assembly(utterance, rows, num_rows=rows)
        for chunk in chunk_requests(utterance, fits, facts):
            if assembly.failed:
                break
            slot = requests.take_slot()
            with requests.skipping(slot, assembly), naming(utterance):
                requests.runner.bind(slot, chunk.arrays)
            if not assembly.failed:
                piece = Piece(assembly, chunk.first_row, chunk.skipped_rows, chunk.num_rows, chunk.given_rows)
                requests.start(slot, [piece])
        yield assembly

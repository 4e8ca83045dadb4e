"""Online i-vectors of tables of features, as ivector-extract-online2 computes them: many utterances, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.ivector.adaptation_state import AdaptationState
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.gaussian_frames import GaussianFrames
from ov_asr_score.ivector.utterance_queue import IvectorUtterance, SpeakerRun, UtteranceIvectors, UtteranceQueue
from ov_asr_score.ivector.utterance_work import SystemSolver, UtteranceWork, number_of_lanes
from ov_asr_score.text import shown_key

OnSkippedUtterance = Callable[[str, OvAsrScoreError], None]


def extract_ivectors(
    extractor: Extractor,
    utterances: Iterable[IvectorUtterance],
    *,
    on_skip: OnSkippedUtterance | None = None,
    first_states: Callable[[str], AdaptationState | None] | None = None,
    keep_states: bool = False,
    lanes: int | None = None,
) -> Iterator[UtteranceIvectors]:
    """The i-vectors of each utterance in the order of the input: a row every ``ivector_period`` frames, or each frame.

    Utterances are read ahead, and several are computed at a time (``lanes``; None: as many as are fast); what comes out
    does not depend on how many. ``first_states`` gives a speaker's state before the first utterance. Of an utterance
    that cannot be used, ``on_skip`` gets key and error; without it the error is raised where the utterance would have
    been: ShapeMismatchError (width, number of weights), TableFormatError (no frames, NaN).
    Source: online2bin/ivector-extract-online2.cc.
    """
    count = number_of_lanes(extractor.ivector_dim) if lanes is None else lanes
    solver, frames = SystemSolver(extractor, count), GaussianFrames(extractor)
    queue = UtteranceQueue(extractor, iter(utterances), first_states)
    busy: list[_Lane] = []
    while True:
        while len(busy) < count and (run := queue.next_run()) is not None:
            if lane := _begun(run, queue, extractor, frames):
                busy.append(lane)
        for key, result in queue.finished():
            if not isinstance(result, OvAsrScoreError):
                yield result
            elif on_skip is None:
                raise result
            else:
                on_skip(key, result)
        if not busy and queue.is_empty():
            queue.raise_error()
            return
        still_busy = []
        for each in busy:
            lane = each
            while lane is not None and not lane.work.next_system():
                lane = _ended(lane, queue, extractor, frames, keep_states)
            if lane is not None:
                still_busy.append(lane)
        busy = still_busy
        ivectors = solver.solve([(lane.work.stats, lane.work.ivector) for lane in busy])
        for lane, ivector in zip(busy, ivectors, strict=True):
            lane.work.set_ivector(ivector)


@dataclass(frozen=True, slots=True, eq=False)
class _Lane:
    """An utterance that is worked on."""

    run: SpeakerRun
    index: int
    key: str
    work: UtteranceWork


def _begun(run: SpeakerRun, queue: UtteranceQueue, extractor: Extractor, frames: GaussianFrames) -> _Lane | None:
    """The next utterance of a run, taken up; None where none waits."""
    while run.waiting:
        index, utterance = run.waiting.popleft()
        try:
            work = UtteranceWork(extractor, frames, run.state, utterance.features, utterance.weights)
        except OvAsrScoreError as error:
            place = f"utterance {shown_key(utterance.key)}"
            queue.settle(index, utterance.key, type(error)(f"{place}: {error}", fields=error.fields))
            continue
        return _Lane(run, index, utterance.key, work)
    run.is_known = False
    return None


def _ended(
    lane: _Lane, queue: UtteranceQueue, extractor: Extractor, frames: GaussianFrames, keep_states: bool
) -> _Lane | None:
    """Give back an utterance that is complete, and take up the next one of its speaker."""
    run, state = lane.run, None
    if run.speaker or keep_states:
        run.state = state = lane.work.state()
    ivectors = lane.work.ivectors()
    result = UtteranceIvectors(lane.key, ivectors, run.speaker, state if keep_states else None)
    queue.settle(lane.index, lane.key, result)
    return _begun(run, queue, extractor, frames)

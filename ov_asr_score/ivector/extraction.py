"""Online i-vectors of tables of features, as ivector-extract-online2 computes them: many utterances, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.ivector.adaptation_state import AdaptationState
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.gaussian_frames import GaussianFrames
from ov_asr_score.ivector.utterance_queue import IvectorUtterance, SpeakerRun, UtteranceIvectors, UtteranceQueue
from ov_asr_score.ivector.utterance_work import SystemSolver, UtteranceWork, number_of_lanes, unsolvable
from ov_asr_score.kaldi_model.double_arrays import DoubleArray
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
    solver = SystemSolver(extractor, count)
    queue = UtteranceQueue(extractor, iter(utterances), first_states)
    taker = _UtteranceTaker(extractor, GaussianFrames(extractor), queue, keep_states)
    busy: list[_Lane] = []
    while True:
        while len(busy) < count and (run := queue.next_run()) is not None:
            if lane := taker.begun(run):
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
        busy = [lane for each in busy if (lane := taker.advanced(each))]
        ivectors = solver.solve([(lane.work.stats, lane.work.ivector) for lane in busy])
        both = zip(busy, ivectors, strict=True)
        busy = [lane for each, ivector in both if (lane := taker.estimated(each, ivector))]


@dataclass(frozen=True, slots=True, eq=False)
class _Lane:
    """An utterance that is worked on."""

    run: SpeakerRun
    index: int
    key: str
    work: UtteranceWork


@dataclass(frozen=True, slots=True, eq=False)
class _UtteranceTaker:
    """Takes utterances from the queue, and gives results back to it."""

    extractor: Extractor
    frames: GaussianFrames
    queue: UtteranceQueue
    keep_states: bool

    def begun(self, run: SpeakerRun) -> _Lane | None:
        """The next utterance of a run that can be used; None where none waits."""
        while run.waiting:
            index, utterance = run.waiting.popleft()
            try:
                work = UtteranceWork(self.extractor, self.frames, run.state, utterance.features, utterance.weights)
            except OvAsrScoreError as error:
                self._refuse(index, utterance.key, error)
                continue
            return _Lane(run, index, utterance.key, work)
        run.is_known = False
        return None

    def advanced(self, lane: _Lane | None) -> _Lane | None:
        """The lane when an i-vector can be estimated, or another one with the next utterance of the same speaker."""
        while lane is not None:
            try:
                if lane.work.next_system():
                    return lane
                self._give_back(lane)
            except OvAsrScoreError as error:
                self._refuse(lane.index, lane.key, error)
            lane = self.begun(lane.run)
        return None

    def estimated(self, lane: _Lane, ivector: DoubleArray | None) -> _Lane | None:
        """The lane, which takes its i-vector; where there is none, one with the speaker's next utterance."""
        if ivector is not None:
            lane.work.set_ivector(ivector)
            return lane
        self._refuse(lane.index, lane.key, unsolvable())
        return self.begun(lane.run)

    def _give_back(self, lane: _Lane) -> None:
        run, state = lane.run, None
        if run.speaker or self.keep_states:
            run.state = state = lane.work.state()
        result = UtteranceIvectors(lane.key, lane.work.ivectors(), run.speaker, state if self.keep_states else None)
        self.queue.settle(lane.index, lane.key, result)

    def _refuse(self, index: int, key: str, error: OvAsrScoreError) -> None:
        named = type(error)(f"utterance {shown_key(key)}: {error}", fields=error.fields)
        self.queue.settle(index, key, named)

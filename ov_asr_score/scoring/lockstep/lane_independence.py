"""Whether the lanes of a request are scored each on its own, as a model without lanes does it, found by trying.

Tests: tests/scoring/lockstep/test_lanes.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.lanes import lane_buffers
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances.joining import Utterance

_STEPS = 4
_RESTART = 2  # the step at which the last lane begins another utterance
# In the same place of a matrix product a row is computed in the same way, whatever is beside it.
_SAME_PLACE_TOLERANCE = 1e-5
# In another place, or beside more rows, it may be summed in another order: rounding, not dependence.
_OTHER_PLACE_TOLERANCE = 1e-2

_Steps = list[list[Float32Array]]  # for each request and each input or output: values of a lane, or of all lanes


def lanes_are_independent(
    laned: Runner, single: Runner, fits: Sequence[InputFit], plan: LockstepPlan, utterance: Utterance | None
) -> bool:
    """True when the first and the last lane of ``laned`` give what ``single`` gives, whatever is in the other lanes.

    The last lane begins its utterance when others are under way. Uses frames of ``utterance`` (None: noise alone);
    results that are not finite tell nothing.
    """
    with np.errstate(all="ignore"):  # what overflows tells nothing
        return _lanes_agree(laned, single, fits, plan, utterance)


def _lanes_agree(
    laned: Runner, single: Runner, fits: Sequence[InputFit], plan: LockstepPlan, utterance: Utterance | None
) -> bool:
    random = np.random.default_rng(0)
    one_lane = replace(plan, lanes=1)
    sequence = _sequence(single, fits, one_lane, utterance, random)
    single.reset_state(0)
    expected = _run(single, fits, one_lane, sequence)
    rounds = [_run(laned, fits, plan, _in_lanes(sequence, plan.lanes, random)) for _ in range(2)]
    for step in range(_STEPS):
        for index, reference in enumerate(expected[step]):
            first, again = (results[step][index][0] for results in rounds)
            late, late_again = (results[min(step + _RESTART, _STEPS - 1)][index][-1] for results in rounds)
            scale = float(np.max(np.abs(reference), initial=0.0))
            others = [first, late] if step + _RESTART < _STEPS else [first]
            if any(_differ(result, reference[0], _OTHER_PLACE_TOLERANCE * scale) for result in others):
                return False
            if _differ(first, again, _SAME_PLACE_TOLERANCE * scale):
                return False
            if _differ(late, late_again, _SAME_PLACE_TOLERANCE * scale):
                return False
    return True


def _differ(one: NDArray[np.float32], other: NDArray[np.float32], tolerance: float) -> bool:
    return one.shape != other.shape or bool(np.any(np.abs(one - other) > tolerance))


def _sequence(
    single: Runner,
    fits: Sequence[InputFit],
    plan: LockstepPlan,
    utterance: Utterance | None,
    random: np.random.Generator,
) -> _Steps:
    """The requests of an utterance that ends in the last of them."""
    values = []
    for fit, buffer in zip(fits, lane_buffers(single, fits, plan), strict=False):
        rows = np.asarray(random.standard_normal((_STEPS * max(1, buffer.size // fit.width), fit.width)), np.float32)
        if utterance is not None and utterance.num_frames:
            frames = np.atleast_2d(utterance.features[fit.name])
            rows[:] = np.nan_to_num(frames[np.arange(len(rows)) % len(frames)], posinf=0.0, neginf=0.0)
        values.append(rows.reshape(_STEPS, 1, -1))
    for port in single.inputs[len(fits) :]:
        ends = FRAMES_LEFT_INPUT in port.names
        left = np.arange(_STEPS - 1, -1, -1, dtype=np.float32) * (plan.frames_per_request if ends else 0)
        values.append(left.reshape(_STEPS, 1, 1))
    return [[rows[step] for rows in values] for step in range(_STEPS)]


def _in_lanes(sequence: _Steps, lanes: int, random: np.random.Generator) -> _Steps:
    """The sequence in the first lane and, from ``_RESTART`` on, in the last one; noise as large in the others."""
    steps = []
    for step in range(_STEPS):
        arrays = []
        for values in sequence[step]:
            noise = random.standard_normal((lanes, values.shape[1])) * (1.0 + np.abs(values))
            arrays.append(np.asarray(noise, np.float32))
        for array, now, earlier in zip(arrays, sequence[step], sequence[step - _RESTART], strict=True):
            array[0] = now
            if step >= _RESTART:
                array[-1] = earlier
        restart = np.zeros((lanes, 1), np.float32)
        restart[:] = step == 0
        restart[-1] = step in (0, _RESTART)
        steps.append([*arrays, restart])
    return steps


def _run(runner: Runner, fits: Sequence[InputFit], plan: LockstepPlan, steps: _Steps) -> _Steps:
    """What the runner gives for one request after the other, [lanes, values] of each output."""
    buffers = lane_buffers(runner, fits, plan)
    runner.bind(0, buffers)
    results = []
    for arrays in steps:
        for buffer, array in zip(buffers, arrays, strict=True):
            buffer.reshape(plan.lanes, -1)[:] = array
        runner.run(0)
        results.append([np.array(result).reshape(plan.lanes, -1) for result in runner.results(0)])
    return results

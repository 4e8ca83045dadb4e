"""How fast a model scores on this machine: the plan that ``score`` takes, and other ways beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle, pairwise, product

import numpy as np

from ov_asr_score.device.reports import list_devices
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.job.run.model_facts import model_facts
from ov_asr_score.job.run.report_files import new_report
from ov_asr_score.job.run.trial import start_trial
from ov_asr_score.report.console.bench import BenchReport, Measured
from ov_asr_score.scoring.input_fit import fit_inputs
from ov_asr_score.scoring.model_loading import ConfiguredModel
from ov_asr_score.scoring.model_streams import keep_model_files
from ov_asr_score.scoring.plan import BlocksPlan, FramesPlan, InOrderPlan, LockstepPlan, RowsPlan
from ov_asr_score.scoring.plans.plan_text import plan_text
from ov_asr_score.scoring.requests.windows.chunk_windows import fit_converted
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions, scorer_options
from ov_asr_score.scoring.session import open_model_with_tables
from ov_asr_score.scoring.settled_model import settle_model
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import Precision, base_devices
from ov_asr_score.settings.model_jobs import BenchJob

REPEATS = 3
_SHORTEST, _LONGEST = 2.0, 35.0  # seconds, as read speech has them
_LEAST_SECONDS = 0.4  # for a way to be worth a row
_ABILITIES: dict[str, Precision] = {"BF16": "bf16", "FP16": "f16"}
# Candidate rows, or utterances, per request; those that have no effect are dropped after the first measurement.
_ROWS, _UTTERANCES = (128, 2048, 32), (8, 1)


@dataclass(frozen=True, slots=True)
class _Supply:
    """Utterances without end; ``first`` is a short one, to begin with."""

    first: Utterance
    endless: Iterator[Utterance]
    text: str

    def take(self, frames: int) -> list[Utterance]:
        """Utterances with ``frames`` frames or a few more."""
        taken = [next(self.endless)]
        while sum(utterance.num_frames for utterance in taken) < frames:
            taken.append(next(self.endless))
        return taken


@dataclass(frozen=True, slots=True)
class _Way:
    """Settings that a run of ``score`` could be given."""

    precision: Precision
    streams: int
    batch_size: int


def run_bench(job: BenchJob) -> BenchReport:
    """The report of a benchmark; every figure is the median of repeats through the engine that ``score`` uses.

    Raises UsageError (no time), ShapeMismatchError (a model whose inputs do not tell how wide frames are), and what
    loading, reading and scoring raise.
    """
    with keep_model_files(job.scoring):
        return _bench(job)


def _bench(job: BenchJob) -> BenchReport:
    started, busy = time.perf_counter(), _busy_note()
    if not job.seconds > 0:
        raise UsageError(f"seconds {job.seconds:g}: expected more than 0", fields=("seconds",))
    scoring = job.scoring
    options = scorer_options(scoring)
    opened = open_model_with_tables(scoring, options, needs_features=False)
    if opened.tables.inputs:
        trial = start_trial(opened, job.max_utterances)
        configured, scorer, supply = trial.model, trial.scorer, _of_tables(trial.utterances)
    else:
        supply = _noise(opened.model, scoring.frame_shift_seconds)
        configured = settle_model(opened.model, supply.first, options)  # once for all ways
        scorer = prepare_scorer(configured, options, supply.first)
    end = started + job.seconds
    ways = _ways(configured, options, scorer)
    # As long as any other: a way gets faster while the runtime learns the lengths of utterances.
    share = (end - time.perf_counter()) / (len(ways) + 1)
    chosen = _measured(scorer, scoring.batch_size, _measure(scorer, supply, share))
    others, missing, notes = _measure_others(configured, options, scorer, ways, supply, end)
    loaded, device = configured.loaded, scorer.device
    return BenchReport(
        model=model_facts(scoring.model, loaded.kind, loaded.conversion, loaded.from_cache),
        device={"device": device.requested, "name": device.full_name, "precision": device.precision_used},
        plan={"summary": plan_text(scorer.plan, scorer.fits), "reason": scorer.plan.reason},
        features=supply.text,
        chosen=chosen,
        others=tuple(others),
        not_measured=missing,
        frame_shift_seconds=scoring.frame_shift_seconds,
        load_seconds=scorer.load_seconds,
        total_seconds=time.perf_counter() - started,
        notes=(*scorer.notes, *notes, *busy),
        versions=new_report(()).versions,
    )


def _busy_note() -> list[str]:
    """What to say where other processes take the processor; nothing where that cannot be known."""
    if not hasattr(os, "getloadavg"):
        return []
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load < cores / 2:
        return []
    return [f"the machine was busy before (load {load:.1f}, {cores} cores): figures are too low, and differ by chance"]


def _of_tables(utterances: Sequence[Utterance]) -> _Supply:
    frames = [utterance.num_frames for utterance in utterances]
    text = f"{len(frames)} utterances of {min(frames):,} to {max(frames):,} frames, again and again"
    first = min(utterances, key=lambda utterance: utterance.num_frames)
    named = (replace(utterance, key=f"{utterance.key}-{number}") for number, utterance in enumerate(cycle(utterances)))
    return _Supply(first, named, text)


def _noise(configured: ConfiguredModel, frame_shift_seconds: float) -> _Supply:
    """Utterances as long as those of read speech, hardly two of the same length, in the shapes of the model's inputs.

    They are all cut from the beginning of one matrix, so that they cost neither time nor memory.
    """
    try:
        fits = fit_converted(configured.inputs) if configured.loaded.conversion else fit_inputs(configured.inputs, None)
    except ShapeMismatchError as error:
        raise ShapeMismatchError(
            f"{configured.loaded.path}: {error}; give features to bench with (inputs)",
            fields=("inputs",),
        ) from error
    random = np.random.default_rng(0)
    least, most = (max(1, round(seconds / frame_shift_seconds)) for seconds in (_SHORTEST, _LONGEST))
    noise = {
        fit.name: random.standard_normal((fit.width,) if fit.kind == "vector" else (most, fit.width), dtype=np.float32)
        for fit in fits
    }

    def cut(length: int, key: str) -> Utterance:
        return Utterance(
            key, {name: array[:length] if array.ndim == 2 else array for name, array in noise.items()}, length
        )

    lengths = (round(least + (most - least) * random.beta(2.0, 3.0)) for _ in count())
    endless = (cut(length, f"noise{number}") for number, length in enumerate(lengths))
    return _Supply(cut(least, "noise"), endless, f"noise, utterances of {_SHORTEST:g} to {_LONGEST:g} s")


def _measure(scorer: Scorer, supply: _Supply, seconds: float) -> tuple[float, ...]:
    """Frames per second of at most REPEATS rounds that take about ``seconds`` together, one at least."""
    if isinstance(scorer.plan, BlocksPlan | FramesPlan | LockstepPlan) and scorer.plan.stateful:
        return _measure_in_order(scorer, scorer.plan, supply, seconds)
    end = time.perf_counter() + seconds
    a_round = seconds / (REPEATS + 1)  # one share goes into finding how much fits
    utterances, speed = [supply.first], 0.0
    while True:
        frames, spent = _time(scorer, utterances)
        speed = frames / spent
        if spent >= a_round / 4 or time.perf_counter() + a_round > end:
            break
        utterances = supply.take(int(min(4 * frames, speed * a_round)) + 1)
    speeds: list[float] = []
    while not speeds or (len(speeds) < REPEATS and time.perf_counter() < end):
        frames, spent = _time(scorer, supply.take(int(speed * a_round) + 1))
        speeds.append(frames / spent)
    return tuple(speeds)


class _Enough(Exception):
    """Ends the supply of utterances at once, where its plain end would let the engine finish what is under way."""


def _measure_in_order(scorer: Scorer, plan: InOrderPlan, supply: _Supply, seconds: float) -> tuple[float, ...]:
    """The same where requests take frames in order, many utterances at a time: from the requests that were run.

    Rounds would begin and end with requests that hold few utterances, as a large table does not. A round is what lies
    between two utterances that are asked for.
    """
    runner = scorer.runner
    frames_per_run = plan.step if isinstance(plan, BlocksPlan) else plan.frames_per_request
    frames_per_run *= plan.lanes if isinstance(plan, LockstepPlan) else 1
    marks = [(time.perf_counter(), 0)]

    def marked() -> Iterator[Utterance]:
        for utterance in supply.endless:
            now = time.perf_counter()
            if now >= marks[-1][0] + seconds / (REPEATS + 1):
                marks.append((now, runner.num_runs))
                if len(marks) == REPEATS + 2 or (len(marks) > 2 and now > marks[0][0] + seconds):
                    raise _Enough
            yield utterance

    frames, fed = 0, 0
    try:
        for scored in scorer.score(marked()):
            frames, fed = frames + scored.num_frames, fed + scored.num_frames + scored.context_frames
    except _Enough:
        pass
    useful = frames_per_run * (frames / fed if fed else 1.0)
    rounds = pairwise(marks[1:])  # what comes first is for the runtime to get warm
    return tuple((runs - runs_before) * useful / (now - before) for (before, runs_before), (now, runs) in rounds)


def _time(scorer: Scorer, utterances: Sequence[Utterance]) -> tuple[int, float]:
    """Frames of ``utterances`` and the seconds in which they were scored."""
    started = time.perf_counter()
    frames = sum(scored.num_frames for scored in scorer.score(utterances))
    return frames, time.perf_counter() - started


def _measured(scorer: Scorer, batch_size: int, found: tuple[float, ...]) -> Measured:
    streams = scorer.device.properties.get("NUM_STREAMS", "")
    number = int(streams) if streams.isdigit() else 0
    text = plan_text(scorer.plan, scorer.fits).partition(f"; {scorer.plan.slots} infer request")[0]
    return Measured(scorer.device.precision_used, number, batch_size, scorer.plan.slots, text, found)


def _measure_others(
    configured: ConfiguredModel, options: ScorerOptions, scorer: Scorer, ways: list[_Way], supply: _Supply, end: float
) -> tuple[list[Measured], int, list[str]]:
    """Other ways that make a difference, the number of those that no time was left for, and notes on what failed."""
    seen = {_signature(scorer): options.batch_size}
    known = len(seen)
    others, notes = list[Measured](), list[str]()
    while ways:
        way = ways.pop(0)
        now = time.perf_counter()
        if end - now < _LEAST_SECONDS:
            return others, len(ways) + 1, notes
        share_ends = now + (end - now) / (len(ways) + 1)
        device = replace(options.device, precision=way.precision, streams=way.streams)
        try:
            other = prepare_scorer(configured, replace(options, device=device, batch_size=way.batch_size), supply.first)
            same = seen.setdefault(_signature(other), way.batch_size)
            if len(seen) == known:
                if options.batch_size != same != way.batch_size:  # two batches, one plan: it has no use for them
                    ways = [left for left in ways if left.batch_size == options.batch_size]
                continue
            known = len(seen)
            speeds = _measure(other, supply, max(share_ends - time.perf_counter(), _LEAST_SECONDS))
        except OvAsrScoreError as error:
            notes.append(f"{way.precision}, {way.streams} streams, batch size {way.batch_size}: {error}")
            continue
        others.append(_measured(other, way.batch_size, speeds))
    return others, 0, notes


def _ways(configured: ConfiguredModel, options: ScorerOptions, scorer: Scorer) -> list[_Way]:
    """Every precision that the device has with one stream and with one for each core, and with other batches.

    What the options force is not varied. A blob is compiled already: there is no other way for it.
    """
    if configured.model is None:
        return []
    name = base_devices(options.device.device)[:1]
    abilities = {
        ability
        for device in list_devices(configured.loaded.core)
        if device.name.split(".")[0] in name
        for ability in device.capabilities
    }
    precisions: dict[Precision, None] = dict.fromkeys(
        [
            options.device.precision,
            "f32",
            *(precision for ability, precision in _ABILITIES.items() if ability in abilities),
        ]
    )
    threads = scorer.device.properties.get("INFERENCE_NUM_THREADS", "")
    streams = sorted({1, int(threads) if threads.isdigit() else 2})
    if options.device.streams:
        streams = [options.device.streams]
    sizes = _ROWS if isinstance(scorer.plan, RowsPlan) else _UTTERANCES
    others = () if options.batch_size else sizes
    usual = [_Way(precision, number, options.batch_size) for precision, number in product(precisions, streams)]
    # Whether other batches are of any use is found out first: it tells how much time there is for each way.
    rest = [
        _Way(precision, options.device.streams, batch_size) for precision, batch_size in product(precisions, others)
    ]
    return [*rest[:2], *usual, *rest[2:]]


def _signature(scorer: Scorer) -> tuple[object, ...]:
    """What makes one way different from another."""
    plan = replace(scorer.plan, reason="")
    return scorer.device.precision_used, scorer.device.properties.get("NUM_STREAMS"), plan

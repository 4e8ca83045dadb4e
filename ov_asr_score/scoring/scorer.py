"""From a model path and options to something that scores: load, prepare, compile, choose the plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ov_asr_score.device.attention_layers import has_attention, is_fused_wrongly
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.gna_properties import input_scale_factors
from ov_asr_score.device.input_scale_factors import largest_value, scale_factor, scale_factor_of
from ov_asr_score.device.reports import DeviceReport, describe_device
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.outputs import with_outputs
from ov_asr_score.ov_model.reach.memory_span import memory_span
from ov_asr_score.scoring.engine import RecordLayers, UtteranceScores, score_utterances
from ov_asr_score.scoring.gna.emulated_modes import is_emulated
from ov_asr_score.scoring.input_fit import InputFit, fit_inputs
from ov_asr_score.scoring.lockstep.planning import can_go_side_by_side, plan_streams, take_lanes
from ov_asr_score.scoring.model_loading import ConfiguredModel
from ov_asr_score.scoring.plan import BlocksPlan, Plan, RowsPlan, VectorsPlan
from ov_asr_score.scoring.plans.choosing import plan_blob, plan_converted, plan_dependent_rows, plan_model
from ov_asr_score.scoring.plans.chunk_shift import advance_by, find_shift, refuse_asked
from ov_asr_score.scoring.plans.sizing import is_frame_local
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner, runs_on_cpu_alone
from ov_asr_score.scoring.requests.runner import DeviceRunner
from ov_asr_score.scoring.requests.static_runner import StaticRunner
from ov_asr_score.scoring.requests.windows.chunk_windows import fit_converted
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.settled_model import settle_model
from ov_asr_score.scoring.static.feeding import Feeding
from ov_asr_score.scoring.static.static_opening import compiled_note, open_static
from ov_asr_score.scoring.static.static_planning import plan_static
from ov_asr_score.scoring.trials.row_independence import rows_are_independent
from ov_asr_score.scoring.utterances.joining import SkipUtterance, Utterance
from ov_asr_score.settings.device import DeviceSettings, may_run_on_cpu

if TYPE_CHECKING:  # most models are not for GNA
    from ov_asr_score.scoring.gna.emulation import Emulation

# Steps of an integer input that an utterance has to reach to say anything about others.
_QUIET = 1024


@dataclass(frozen=True, slots=True)
class Scorer:
    """A compiled model with its plan; ``notes`` say what was changed or is worth knowing.

    ``vector_outputs`` names the outputs that are one vector per utterance; their scores are [1, D].
    """

    runner: DeviceRunner
    compiled: ov.CompiledModel | None  # None: run in software
    fits: tuple[InputFit, ...]
    plan: Plan
    device: DeviceReport
    notes: tuple[str, ...]
    load_seconds: float
    memory_frames: int | None
    delay_note: str  # one of the notes, for a run without context windows; empty when there is nothing to say
    emulation: Emulation | None = None
    vector_outputs: frozenset[str] = frozenset()

    def score(
        self,
        utterances: Iterable[Utterance],
        record_layers: RecordLayers | None = None,
        on_skip: SkipUtterance | None = None,
    ) -> Iterator[UtteranceScores]:
        """Scores of each utterance, lazily and in order; see :func:`ov_asr_score.scoring.engine.score_utterances`."""
        return score_utterances(self.runner, self.fits, self.plan, utterances, record_layers, on_skip)

    def late_notes(self) -> list[str]:
        """What is known only when everything is scored."""
        return list(filter(None, [compiled_note(self.runner)]))


def prepare_scorer(
    configured: ConfiguredModel,
    options: ScorerOptions,
    first: Utterance | None = None,
    calibration: Sequence[Utterance] = (),
) -> Scorer:
    """A Scorer for utterances like ``first`` (None: shapes of the model alone decide).

    The utterances ``calibration`` tell how large values become, where that is asked (GNA); without any ``first`` does.

    Raises ShapeMismatchError when the features do not fit, UnsupportedModelError when the batch cannot be, DeviceError.
    """
    started = time.perf_counter()
    conversion = configured.loaded.conversion
    configured = settle_model(configured, first, options)
    fits = configured.fits or ()
    settings = _with_scale_factors(options.device, configured, first)
    core, span = configured.loaded.core, None
    if configured.loaded.emulation is not None or is_emulated(core, settings):
        scorer = _prepare_emulation(configured, replace(options, device=settings), first, calibration)
        notes = () if calibration else _silence_notes(options.device, configured, first)
        return replace(scorer, notes=(*scorer.notes, *notes))
    if configured.model is None:
        _check_blob_types(configured)
    model: ov.Model | None
    plan: Plan
    if conversion is not None:
        model, plan = plan_converted(configured.model, configured.inputs, configured.outputs, conversion, options)
    elif configured.model is None:
        model = None
        stateful = bool(configured.compiled().create_infer_request().query_state())
        plan = plan_blob(configured.inputs, configured.outputs, options, fits, stateful=stateful)
    else:
        stateful = bool(configured.model.get_sinks())
        span = memory_span(configured.model) if stateful else None
        model, plan = plan_model(configured.model, configured.inputs, options, fits, stateful=stateful)
    if isinstance(plan, BlocksPlan):
        plan = replace(plan, vectors=configured.vectors)
    plan = _with_shift(plan, model, configured, options, first)
    own = configured.loaded.inputs
    feeding = Feeding(core, options, configured.inputs, fits, configured.wanted, first, own)
    model, plan = plan_static(model, plan, feeding)
    if can_go_side_by_side(plan, options):
        plan = plan_streams(plan, options)
    settings = replace(settings, streams=plan.streams or settings.streams)

    # Variables stay with their request, and may be a cache that begins with one key; a blob is for all requests, too.
    open_runner = partial(_open_runner, configured, settings, plan.stateful or options.one_at_a_time)
    runner, plan = _open(configured, model, plan, feeding, open_runner)
    if settings.profile:
        runner.forget_layer_times()
    plan = replace(plan, left_context=options.left_context, right_context=options.right_context)
    device = describe_device(core, runner.compiled, settings)
    delay_note = _delay_note(plan, span)
    notes = [*configured.notes, *([delay_note] if delay_note else [])]
    notes += device.precision_notes() if settings.gna_mode is None else []
    seconds = configured.seconds + time.perf_counter() - started
    return Scorer(
        runner,
        runner.compiled,
        fits,
        plan,
        device,
        tuple(notes),
        seconds,
        span,
        delay_note,
        vector_outputs=configured.vectors | _vector_outputs(runner, plan),
    )


def _with_shift(
    plan: Plan, model: ov.Model | None, configured: ConfiguredModel, options: ScorerOptions, first: Utterance | None
) -> Plan:
    """The plan with requests that overlap, if they do; ``model`` has the shapes of requests."""
    shapes = configured.outputs if model is None else describe_ports(model)[1]
    outputs = [replace(shapes[number], name=configured.outputs[number].name) for number in configured.wanted]
    shift = find_shift(configured.loaded.model, options.chunk_shift)
    # Rows of a blob are counted when they come.
    are_usual = first is not None and (model is not None or bool(options.chunk_shift))
    return advance_by(plan, outputs, shift, options, are_usual=are_usual)


def _vector_outputs(runner: DeviceRunner, plan: Plan) -> frozenset[str]:
    """The outputs that are one vector per utterance."""
    return frozenset(port.name for port in runner.outputs) if isinstance(plan, VectorsPlan) else frozenset()


def _open_runner(
    configured: ConfiguredModel, settings: DeviceSettings, is_for_all: bool, model: ov.Model | None, slots: int
) -> OpenVinoRunner:
    """A runner of ``model`` compiled for the device, None: of the blob.

    ``is_for_all``: one compiled model gets the requests of all lengths.
    """
    names, wanted = [port.name for port in configured.outputs], configured.wanted
    if model is None:
        return OpenVinoRunner(configured.compiled(), slots, wanted, names)
    compiling = partial(compile_model, configured.loaded.core, model, settings)
    plainly = partial(compiling, without_fusions=True)
    on_cpu = may_run_on_cpu(settings.device)
    if not on_cpu or not (is_fused_wrongly(model) or has_attention(model)):
        return OpenVinoRunner(compiling(), slots, wanted, names, compiling)
    if not (is_for_all or is_fused_wrongly(model)):
        compiled = compiling()
        if runs_on_cpu_alone(compiled):
            return OpenVinoRunner(compiled, slots, wanted, names, compiling, plainly)
    return OpenVinoRunner(plainly(), slots, wanted, names, plainly)


def _open(
    configured: ConfiguredModel,
    model: ov.Model | None,
    plan: Plan,
    feeding: Feeding,
    open_runner: Callable[[ov.Model | None, int], OpenVinoRunner],
) -> tuple[OpenVinoRunner | StaticRunner, Plan]:
    """A runner of the model, and the plan that its trials leave."""
    options, fits, first = feeding.options, feeding.fits, feeding.first
    if can_go_side_by_side(plan, options):
        return take_lanes(open_runner, model, options, plan, fits, first)
    runner = open_static(model, plan, feeding, open_runner)
    if not isinstance(plan, RowsPlan) or plan.conversion is not None or rows_are_independent(runner, fits, plan, first):
        return runner, plan
    num_runs = runner.num_runs if configured.model is None else 0  # of this compiled model
    model, plan = plan_static(configured.model, plan_dependent_rows(configured.inputs, plan), feeding)
    runner = open_static(model, plan, feeding, open_runner)
    runner.num_runs = num_runs
    return runner, plan


def _prepare_emulation(
    configured: ConfiguredModel, options: ScorerOptions, first: Utterance | None, calibration: Sequence[Utterance]
) -> Scorer:
    from ov_asr_score.scoring.gna.emulation import emulate_model, emulated_device, plan_emulation, requests_of

    started = time.perf_counter()
    conversion, model = configured.loaded.conversion, configured.model
    emulation, wanted = configured.loaded.emulation, configured.wanted
    if emulation is None:
        if model is None:
            raise UnsupportedModelError(f"{configured.loaded.path}: is no blob for GNA")
        same_width = [
            utterance for utterance in calibration if first is not None and _widths(utterance) == _widths(first)
        ]
        ranged = same_width or filter(None, [first])
        frames = [requests_of(utterance, configured.inputs) for utterance in ranged]
        kept = sorted(set(wanted))
        wanted = tuple(kept.index(number) for number in wanted)
        model = with_outputs(model, kept)
        emulation = emulate_model(configured.loaded.core, model, str(configured.loaded.path), options, frames)
    program = emulation.program
    converted_plan: Plan | None = None
    if conversion is not None and (program.is_stateful or not is_frame_local(conversion)):
        fits = fit_converted(configured.inputs)
        _, converted_plan = plan_converted(None, configured.inputs, configured.outputs, conversion, options)
    else:
        fits = fit_inputs(program.inputs, first)
    runner, plan = plan_emulation(emulation, options, converted_plan, wanted)
    refuse_asked(options, plan)
    plan = replace(plan, left_context=options.left_context, right_context=options.right_context)
    span = memory_span(model) if model is not None and conversion is None and program.is_stateful else None
    delay_note = _delay_note(plan, span)
    notes = [*configured.notes, *emulation.notes, *([delay_note] if delay_note else [])]
    seconds = configured.seconds + time.perf_counter() - started
    device = emulated_device(options.device)
    return Scorer(runner, None, fits, plan, device, tuple(notes), seconds, span, delay_note, emulation)


def _check_blob_types(configured: ConfiguredModel) -> None:
    for port in configured.inputs:
        if port.element_type != "f32":
            raise UnsupportedModelError(
                f"{configured.loaded.path}: input '{port.name}' takes {port.element_type}; export the model with this "
                "package, which makes all inputs float32"
            )


def _delay_note(plan: Plan, span: int | None) -> str:
    if not plan.stateful or plan.left_context or plan.right_context or not span:
        return ""
    half = span // 2
    return (
        f"the model's memory spans {span} earlier frames and no context window is given: if it looks R frames ahead, "
        f"its scores come R frames late, and -cw_l {span}-R -cw_r R puts that right (a symmetric window: "
        f"-cw_l {span - half} -cw_r {half})"
    )


def _with_scale_factors(
    settings: DeviceSettings, configured: ConfiguredModel, first: Utterance | None
) -> DeviceSettings:
    """Scale factors of GNA inputs by name: as the user gave them, others from the first utterance."""
    if settings.gna_mode is None or configured.model is None:
        return settings
    factors = input_scale_factors(settings.gna.scale_factors, [port.name for port in configured.inputs])
    for port in configured.inputs:
        if first is not None and port.name not in factors:
            factors[port.name] = scale_factor_of(np.asarray(first.features[port.name], dtype=np.float32))
    return replace(settings, gna=replace(settings.gna, scale_factors=factors))


def _silence_notes(settings: DeviceSettings, configured: ConfiguredModel, first: Utterance | None) -> list[str]:
    """A note where the first utterance is to tell how large values are, and is silent or nearly so."""
    if first is None or configured.model is None or settings.gna_mode == "GNA_SW_FP32":
        return []
    factors = input_scale_factors(settings.gna.scale_factors, [port.name for port in configured.inputs])
    notes = []
    for port in configured.inputs:
        largest = largest_value(np.asarray(first.features[port.name], dtype=np.float32))
        factor = factors.get(port.name, scale_factor(largest))
        if largest * factor < _QUIET:
            notes.append(
                f"input '{port.name}' reaches {largest * factor:.0f} of 32767 steps (scale factor {factor:g}) in the "
                "first utterance, which tells how large values of inner layers become: others may be scored wrongly; "
                "scale factors from all utterances take them into account"
            )
    return notes


def _widths(utterance: Utterance) -> dict[str, tuple[int, ...]]:
    return {name: value.shape[-1:] for name, value in utterance.features.items()}

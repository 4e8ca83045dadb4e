"""From a model path and options to something that scores: load, prepare, compile, choose the plan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ov_asr_score.convert.facts import EDGES_INPUT, FRAMES_LEFT_INPUT, ConversionFacts
from ov_asr_score.convert.metadata import parse_facts
from ov_asr_score.device.compilation import DeviceReport, compile_model, describe_device, import_blob, read_blob_note
from ov_asr_score.device.gna_settings import gna_mode, scale_factor_of
from ov_asr_score.device.mending import mend_memory_concats
from ov_asr_score.device.settings import DeviceSettings
from ov_asr_score.errors import UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.description import describe_ports
from ov_asr_score.ov_model.memory_span import memory_span
from ov_asr_score.ov_model.opening import check_made_with, open_model_file
from ov_asr_score.ov_model.outputs import add_output, find_port, layer_names, port_names, suggestion
from ov_asr_score.ov_model.preparation import parse_layouts, set_layouts, use_float32_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.choosing import plan_blob, plan_converted, plan_dependent_rows, plan_model
from ov_asr_score.scoring.chunks import fit_converted
from ov_asr_score.scoring.engine import RecordLayers, UtteranceScores, score_utterances
from ov_asr_score.scoring.lane_planning import asks_for_lockstep, plan_streams, take_lanes
from ov_asr_score.scoring.locality import rows_are_independent
from ov_asr_score.scoring.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.planning import Grouping, InputFit, ScoringPlan, fit_inputs, shape_text
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.sizing import kaldi_options
from ov_asr_score.scoring.time_axis import open_time_axes, time_comes_first
from ov_asr_score.scoring.utterances import SkipUtterance, Utterance

NODE_ADVICE = "; --output-name makes nodes of a Kaldi model its outputs"
"""What to say when a converted model has no such output: its inner layers are not those of the Kaldi model."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model as it is in its file: ``model`` for IR and ONNX, ``compiled`` for a blob; ``names`` of all layers."""

    core: ov.Core
    path: Path
    model: ov.Model | None
    compiled: ov.CompiledModel | None
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    names: frozenset[str]
    seconds: float
    facts: ConversionFacts | None = None  # of a model that was converted from a Kaldi model
    notes: tuple[str, ...] = ()
    from_cache: bool = False  # converted by an earlier run


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model whose ports are settled, not yet fitted to features; ``wanted`` are the numbers of the asked outputs."""

    loaded: LoadedModel
    model: ov.Model | None
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    wanted: tuple[int, ...]
    notes: tuple[str, ...]
    seconds: float

    def compiled(self) -> ov.CompiledModel:
        """The imported blob. Raises UnsupportedModelError when there is none."""
        if self.loaded.compiled is None:
            raise UnsupportedModelError(f"{self.loaded.path}: is not a compiled model")
        return self.loaded.compiled


@dataclass(frozen=True, slots=True)
class Scorer:
    """A compiled model with its plan; ``notes`` say what was changed or is worth knowing."""

    runner: OpenVinoRunner
    compiled: ov.CompiledModel
    fits: tuple[InputFit, ...]
    plan: ScoringPlan
    device: DeviceReport
    notes: tuple[str, ...]
    load_seconds: float
    memory_frames: int | None
    delay_note: str  # one of the notes, for a run without context windows; empty when there is nothing to say

    def score(
        self,
        utterances: Iterable[Utterance],
        record_layers: RecordLayers | None = None,
        on_skip: SkipUtterance | None = None,
    ) -> Iterator[UtteranceScores]:
        """Scores of each utterance, lazily and in order; see :func:`ov_asr_score.scoring.engine.score_utterances`."""
        return score_utterances(self.runner, self.fits, self.plan, utterances, record_layers, on_skip)


def load(options: ScorerOptions) -> LoadedModel:
    """The model or blob of ``options`` as it is in its file.

    Raises UsageError (none or both given) and what loading and importing raise.
    """
    if bool(options.model) == bool(options.blob):
        given = "both" if options.model else "neither"
        raise UsageError(f"expected one of -m/--model and -rg/--import-model, found {given}")
    started = time.perf_counter()
    core = ov.Core()
    path = Path(options.model or options.blob)
    if options.blob:
        compiled = import_blob(core, path, options.device)
        facts = _facts_of_blob(path)
        check_made_with(path, facts, options.kaldi)
        inputs, outputs = describe_ports(compiled)
        names = frozenset(port_names([*inputs, *outputs]))
        seconds = time.perf_counter() - started
        inputs = _fed_by_tables(inputs, facts)
        return LoadedModel(core, path, None, compiled, inputs, outputs, names, seconds, facts)
    found = open_model_file(path, core, kaldi_options(options), options.conversion_cache)
    inputs, outputs = describe_ports(found.model)
    # Inner layers of a converted graph have frames of their own, and names that no one knows.
    names = frozenset([*port_names([*inputs, *outputs]), *(() if found.facts else layer_names(found.model))])
    seconds = time.perf_counter() - started
    inputs = _fed_by_tables(inputs, found.facts)
    return LoadedModel(
        core, path, found.model, None, inputs, outputs, names, seconds, found.facts, found.notes, found.from_cache
    )


def _facts_of_blob(path: Path) -> ConversionFacts | None:
    """The facts of a converted model that was exported, from the note beside it."""
    facts = read_blob_note(path).get("conversion")
    return parse_facts(facts, str(path)) if isinstance(facts, Mapping) else None


def open_model(loaded: LoadedModel, options: ScorerOptions) -> OpenModel:
    """The loaded model with its wanted outputs, layouts and float32 ports set, and mended where that is needed.

    Raises UnknownNameError (an output or input that is not there), UsageError, ShapeMismatchError (layouts).
    """
    started = time.perf_counter()
    if loaded.model is None:
        if options.layout:
            raise UsageError("--layout: a blob keeps the layout it was exported with")
        wanted = tuple(_known_output(loaded.outputs, name) for name in options.outputs)
        wanted = wanted or tuple(range(len(loaded.outputs)))
        return OpenModel(loaded, None, loaded.inputs, loaded.outputs, wanted, (), loaded.seconds)
    notes = list(loaded.notes)
    model = loaded.model.clone()
    if loaded.facts is not None:
        _check_outputs(loaded, options.outputs)
    wanted = tuple(add_output(model, name) for name in options.outputs) or tuple(range(len(model.outputs)))
    if options.layout:
        set_layouts(model, parse_layouts(options.layout))
    mended = mend_memory_concats(model) if options.mend else 0
    if mended:
        notes.append(
            f"graph mended in {mended} place{'s' if mended > 1 else ''}, where a model input goes straight into a "
            "variable: CPU plugins since 2025 read it before it is written (--keep-graph leaves the model as it is)"
        )
    model = use_float32_ports(model)
    inputs, outputs = describe_ports(model)
    inputs = _fed_by_tables(inputs, loaded.facts)
    seconds = loaded.seconds + time.perf_counter() - started
    return OpenModel(loaded, model, inputs, outputs, wanted, tuple(notes), seconds)


def _fed_by_tables(inputs: tuple[PortInfo, ...], facts: ConversionFacts | None) -> tuple[PortInfo, ...]:
    """The inputs that take features; what a converted model wants to know of chunks is told to it by the engine."""
    return (
        inputs if facts is None else tuple(port for port in inputs if port.name not in (EDGES_INPUT, FRAMES_LEFT_INPUT))
    )


def _check_outputs(loaded: LoadedModel, names: Sequence[str]) -> None:
    for name in names:
        if find_port(loaded.outputs, name) is None:
            near = suggestion(name, port_names(loaded.outputs))
            raise UnknownNameError(f"{loaded.path}: the model has no output '{name}'{near}{NODE_ADVICE}")


def _known_output(outputs: Sequence[PortInfo], name: str) -> int:
    index = find_port(outputs, name)
    if index is None:
        raise UnknownNameError(f"the blob has no output '{name}'{suggestion(name, port_names(outputs))}")
    return index


def prepare_scorer(opened: OpenModel, options: ScorerOptions, first: Utterance | None = None) -> Scorer:
    """A Scorer for utterances like ``first`` (None: shapes of the model alone decide).

    Raises ShapeMismatchError when the features do not fit, UnsupportedModelError when the batch cannot be, DeviceError.
    """
    started = time.perf_counter()
    facts = opened.loaded.facts
    fits = fit_converted(opened.inputs) if facts else fit_inputs(opened.inputs, first)
    settings = _with_scale_factors(options.device, opened, first)
    core, span = opened.loaded.core, None
    names = [port.name for port in opened.outputs]
    if opened.model is None:
        _check_blob_types(opened)
    if facts is not None:
        model, plan = plan_converted(opened.model, opened.inputs, opened.outputs, facts, options)
    elif opened.model is None:
        model = None
        stateful = bool(opened.compiled().create_infer_request().query_state())
        plan = plan_blob(opened.inputs, opened.outputs, options, fits, stateful=stateful)
    else:
        stateful = bool(opened.model.get_sinks())
        span = memory_span(opened.model) if stateful else None
        if not stateful and open_time_axes(opened.inputs, fits):
            opened = _with_time_axis(opened, settings, fits)
            fits = fit_inputs(opened.inputs, first)
        model, plan = plan_model(opened.model, opened.inputs, options, fits, stateful=stateful)
    side_by_side = asks_for_lockstep(plan, options)
    plan = plan_streams(plan, options) if side_by_side else plan
    settings = replace(settings, streams=plan.streams or settings.streams)

    def open_runner(model: ov.Model | None, slots: int) -> OpenVinoRunner:
        compiled = opened.compiled() if model is None else compile_model(core, model, settings)
        return OpenVinoRunner(compiled, slots, opened.wanted, names)

    if side_by_side:
        runner, plan = take_lanes(open_runner, model, options, plan, fits, first)
    else:
        runner = open_runner(model, plan.slots)
    if plan.mode == "rows" and facts is None and not rows_are_independent(runner, fits, plan, first):
        plan = plan_dependent_rows(opened.inputs, plan)
        num_runs = runner.num_runs if opened.model is None else 0  # of this compiled model
        runner = open_runner(opened.model, plan.slots)
        runner.num_runs = num_runs
    if settings.profile:
        runner.forget_layer_times()
    plan = replace(plan, left_context=options.left_context, right_context=options.right_context)
    device = describe_device(core, runner.compiled, settings)
    delay_note = _delay_note(plan, span)
    notes = [*opened.notes, *([delay_note] if delay_note else [])]
    notes += device.precision_notes() if gna_mode(settings.device) is None else []
    seconds = opened.seconds + time.perf_counter() - started
    return Scorer(runner, runner.compiled, fits, plan, device, tuple(notes), seconds, span, delay_note)


def _with_time_axis(opened: OpenModel, settings: DeviceSettings, fits: Sequence[InputFit]) -> OpenModel:
    """The model with its layouts settled, when its inputs are [T, N, D]; itself when they are [N, T, D]."""
    compiled = compile_model(opened.loaded.core, opened.model, settings)
    if opened.model is None or not time_comes_first(OpenVinoRunner(compiled, 1, opened.wanted), fits):
        return opened
    model = opened.model.clone()
    set_layouts(model, {"": "TNC"})
    inputs, outputs = describe_ports(model)
    note = "time lies along the first axis of the model's inputs: taken as [TNC]"
    return replace(opened, model=model, inputs=inputs, outputs=outputs, notes=(*opened.notes, note))


def _check_blob_types(opened: OpenModel) -> None:
    for port in opened.inputs:
        if port.element_type != "f32":
            raise UnsupportedModelError(
                f"{opened.loaded.path}: input '{port.name}' takes {port.element_type}; export the model with this "
                "package, which makes all inputs float32"
            )


def _delay_note(plan: ScoringPlan, span: int | None) -> str:
    if not plan.stateful or plan.left_context or plan.right_context or not span:
        return ""
    half = span // 2
    return (
        f"the model's memory spans {span} earlier frames and no context window is given: if it looks R frames ahead, "
        f"its scores come R frames late, and -cw_l {span}-R -cw_r R puts that right (a symmetric window: "
        f"-cw_l {span - half} -cw_r {half})"
    )


def _with_scale_factors(settings: DeviceSettings, opened: OpenModel, first: Utterance | None) -> DeviceSettings:
    """Scale factors of GNA inputs that the user did not give, from the first utterance."""
    if gna_mode(settings.device) is None or first is None or settings.gna.scale_factors:
        return settings
    factors = {
        port.name: scale_factor_of(np.asarray(first.features[port.name], dtype=np.float32)) for port in opened.inputs
    }
    return replace(settings, gna=replace(settings.gna, scale_factors=factors))


def _group_text(grouping: Grouping) -> str:
    together = (
        f"utterances of {'about' if grouping.waste else 'exactly'} one length together, up to {grouping.frames} frames"
    )
    most = "whole utterances" if grouping.max_utterances == 1 else together
    return most + (f", longer ones than {grouping.longest} frames in windows" if grouping.longest else "")


def plan_text(plan: ScoringPlan, fits: Sequence[InputFit]) -> str:
    """One line that says how requests are filled."""
    lanes = f"{plan.lanes} utterances" if plan.lanes > 1 else "one utterance"
    what = {
        "rows": f"{plan.block} frames per request, utterances together",
        "blocks": f"{plan.block} frame{'s' if plan.block > 1 else ''} per request, in order",
        "frames": f"{plan.block} frame{'s' if plan.block > 1 else ''} per request, in order",
        "utterance": "a whole utterance per request" if plan.grouping is None else _group_text(plan.grouping),
        "lockstep": f"{plan.block} frame{'s' if plan.block > 1 else ''} of {lanes} per request, in order",
        "chunks": f"chunks of {plan.block} frames, several per request",
    }[plan.mode]
    inputs = ", ".join(f"{fit.name} {shape_text((fit.width,))}" for fit in fits)
    return f"{what}; {plan.slots} infer request{'s' if plan.slots > 1 else ''}; inputs {inputs}"

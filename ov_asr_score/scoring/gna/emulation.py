"""GNA modes where the runtime has no GNA plugin: the model is compiled for GNA and run in software.

An IR becomes layers, layers become integers (or stay floats: GNA_SW_FP32), a blob holds integers already. What comes
out is a program that the engine feeds as it feeds a compiled model.

Tests: tests/cli/test_gna_scores.py, tests/cli/test_gna_notes.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.convert.facts import RESTART_INPUT
from ov_asr_score.device.reports import DeviceReport
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.gna.compiler.compilation import MOST_VECTORS, compile_graph
from ov_asr_score.gna.compiler.compile_options import CompiledGna, CompileSettings
from ov_asr_score.gna.compiler.measured_ranges import Frames
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.execution import Program
from ov_asr_score.gna.gna_runner import GnaRunner
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.graphs.frame_independence import read_graph_of_frames
from ov_asr_score.gna.graphs.partition import LayerPlacement, ModelPart, partition
from ov_asr_score.gna.graphs.reading.model_reader import read_graph
from ov_asr_score.gna.model import GnaModel
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.gna.hetero import CpuProgram, frames_are_independent, make_parts
from ov_asr_score.scoring.lockstep.planning import LOCKSTEP_REASON, side_by_side
from ov_asr_score.scoring.plan import BlocksPlan, FramesPlan, LockstepPlan, Plan, RowsPlan
from ov_asr_score.scoring.plans.sizing import num_cores
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings, base_devices

# Frames that a request takes where no state goes from one to the next, and utterances side by side where one does:
# enough for the matrix products to be fast, few enough for the caches.
_ROWS, _LANES = 512, 64
_FALLING_BACK = ("GNA_AUTO", "GNA_HW_WITH_SW_FBACK")


@dataclass(frozen=True, slots=True, eq=False)
class Emulation:
    """A model made ready to run in software: ``blob`` is what is exported, ``watched`` is for a report on layers.

    ``placement`` tells where each layer runs, if some run on another device.
    """

    program: Program
    blob: GnaModel | None = None
    watched: CompiledGna | None = None
    notes: tuple[str, ...] = ()
    placement: tuple[LayerPlacement, ...] = ()


def requests_of(utterance: Utterance, ports: Sequence[PortInfo]) -> list[Float32Array]:
    """What each input takes in one request after the other, [R, K]: one frame, or as many as a request holds.

    The last frame fills up the last request; an input with one vector for the utterance takes it every time.
    """
    rows = []
    for port in ports:
        features = np.atleast_2d(np.asarray(utterance.features[port.name], np.float32))
        together = (port.shape or ())[1] or 1 if len(port.shape or ()) > 2 else 1
        count = -(-utterance.num_frames // together)
        taken = np.minimum(np.arange(count * together), len(features) - 1)
        rows.append(features[taken].reshape(count, -1))
    return rows


def emulate_model(
    core: ov.Core, model: ov.Model, source: str, options: ScorerOptions, utterances: Sequence[Frames] = ()
) -> Emulation:
    """The program of an IR; ``utterances`` ([T, D] for each input), if there are any, tell how large values are.

    Raises UnsupportedModelError with the list of layers that GNA does not have, UsageError, DeviceError.
    """
    mode = options.device.gna_mode
    if ":" in options.device.device:
        return _emulate_parts(core, model, source, options, utterances)
    graph = read_graph_of_frames(model, source)
    if mode == "GNA_SW_FP32":
        return Emulation(FloatProgram(graph), notes=_notes(options.device))
    settings = _compile_settings(options)
    compiled = compile_graph(graph, settings, utterances)
    watched = None
    if options.device.gna.accuracy_report:  # which looks at layers after the last of them has run
        watched = compile_graph(graph, replace(settings, memory_reuse=False), utterances)
    notes = (*_notes(options.device), *compiled.notes)
    names = {layer.operation: layer.name for layer in compiled.layers}
    return Emulation(ExactProgram(compiled.model, source, names), compiled.model, watched, notes)


def _emulate_parts(
    core: ov.Core, model: ov.Model, source: str, options: ScorerOptions, utterances: Sequence[Frames]
) -> Emulation:
    mode, settings = options.device.gna_mode, _compile_settings(options)
    device = options.device.device
    if not device.upper().startswith("HETERO:") or base_devices(device) != ["GNA", "CPU"]:
        raise UsageError(
            f"device {device}: in software GNA goes together with the CPU; expected HETERO:{mode},CPU",
            fields=("device",),
        )
    if not frames_are_independent(core, model):
        raise UnsupportedModelError(
            f"{source}: its frames depend on each other, and GNA takes one at a time: expected a model for one frame, "
            "with variables for what it remembers"
        )
    inputs, outputs = describe_ports(model)
    for port in inputs:
        if port.shape and len(port.shape) == 2 and (port.shape[0] or 1) > 1:
            raise UnsupportedModelError(
                f"{source}: input '{port.name}' [{port.shape[0]},{port.shape[1]}]: {device} takes one frame at a time: "
                f"expected [1,{port.shape[1]}] or a free first axis; convert the model with such an input"
            )
    parts = partition(model, source)

    def make(part: ModelPart, factors: Mapping[str, float]) -> Program:
        if part.device == "CPU":
            return CpuProgram(core, part.model, options.device)
        graph = read_graph(part.model, source)
        if mode == "GNA_SW_FP32":
            return FloatProgram(graph)
        # parts that read the model's inputs alone see what goes into them; others are ranged by their weights
        seen = set(part.inputs) <= set(parts.inputs)
        places = [parts.inputs.index(name) for name in part.inputs] if seen else []
        part_frames = [[frames[place] for place in places] for frames in utterances] if seen else []
        return ExactProgram(compile_graph(graph, replace(settings, scale_factors=factors), part_frames).model)

    asked = settings.scale_factors
    names = zip(parts.inputs, inputs, strict=True)
    factors = {name: asked[port.name] for name, port in names if port.name in asked}
    program = make_parts(parts, make, inputs, outputs, factors, _joined(utterances))
    return Emulation(program, notes=_notes(options.device), placement=parts.layers)


def _joined(utterances: Sequence[Frames]) -> list[Float32Array]:
    """One utterance of all: [T, D] for each input."""
    return [np.concatenate(arrays) for arrays in zip(*utterances, strict=True)]


def _compile_settings(options: ScorerOptions) -> CompileSettings:
    gna, vectors = options.device.gna, options.batch_size if options.fixed_batch else 1
    if vectors > MOST_VECTORS:
        raise UsageError(
            f"batch_size {vectors}: a blob for GNA takes at most {MOST_VECTORS} frames side by side",
            fields=("batch_size",),
        )
    return CompileSettings(
        scale_factors=gna.scale_factors,
        weight_bits=gna.weight_bits,
        pwl_max_error_percent=gna.pwl_max_error_percent,
        num_vectors=max(1, vectors),
        memory_reuse=gna.memory_reuse,
    )


def emulate_blob(blob: GnaModel, options: ScorerOptions, notes: Sequence[str] = ()) -> Emulation:
    """The program of a blob, of which the ``notes`` are told.

    Raises UnsupportedModelError, UsageError (what a blob cannot be asked for).
    """
    mode = options.device.gna_mode
    if mode == "GNA_SW_FP32":
        raise UsageError(
            f"device {mode}: a blob holds integers only; give the IR that it was made from as model",
            fields=("device", "model"),
        )
    return Emulation(ExactProgram(blob, options.blob), blob, notes=(*_notes(options.device), *notes))


def plan_emulation(
    emulation: Emulation, options: ScorerOptions, converted_plan: Plan | None, wanted: Sequence[int]
) -> tuple[GnaRunner, RowsPlan | BlocksPlan | FramesPlan | LockstepPlan]:
    """A runner and the plan for it; ``converted_plan`` is that of a model that was converted from Kaldi's and has one.

    ``wanted`` are the numbers of the outputs that are handed out. Raises UnsupportedModelError for a converted model
    that does not take frames in order.
    """
    program, slots = emulation.program, options.requests or num_cores(options)
    profiling = options.device.profile
    if converted_plan is None and not program.is_stateful:
        rows = options.batch_size if options.batch_size > 1 else _ROWS
        return GnaRunner(program, slots, rows, wanted=wanted, profiling=profiling), RowsPlan(rows, slots=slots)
    plan = converted_plan or BlocksPlan(1, stateful=True, reason="GNA takes one frame after the other")
    if not isinstance(plan, BlocksPlan | FramesPlan):
        raise UnsupportedModelError(
            "the model was converted for whole utterances; GNA needs one for time=frame", fields=("time",)
        )
    lanes = 1 if options.one_at_a_time else options.batch_size or _LANES
    if lanes == 1 and slots == 1:
        return GnaRunner(program, 1, wanted=wanted, profiling=profiling), plan
    laned = replace(
        side_by_side(plan, slots, options.memory_limit // 2),
        lanes=lanes,
        any_lanes=True,
        reason="; ".join(filter(None, [plan.reason, LOCKSTEP_REASON])),
    )
    restart = RESTART_INPUT if lanes > 1 else ""
    return GnaRunner(program, slots, lanes, restart, wanted, profiling), laned


def emulated_device(settings: DeviceSettings) -> DeviceReport:
    """What is reported in the place of a device."""
    mode = settings.gna_mode
    precision = "f32" if mode == "GNA_SW_FP32" else f"i{settings.gna.weight_bits}"
    return DeviceReport(
        requested=settings.device,
        execution_devices=(f"{mode if mode not in _FALLING_BACK else 'GNA_SW_EXACT'} (in software)",),
        full_name="GNA 3 in software",
        precision_requested=precision,
        precision_used=precision,
        emulated=False,
        properties={},
    )


def _notes(settings: DeviceSettings) -> tuple[str, ...]:
    """What a caller may not expect: modes that are others in software, settings that no plugin is there for."""
    mode, notes = settings.gna_mode, []
    if mode in _FALLING_BACK:
        notes.append(f"{mode}: this OpenVINO has no GNA plugin, so it is computed in software, as GNA_SW_EXACT")
    unused = [f"precision {settings.precision}"] if settings.precision != "f32" else []
    unused += [f"property {name}" for name in settings.config]
    if unused and ":" not in settings.device:
        notes.append(f"without effect on {settings.device} in software: {', '.join(unused)}")
    return tuple(notes)

"""Compiles a float graph for GNA: lowering, layouts, scale factors, quantization, memory image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.gna.compiler.compile_options import CompiledGna, CompiledLayer, CompileSettings
from ov_asr_score.gna.compiler.emission import Emitter, convolution_extents
from ov_asr_score.gna.compiler.graph_draft import GraphDraft, with_operand
from ov_asr_score.gna.compiler.layouts import ValueLayout, address_unit, lay_out
from ov_asr_score.gna.compiler.lowering import lower_graph
from ov_asr_score.gna.compiler.measured_ranges import Frames, measured
from ov_asr_score.gna.compiler.memory_plan import plan_memory
from ov_asr_score.gna.compiler.operation_plan import PlannedOperation, plan_steps
from ov_asr_score.gna.compiler.scale_factors import ScaleFactors, class_conflicts, find_scale_factors
from ov_asr_score.gna.compiler.value_ranges import ValueRange, value_ranges
from ov_asr_score.gna.graphs.float_graph import Activation, Concat, Convolution, Crop, GnaGraph, GraphPort, Permute
from ov_asr_score.gna.model import GnaEndpoint, GnaModel, GnaState

VERSION = (2, 8)
"""Format version of compiled blobs."""

MOST_VECTORS = 8


def compile_graph(graph: GnaGraph, settings: CompileSettings, utterances: Sequence[Frames] = ()) -> CompiledGna:
    """``graph`` compiled to a GNA model, with the scale factors of its layers.

    ``utterances`` ([T, D] for each input) are used to measure the ranges of values; without any they are estimated from
    the weights. Raises UsageError (scale factors for inputs that do not exist; several vectors for a model with memory)
    and UnsupportedModelError (operations that GNA cannot do).
    """
    if settings.weight_bits not in (8, 16):
        raise UsageError(f"bits of weights: expected 8 or 16, found {settings.weight_bits}")
    if not 1 <= settings.num_vectors <= MOST_VECTORS:
        raise UsageError(f"frames in a request: expected 1 to {MOST_VECTORS}, found {settings.num_vectors}")
    if settings.num_vectors > 1 and graph.memories:
        raise UsageError(
            f"frames in a request: expected 1, found {settings.num_vectors}; a model with memory "
            f"('{graph.memories[0].name[:40]}') processes its frames one by one"
        )
    if settings.num_vectors > 1 and any(isinstance(layer, Convolution) for layer in graph.layers):
        raise UnsupportedModelError(
            f"frames in a request: expected 1, found {settings.num_vectors}; convolutions of GNA process one frame"
        )
    notes: list[str] = []
    draft = lower_graph(graph)
    scales = input_scale_factors(graph, settings.scale_factors, draft, notes)
    layouts, ranges = _arranged(draft, scales, settings, utterances)
    steps = plan_steps(draft, ranges, transposes=settings.num_vectors == 1)
    factors = find_scale_factors(draft, steps, layouts, ranges, scales, settings.weight_bits)
    plan = plan_memory(draft, steps, layouts, settings.num_vectors, convolution_extents(steps), settings.memory_reuse)
    emitter = Emitter(draft, layouts, ranges, factors, plan, settings)
    model = GnaModel(
        VERSION,
        tuple(_input(port, factors, emitter, settings.num_vectors) for port in draft.inputs),
        tuple(_output(port, steps, factors, emitter, settings.num_vectors) for port in draft.outputs),
        emitter.operations,
        tuple(
            GnaState(
                memory.name,
                emitter.narrow_offset(memory.read),
                plan.num_bytes[plan.narrow[memory.read][0]],
                _float32(factors.of_value(memory.read)),
            )
            for memory in draft.memories
        ),
        emitter.image(),
    )
    return CompiledGna(model, graph, _layers(graph, emitter, factors), tuple(notes))


def input_scale_factors(
    graph: GnaGraph, requested: Mapping[str, float], draft: GraphDraft, notes: list[str]
) -> dict[str, float]:
    """Scale factor of every input, by value; names with and without a port number (``:0``) are equivalent.

    ``requested`` are the factors of the settings, by input name. Raises UsageError for a name that no input has, and
    for a factor that is not a positive number.
    """
    names: dict[str, str] = {}
    for port in graph.inputs:
        for name in (port.name, *port.tensor_names):
            names[name] = port.value
            names.setdefault(_without_port(name), port.value)
    scales: dict[str, float] = {}
    for name, factor in requested.items():
        value = names.get(name) or names.get(_without_port(name))
        if value is None:
            known = ", ".join(port.name for port in graph.inputs)
            raise UsageError(f"scale factor for '{name[:40]}': expected one of the inputs {known}, found no such input")
        number = _float32(factor)
        if not np.isfinite(number) or number <= 0:
            raise UsageError(f"scale factor for '{name[:40]}': expected a number above 0, found {factor}")
        scales[value] = number
    for port in graph.inputs:
        if port.value not in scales:
            scales[port.value] = _float32(_measured_scale(draft, port))
            notes.append(
                f"input '{port.name}' has no scale factor: {scales[port.value]:g} is used; "
                "give features or a scale factor"
            )
    return scales


def _without_port(name: str) -> str:
    stem, colon, number = name.rpartition(":")
    return stem if colon and number.isdigit() else name


def _measured_scale(draft: GraphDraft, port: GraphPort) -> float:
    """Scale factor from the range of a FakeQuantize behind the input; 1 without one."""
    peaks = [
        draft.peaks[layer.output]
        for layer in draft.users()[port.value]
        if isinstance(layer, Activation) and layer.output in draft.peaks
    ]
    return 32767 / max(peaks) if peaks and max(peaks) > 0 else 1.0


def _float32(number: float) -> float:
    return float(np.float32(number))


def _arranged(
    draft: GraphDraft, scales: Mapping[str, float], settings: CompileSettings, utterances: Sequence[Frames]
) -> tuple[dict[str, ValueLayout], dict[str, ValueRange]]:
    """Layouts and ranges of all values; inputs whose scale does not suit a concatenation get a rescaled copy."""
    peaks = {value: 16384 / scale for value, scale in scales.items()}
    rescaled: set[str] = set()
    while True:
        layouts = lay_out(draft, address_unit(settings.num_vectors))
        graph = draft.graph()
        ranges = value_ranges(graph, peaks)
        if utterances:
            ranges = measured(graph, ranges, utterances)
        conflicts = class_conflicts(draft, layouts, ranges, scales)
        conflicts -= rescaled
        if not conflicts:
            return layouts, ranges
        rescaled |= conflicts
        for value in sorted(conflicts):
            copy = draft.new_value(f"{value}/rescaled")
            for name, layer in list(draft.layers.items()):
                if isinstance(layer, Concat | Crop | Permute):
                    draft.layers[name] = with_operand(layer, value, copy)
            draft.memories = tuple(
                replace(memory, stored=copy) if memory.stored == value else memory for memory in draft.memories
            )
            draft.add(Activation(copy, value, copy, "identity"), draft.sizes[value])
            draft.rescaled.add(copy)


def _shape(port: GraphPort, num_vectors: int) -> tuple[int, ...]:
    """The shape of an endpoint; one of one or three dimensions is one vector to Intel's plugin."""
    shape = port.shape or (1, port.size)
    if len(shape) in (2, 4):
        return num_vectors, *shape[1:]
    return shape if num_vectors == 1 else (num_vectors, port.size)


def _input(port: GraphPort, factors: ScaleFactors, emitter: Emitter, num_vectors: int) -> GnaEndpoint:
    return GnaEndpoint(
        port.name,
        _float32(factors.of_value(port.value)),
        2,
        port.size * num_vectors,
        emitter.narrow_offset(port.value),
        _shape(port, num_vectors),
        tensor_names=port.tensor_names,
    )


def _output(
    port: GraphPort, steps: tuple[PlannedOperation, ...], factors: ScaleFactors, emitter: Emitter, num_vectors: int
) -> GnaEndpoint:
    is_wide = any(step.is_wide and step.output == port.value for step in steps)
    return GnaEndpoint(
        port.name,
        _float32(factors.sums[port.value] if is_wide else factors.of_value(port.value)),
        4 if is_wide else 2,
        port.size,
        emitter.wide_offset(port.value) if is_wide else emitter.narrow_offset(port.value),
        _shape(port, num_vectors),
        tensor_names=port.tensor_names,
    )


def _layers(graph: GnaGraph, emitter: Emitter, factors: ScaleFactors) -> tuple[CompiledLayer, ...]:
    layers = []
    for number, step in emitter.numbered_steps:
        value = step.output
        if value not in graph.sizes:
            continue
        sums = factors.sums.get(value if step.is_wide else f"{value}|sums", 0.0)
        source = factors.of_value(step.input) if step.input else factors.sums.get(step.base, 0.0)
        has_weights = step.weights is not None or step.kind == "convolution"
        layers.append(
            CompiledLayer(
                step.name,
                value,
                number,
                source,
                sums / source if has_weights and source else 0.0,
                sums if step.is_wide else factors.of_value(value),
            )
        )
    return tuple(layers)

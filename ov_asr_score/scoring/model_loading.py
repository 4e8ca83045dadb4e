"""From a model path to a model whose ports are settled: read or imported, with the asked outputs and layouts.

``load_model`` gives the model as it is in its file, ``configure_model`` what is asked of it.

Tests: tests/scoring/test_scorer.py, tests/scoring/test_blobs.py
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ov_asr_score.convert.facts import EDGES_INPUT, FRAMES_LEFT_INPUT, ConversionFacts
from ov_asr_score.convert.rt_info import parse_facts
from ov_asr_score.device.blobs import check_blob_kind, check_sidecar, import_blob, read_sidecar
from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.after_network import takes_after_network
from ov_asr_score.ov_model.axis_names import read_axis_names
from ov_asr_score.ov_model.file_kind import GNA_BLOB_MAGIC, ModelKind, read_model_kind
from ov_asr_score.ov_model.filled_inputs.computed_inputs import take_scalars_as_vectors
from ov_asr_score.ov_model.filled_inputs.fillings import NOTHING_TO_FILL, FillingPlan
from ov_asr_score.ov_model.model_description import describe_output, describe_ports
from ov_asr_score.ov_model.model_file import check_made_with, read_or_convert_model
from ov_asr_score.ov_model.outputs import add_output, find_port, layer_names, port_names, split_entry
from ov_asr_score.ov_model.preparation import parse_layouts, use_float32_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.axes.known_axes import NOTHING_KNOWN, KnownAxes, WantedOutput
from ov_asr_score.scoring.axes.letters import said_letters, without_bare
from ov_asr_score.scoring.gna.emulated_modes import is_emulated
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.integer_inputs import IntegerInputs
from ov_asr_score.scoring.plans.chunk_shift import find_shift
from ov_asr_score.scoring.plans.kaldi_time import decide_time
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.text import suggestion

if TYPE_CHECKING:  # most models are not for GNA
    from ov_asr_score.scoring.gna.emulation import Emulation

NODE_ADVICE = "; output_name makes nodes of a Kaldi model its outputs"
"""What to say when a converted model has no such output: its inner layers are not those of the Kaldi model."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model as it is in its file: ``model`` for IR, ONNX and Kaldi, ``compiled`` for a blob.

    ``names`` are those of all layers; ``seconds`` is how long it took.
    """

    core: ov.Core
    path: Path
    kind: ModelKind
    model: ov.Model | None
    compiled: ov.CompiledModel | None
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    names: frozenset[str]
    seconds: float
    conversion: ConversionFacts | None = None  # of a model that was converted from a Kaldi model
    notes: tuple[str, ...] = ()
    from_cache: bool = False  # converted by an earlier run
    emulation: Emulation | None = None  # of a blob for GNA that is run in software


@dataclass(frozen=True, slots=True)
class ConfiguredModel:
    """A model whose ports are settled, not yet fitted to features; ``wanted`` are the numbers of the asked outputs.

    ``inputs`` are those that have tables. ``filling`` is what is still to be done about others, which the model has.
    """

    loaded: LoadedModel
    model: ov.Model | None
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    wanted: tuple[int, ...]
    notes: tuple[str, ...]
    seconds: float
    filling: FillingPlan = NOTHING_TO_FILL
    known: KnownAxes = NOTHING_KNOWN  # what is said of the axes of its ports
    chosen: tuple[WantedOutput, ...] = ()  # the asked outputs, as the user has them
    vectors: frozenset[str] = frozenset()  # names of outputs that have one vector per utterance
    fits: tuple[InputFit, ...] | None = None  # what its inputs take; None until that is settled

    def integer_inputs(self) -> IntegerInputs:
        """What counts the values that inputs with tables do not take, because the model has integers there."""
        taken = {port.name for port in self.inputs}
        return IntegerInputs({port.name: port.element_type for port in self.loaded.inputs if port.name in taken})

    def compiled(self) -> ov.CompiledModel:
        """The imported blob. Raises UnsupportedModelError when there is none."""
        if self.loaded.compiled is None:
            raise UnsupportedModelError(f"{self.loaded.path}: is not a compiled model")
        return self.loaded.compiled


def load_model(options: ScorerOptions, kind: ModelKind | None = None) -> LoadedModel:
    """The model or blob of ``options`` as it is in its file; ``kind`` is that of the file, if it is known.

    Raises UsageError (none or both given) and what reading, converting and importing raise.
    """
    if bool(options.model) == bool(options.blob):
        count = "both" if options.model else "neither"
        raise UsageError(f"model, import_model: expected one of them, found {count}", fields=("model", "import_model"))
    started = time.perf_counter()
    core = ov.Core()
    path = Path(options.model or options.blob)
    if options.blob:
        conversion = _conversion_of_blob(path)
        check_made_with(path, conversion, options.kaldi)
        if takes_after_network(conversion, options.kaldi):
            raise UsageError(f"{options.kaldi.text}: {path} is a blob, which gives the scores it was exported with")
        emulation = _emulated_blob(core, path, options)
        compiled = import_blob(core, path, options.device) if emulation is None else None
        program = None if emulation is None else emulation.program
        inputs, outputs = describe_ports(compiled) if program is None else (program.inputs, program.outputs)
        return LoadedModel(
            core=core,
            path=path,
            kind=kind or read_model_kind(path),
            model=None,
            compiled=compiled,
            inputs=_fed_by_tables(inputs, conversion),
            outputs=outputs,
            names=frozenset(port_names([*inputs, *outputs])),
            seconds=time.perf_counter() - started,
            conversion=conversion,
            emulation=emulation,
        )
    kind = kind or read_model_kind(path)
    kaldi = decide_time(options) if kind == "kaldi" else options.kaldi
    found = read_or_convert_model(
        path,
        core,
        kaldi,
        options.conversion_cache,
        keep_nodes=options.keep_nodes,
        kind=kind,
        allow_nonfinite=options.allow_nonfinite,
    )
    inputs, outputs = describe_ports(found.model)
    # Inner layers of a converted graph have frames of their own, and names that no one knows.
    names = frozenset([*port_names([*inputs, *outputs]), *(() if found.conversion else layer_names(found.model))])
    return LoadedModel(
        core=core,
        path=path,
        kind=kind,
        model=found.model,
        compiled=None,
        inputs=_fed_by_tables(inputs, found.conversion),
        outputs=outputs,
        names=names,
        seconds=time.perf_counter() - started,
        conversion=found.conversion,
        notes=found.notes,
        from_cache=found.from_cache,
    )


def _emulated_blob(core: ov.Core, path: Path, options: ScorerOptions) -> Emulation | None:
    """The blob at ``path``, if it is one for GNA and is to be run in software; None for any other."""
    if not is_emulated(core, options.device):
        return None
    from ov_asr_score.gna.format.blob import read_blob
    from ov_asr_score.gna.format.model_checks import check_model
    from ov_asr_score.scoring.gna.emulation import emulate_blob

    with open_path(str(path)) as file:
        data = file.read()
    check_sidecar(path, data)
    if not data.startswith(GNA_BLOB_MAGIC):
        check_blob_kind(path, data)
    model = read_blob(data, str(path))
    return emulate_blob(model, options, check_model(model, str(path)))


def _conversion_of_blob(path: Path) -> ConversionFacts | None:
    """The metadata of a converted model that was exported, from the file beside it."""
    conversion = read_sidecar(path).get("conversion")
    return parse_facts(conversion, str(path)) if isinstance(conversion, Mapping) else None


def configure_model(
    loaded: LoadedModel, options: ScorerOptions, filling: FillingPlan = NOTHING_TO_FILL
) -> ConfiguredModel:
    """The loaded model with its wanted outputs, layouts and float32 ports set, its graph repaired where needed.

    The ports of ``filling`` stay as they are: :func:`ov_asr_score.scoring.settled_model.settle_model` takes them out.
    Raises UnknownNameError (an output or input that is not there), UsageError, ShapeMismatchError (layouts).
    """
    started = time.perf_counter()
    if loaded.model is None:
        if options.layout:
            raise UsageError("layout: a blob keeps the layout it was exported with", fields=("layout",))
        wanted = tuple(_known_output(loaded.outputs, name) for name in options.outputs)
        wanted = wanted or tuple(range(len(loaded.outputs)))
        return ConfiguredModel(loaded, None, loaded.inputs, loaded.outputs, wanted, (), loaded.seconds)
    notes = list(loaded.notes)
    model = loaded.model.clone()
    if loaded.conversion is not None:
        _check_outputs(loaded, options.outputs)
    asked = [split_entry(name, loaded.names.__contains__) for name in options.outputs]
    numbers = [add_output(model, name) for name, _ in asked]
    wanted = tuple(numbers) or tuple(
        number for number, port in enumerate(describe_ports(model)[1]) if port.name not in filling.outputs
    )
    given = _given_layouts(model, options, filling)
    repaired = 0
    if options.repair_graph and not is_emulated(loaded.core, options.device):
        repaired = repair_memory_concats(model)
    if repaired:
        notes.append(
            f"graph mended in {repaired} place{'s' if repaired > 1 else ''}, where a model input goes straight into a "
            "variable: CPU plugins since 2025 read it before it is written (keep the graph to leave "
            "the model as it is)"
        )
    model = use_float32_ports(model, filling.inputs | filling.outputs)
    take_scalars_as_vectors(model, filling.inputs)
    inputs, outputs = describe_ports(model)
    inputs = tuple(port for port in _fed_by_tables(inputs, loaded.conversion) if port.name not in filling.inputs)
    seconds = loaded.seconds + time.perf_counter() - started
    names = read_axis_names(loaded.path) if loaded.kind == "onnx" else {}
    shift = find_shift(loaded.model, options.chunk_shift)
    known = KnownAxes(given, names, shift=shift.frames if shift is not None else 0)
    entries = [entry for _, entry in asked] or [None] * len(wanted)
    chosen = tuple(_wanted_output(outputs, number, entry) for number, entry in zip(wanted, entries, strict=True))
    return ConfiguredModel(loaded, model, inputs, outputs, wanted, tuple(notes), seconds, filling, known, chosen)


def _wanted_output(outputs: Sequence[PortInfo], number: int, entry: int | None) -> WantedOutput:
    name = outputs[number].name
    return WantedOutput(number, name if entry is None else f"{name}[{entry}]", entry)


def _given_layouts(model: ov.Model, options: ScorerOptions, filling: FillingPlan) -> dict[str, str]:
    """The letters that the user gives the axes of inputs and outputs, by name."""
    if not options.layout:
        return {}
    # What is filled in needs no layout; one for it is no mistake.
    parsed = parse_layouts(options.layout)
    layouts = {name: letters for name, letters in parsed.items() if name not in filling.inputs | filling.outputs}
    inputs, outputs = describe_ports(model)
    inputs = tuple(port for port in inputs if port.name not in filling.inputs)
    given = {}
    for ports, others, letters in ((inputs, outputs, layouts), (outputs, inputs, without_bare(layouts))):
        for port, said in zip(ports, said_letters(ports, others, letters), strict=True):
            if said is not None:
                given[port.name] = said
    for port in model.inputs:
        text = given.get(describe_output(port).name, "")
        if text.isalpha() and len(set(text)) == len(text):  # others are no layouts to the runtime
            port.get_node().set_layout(ov.Layout(text))
    return given


def _fed_by_tables(inputs: tuple[PortInfo, ...], conversion: ConversionFacts | None) -> tuple[PortInfo, ...]:
    """The inputs that take features; the engine itself fills those that tell a converted model about chunks."""
    if conversion is None:
        return inputs
    return tuple(port for port in inputs if port.name not in (EDGES_INPUT, FRAMES_LEFT_INPUT))


def _check_outputs(loaded: LoadedModel, names: Sequence[str]) -> None:
    for name in names:
        if find_port(loaded.outputs, name) is None:
            near = suggestion(name, port_names(loaded.outputs))
            raise UnknownNameError(
                f"{loaded.path}: the model has no output '{name}'{near}{NODE_ADVICE}", fields=("output_name",)
            )


def _known_output(outputs: Sequence[PortInfo], name: str) -> int:
    index = find_port(outputs, name)
    if index is None:
        raise UnknownNameError(f"the blob has no output '{name}'{suggestion(name, port_names(outputs))}")
    return index

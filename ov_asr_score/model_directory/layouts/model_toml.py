"""``model.toml``: a model described in one file, or what another layout leaves open (docs/model-directories.md).

Its tables are bundles of settings; keys are the long names of options. Paths are relative to the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from ov_asr_score.errors import ConfigFormatError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.model_directory.layouts.experiment import FRAMES_PER_CHUNK
from ov_asr_score.model_directory.model_directory import Layout, ModelDirectory
from ov_asr_score.model_directory.parts.choices import Choices
from ov_asr_score.model_directory.parts.graph_files import graph_in, silence_phones_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import chosen_extractor
from ov_asr_score.model_directory.parts.model_files import subsampling_beside
from ov_asr_score.model_directory.parts.online_options import SEARCH_OF_SCRIPTS
from ov_asr_score.model_directory.parts.toml_settings import (
    RULES,
    config_lines,
    endpoints_of,
    keys_of,
    names,
    number_of,
    phones_of,
    said,
)
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import AnyFeatureType, FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.speech.wave_input import WaveSettings
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordSettings
from ov_asr_score.text import printable_name
from ov_asr_score.toml.toml_table import TomlTable, parse_tables

MODEL_TOML = "model.toml"

Program = Literal["online2-wav-nnet3-latgen-faster", "nnet3-latgen-faster", "ctc"]
_PROGRAMS: tuple[Program, ...] = get_args(Program)
_TYPES: tuple[AnyFeatureType, ...] = get_args(AnyFeatureType)

_NOT_OF_RECOGNIZERS = ("time", "frames_per_request", "output_name", "acoustic_scale", "scores_per", "min_chunk_size")
_KALDI = keys_of(KaldiOptions, _NOT_OF_RECOGNIZERS)
_STEPS, _WAVE = keys_of(FeatureSteps), keys_of(WaveSettings)
_SOUND = {key: each for key, each in keys_of(SoundSettings).items() if key in ("allow_downsample", "allow_upsample")}
_PITCH = {key: each for key, each in keys_of(FrontendSettings).items() if key == "pitch_config"}
_EXTRACTOR = keys_of(IvectorOptions, ("ivector_extraction_config",))
_GRAPH = keys_of(GraphSettings, ("graph",))
_SEARCH = keys_of(DecodingOptions, ("decoding_seconds", "decoding_memory"))
_CTC = keys_of(CtcOptions)

TABLES: Mapping[str, tuple[str, ...]] = {
    "model": ("file", "layout", "program", "row_shift", *_KALDI),
    "features": ("type", "config", "options", *names([_PITCH, _SOUND, _STEPS, _WAVE])),
    "ivectors": ("config", "folder", *_EXTRACTOR),
    "graph": ("folder", "file", *_GRAPH),
    "search": ("acoustic_scale", *_SEARCH),
    "ctc": tuple(_CTC),
    "endpoint": ("silence_phones", *RULES),
    "live": (
        *("frames_per_chunk", "extra_left_context_initial", "silence_phones", "silence_weight"),
        "max_state_duration",
    ),
}
"""The tables, and the keys of each."""


@dataclass(frozen=True, slots=True)
class Description:
    """A file that was read: its tables by name, an empty one for each that is missing."""

    tables: Mapping[str, TomlTable]
    language: str
    layout: Layout | None
    choices: Choices


def read_description(inventory: Inventory) -> Description:
    """``model.toml``, with its keys checked. Raises FileAccessError and ConfigFormatError with the line."""
    path = inventory.use(MODEL_TOML, "what the model consists of")
    with open_path(path) as file:
        top = parse_tables(file.read(), printable_name(path), ConfigFormatError)
    elsewhere = {key: f"[{name}]" for name, keys in TABLES.items() for key in keys}
    top.expect_keys(("language", *TABLES), elsewhere)
    tables = {name: top.table(name) for name in TABLES}
    for name, table in tables.items():
        others = {key: f"[{other}]" for other, keys in TABLES.items() for key in keys if other != name}
        table.expect_keys(TABLES[name], others)
    model, graph, features, ivectors = (tables[name] for name in ("model", "graph", "features", "ivectors"))
    layouts = [each for each in get_args(Layout) if each != MODEL_TOML]
    layout = model.choice("layout", layouts, "") if "layout" in model else None
    if layout is None and "file" not in model:
        model.fail("file", 'expected file = "FILE" in [model], the acoustic model, or layout = "LAYOUT"')
    for table in (graph, ivectors):
        both = [key for key in ("folder", "file", "config") if key in table]
        if len(both) > 1:
            table.fail(both[1], f"{both[1]}: {both[0]} says it already; give one")
    return Description(
        tables,
        top.text("language"),
        next((each for each in get_args(Layout) if each == layout), None),
        Choices(
            _folder(graph, "folder"),
            _type(features),
            features.text("config"),
            ivectors.text("config") or ivectors.text("folder"),
        ),
    )


def read_described(inventory: Inventory, description: Description) -> ModelDirectory:
    """A model of which ``model.toml`` says everything. Raises ConfigFormatError and what reading its files raises."""
    tables = description.tables
    model = tables["model"]
    file = model.text("file")
    path = inventory.need(file, "acoustic model")
    is_kaldi = Path(file).suffix not in (".onnx", ".xml")
    if "tokens" in tables["ctc"]:
        default: Program = "ctc"
    else:
        default = "online2-wav-nnet3-latgen-faster" if is_kaldi else "nnet3-latgen-faster"
    program = next(each for each in _PROGRAMS if each == model.choice("program", _PROGRAMS, default))
    if program == "ctc" and "tokens" not in tables["ctc"]:
        tables["ctc"].fail("tokens", 'expected tokens = "FILE" in [ctc], as [model] program ctc needs them')
    if program == _PROGRAMS[0] and not is_kaldi:
        model.fail(
            "program", f"program: expected ctc or nnet3-latgen-faster for {printable_name(file)}, found {program}"
        )
    if not ({"type", "config", "preprocessor_config"} & set(tables["features"].values)):
        tables["features"].fail("type", 'expected type = "TYPE" in [features], such as mfcc, fbank or wave')
    graph = GraphSettings()
    endpoints = EndpointOptions()
    if program != "ctc" and "file" not in tables["graph"]:
        folder = "graph" if description.choices.graph is None else description.choices.graph
        graph = graph_in(inventory, folder)
        if "silence_phones" not in tables["endpoint"]:
            endpoints = EndpointOptions(silence_phones_in(inventory, folder))
    factor = 1
    if is_kaldi and "frame_subsampling_factor" not in model:
        factor = subsampling_beside(inventory, Path(file).parent.as_posix().removeprefix("."))
    chunk = FRAMES_PER_CHUNK if is_kaldi and program == "nnet3-latgen-faster" else 0
    return completed(
        ModelDirectory(
            folder=inventory.folder,
            layout="model.toml",
            program=program,
            model=path,
            frontend=FrontendSettings(feature_type=description.choices.feature_type),
            words=WordSettings(graph=graph, search=DecodingOptions() if program == "ctc" else SEARCH_OF_SCRIPTS),
            kaldi=KaldiOptions(frame_subsampling_factor=factor if is_kaldi else 0, frames_per_chunk=chunk),
            looped=LoopedOptions(frame_subsampling_factor=factor),
            endpoints=endpoints,
        ),
        inventory,
        description,
    )


def completed(directory: ModelDirectory, inventory: Inventory, description: Description) -> ModelDirectory:
    """The directory with all that ``model.toml`` says over it. Raises as ``read_described``."""
    tables = description.tables
    model, live = tables["model"], tables["live"]
    kaldi = replace(directory.kaldi, **said(model, _KALDI, inventory))
    looped: dict[str, Any] = {"frame_subsampling_factor": kaldi.frame_subsampling_factor or 1}
    if "frames_per_chunk" in live:
        looped["frames_per_chunk"] = live.integer("frames_per_chunk", least=1)
    if "extra_left_context_initial" in live:
        looped["extra_left_context_initial"] = live.integer("extra_left_context_initial")
    return replace(
        directory,
        layout="model.toml",
        model=inventory.need(model.text("file"), "acoustic model") if "file" in model else directory.model,
        frontend=_frontend(directory.frontend, inventory, description),
        words=_words(directory.words, inventory, tables),
        kaldi=kaldi,
        looped=replace(directory.looped, **looped),
        endpoints=endpoints_of(tables["endpoint"], directory.endpoints),
        silence_weighting=_silence_weighting(directory.silence_weighting, live),
        language=description.language or directory.language,
    )


def _frontend(base: FrontendSettings, inventory: Inventory, description: Description) -> FrontendSettings:
    table, ivectors = description.tables["features"], description.tables["ivectors"]
    values: dict[str, Any] = said(table, _PITCH, inventory)
    if "type" in table:
        values["feature_type"] = description.choices.feature_type
    if "config" in table:
        values["feature_config"] = inventory.need(table.text("config"), "options of features")
    if "options" in table:
        values["feature_options"] = config_lines(table.table("options"))
    options = base.ivector_options
    if description.choices.ivectors:
        options = chosen_extractor(inventory, description.choices.ivectors)
    of_extractor = said(ivectors, _EXTRACTOR, inventory)
    if of_extractor:
        options = replace(options or IvectorOptions(), **of_extractor)
    return replace(
        base,
        sound=replace(base.sound, **said(table, _SOUND, inventory)),
        steps=replace(base.steps, **said(table, _STEPS, inventory)),
        wave=replace(base.wave, **said(table, _WAVE, inventory)),
        ivector_options=options,
        **values,
    )


def _words(base: WordSettings, inventory: Inventory, tables: Mapping[str, TomlTable]) -> WordSettings:
    graph, search = tables["graph"], tables["search"]
    of_graph = said(graph, _GRAPH, inventory)
    if "file" in graph:
        of_graph["graph"] = inventory.need(graph.text("file"), "decoding graph")
    of_search = said(search, _SEARCH, inventory)
    if "acoustic_scale" in search:
        if "decoding_scale" in search:
            search.fail("acoustic_scale", "acoustic_scale: decoding_scale says it already; give one")
        of_search["decoding_scale"] = search.number("acoustic_scale")
    model = tables["model"]
    shift = model.number("row_shift", least=0.0001) if "row_shift" in model else base.row_shift_seconds
    return replace(
        base,
        graph=replace(base.graph, **of_graph),
        search=replace(base.search, **of_search),
        ctc=replace(base.ctc, **said(tables["ctc"], _CTC, inventory)),
        row_shift_seconds=shift,
    )


def _silence_weighting(base: SilenceWeightingOptions, live: TomlTable) -> SilenceWeightingOptions:
    phones = phones_of(live, "silence_phones")
    values: dict[str, Any] = {} if phones is None else {"silence_phones": phones}
    if "silence_weight" in live:
        values["silence_weight"] = live.number("silence_weight")
    if "max_state_duration" in live:
        values["max_state_duration"] = number_of(live, "max_state_duration")
    return replace(base, **values)


def _folder(table: TomlTable, key: str) -> str | None:
    """A folder relative to the directory, ``""`` for the directory itself; None where the key is missing."""
    if key not in table:
        return None
    text = table.text(key).strip("/") if not table.text(key).startswith("/") else table.text(key)
    return "" if text == "." else text


def _type(table: TomlTable) -> AnyFeatureType | None:
    if "type" not in table:
        return None
    return next(each for each in _TYPES if each == table.choice("type", _TYPES, ""))

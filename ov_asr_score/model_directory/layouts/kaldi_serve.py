"""Directories of kaldi-serve: model and graph on top, conf/, ivector_extractor/; model-spec.toml has search options.

Source: kaldi-serve, src/model (``ChainModel``), src/config (``ModelSpec``, ``parse_model_specs``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ov_asr_score.errors import ConfigFormatError, FileAccessError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.graph_files import graph_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import chosen_extractor
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.text import printable_name
from ov_asr_score.toml.toml_table import TomlTable, make_table, parse_tables

SPECIFICATION = "model-spec.toml"
_BUILT_IN = DecodingOptions(beam=13.0, max_active=7000, min_active=200, lattice_beam=6.0, decoding_scale=1.0)
_FACTOR = 3
_IVECTORS = "conf/ivector_extractor.conf"
_FOR_OTHERS = ("name", "n_decoders", "max_ngram_order", "rnnlm_weight", "bos_index", "eos_index", "silence_weight")
_KEYS = (
    *("path", "language_code", "beam", "min_active", "max_active", "lattice_beam", "acoustic_scale"),
    *("frame_subsampling_factor", *_FOR_OTHERS),
)


def read_kaldi_serve(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory of kaldi-serve, or one with a specification and the only model that it names.

    Raises what reading its files raises, ConfigFormatError for a specification with a mistake, and FileAccessError for
    one of several models.
    """
    specification = _specification(inventory)
    folder = "" if specification is None else _folder(inventory, specification)
    prefix = f"{folder}/" if folder else ""
    model = inventory.need(f"{prefix}final.mdl", "acoustic model")
    config = inventory.need(f"{prefix}conf/mfcc.conf", "options of mfcc features")
    frontend = FrontendSettings(feature_type="mfcc", feature_config=config)
    if choices.ivectors or inventory.has(prefix + _IVECTORS):
        extractor = chosen_extractor(inventory, choices.ivectors or prefix + _IVECTORS)
        frontend = replace(frontend, ivector_options=extractor)
    graph = graph_in(inventory, folder if choices.graph is None else choices.graph, word_boundary="word_boundary.int")
    search, factor = _BUILT_IN, _FACTOR
    if specification is None:
        inventory.notes.append(f"options of the search are those that kaldi-serve has without {SPECIFICATION}")
    else:
        search, factor = _search(specification), specification.integer("frame_subsampling_factor", _FACTOR, least=1)
        passed_over = [name for name in _FOR_OTHERS if name != "name" and name in specification]
        if passed_over:
            inventory.notes.append(f"{SPECIFICATION}: {', '.join(passed_over)} changes no words here")
    return ModelDirectory(
        folder=inventory.folder,
        layout="kaldi-serve",
        program="online2-wav-nnet3-latgen-faster",
        model=model,
        frontend=frontend,
        words=WordSettings(graph=graph, search=search),
        kaldi=KaldiOptions(frame_subsampling_factor=factor),
        looped=LoopedOptions(frame_subsampling_factor=factor),
        language="" if specification is None else specification.text("language_code"),
    )


def _specification(inventory: Inventory) -> TomlTable | None:
    """The only model of the specification; None where there is no specification."""
    if not inventory.has(SPECIFICATION):
        return None
    path = inventory.use(SPECIFICATION, "options of the search")
    with open_path(path) as file:
        top = parse_tables(file.read(), printable_name(path), ConfigFormatError)
    top.expect_keys(("model",))
    models = top.values.get("model", [])
    if not isinstance(models, list) or not models or not all(isinstance(each, dict) for each in models):
        top.fail("model", "expected a [[model]], found none")
    tables = [make_table(top.source, each, ("model", i), top.lines, error=top.error) for i, each in enumerate(models)]
    if len(tables) > 1:
        folders = ", ".join(printable_name(each.text("path")) for each in tables)
        raise FileAccessError(
            f"{printable_name(path)}: expected one model, found {len(tables)}; name the folder of one: {folders}"
        )
    tables[0].expect_keys(_KEYS)
    return tables[0]


def _folder(inventory: Inventory, specification: TomlTable) -> str:
    """Where the model lies: as the specification says, from its folder on, or by its name alone; else beside it."""
    written = specification.text("path", ".")
    for name in (written, Path(written).name):
        inside = inventory.has(f"{name}/final.mdl")
        if inside and not Path(name).is_absolute() and Path(name).as_posix() != ".":
            return Path(name).as_posix()
    return ""


def _search(specification: TomlTable) -> DecodingOptions:
    values: dict[str, Any] = {}
    for name in ("beam", "lattice_beam", "acoustic_scale"):
        if name in specification:
            values["decoding_scale" if name == "acoustic_scale" else name] = specification.number(name, least=0.0)
    for name in ("min_active", "max_active"):
        if name in specification:
            values[name] = specification.integer(name)
    return replace(_BUILT_IN, **values)

"""Experiment directories of Kaldi's recipes, such as exp/chain/tdnn1a_sp, as steps/nnet3/decode.sh uses them.

The model is in the directory; graph, options of features and extractor are found in it, or above it.
"""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.features.steps.experiment_dir import like_dir
from ov_asr_score.kaldi_model.loading import load_inputs
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices, choose_graph
from ov_asr_score.model_directory.parts.graph_files import graph_in, silence_phones_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import chosen_extractor
from ov_asr_score.model_directory.parts.model_files import subsampling_beside
from ov_asr_score.model_directory.parts.online_options import SEARCH_OF_SCRIPTS
from ov_asr_score.model_directory.parts.recipe_files import extractor_of_recipe, features_of_recipe
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.words.word_outputs import WordSettings

FRAMES_PER_CHUNK = 50
"""Kaldi's default of nnet3-latgen-faster, and of steps/nnet3/decode.sh."""


def read_experiment(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory with ``final.mdl`` of nnet3. Raises what reading its files raises, and FileAccessError.

    I-vectors are those of steps/online/nnet2/extract_ivectors_online.sh with its defaults.
    """
    model = inventory.need("final.mdl", "acoustic model")
    if not inventory.has("final.mdl"):
        inventory.finish()
    inputs = load_inputs(model)
    frontend = features_of_recipe(inventory, choices, inputs.dims.get("input", 0), model)
    frontend = replace(frontend, steps=_cmvn(inventory))
    if "ivector" in inputs.dims:
        extractor = chosen_extractor(inventory, extractor_of_recipe(inventory, choices))
        if extractor.ivector_extraction_config is None:
            inventory.notes.append(
                "i-vectors as extract_ivectors_online.sh makes them by default: one every 10 frames, max-count 0"
            )
        frontend = replace(frontend, ivector_options=extractor)
    factor = subsampling_beside(inventory)
    graph_folder = choose_graph(inventory, choices)
    graph = graph_in(inventory, graph_folder)
    inventory.notes.append(
        f"search and chunks as in Kaldi's decoding scripts: beam {SEARCH_OF_SCRIPTS.beam:g}, max-active "
        f"{SEARCH_OF_SCRIPTS.max_active}, lattice-beam {SEARCH_OF_SCRIPTS.lattice_beam:g}, frames-per-chunk "
        f"{FRAMES_PER_CHUNK}"
    )
    return ModelDirectory(
        folder=inventory.folder,
        layout="kaldi experiment",
        program="nnet3-latgen-faster",
        model=model,
        frontend=frontend,
        words=WordSettings(graph=graph, search=SEARCH_OF_SCRIPTS),
        kaldi=KaldiOptions(frame_subsampling_factor=factor, frames_per_chunk=FRAMES_PER_CHUNK),
        looped=LoopedOptions(frame_subsampling_factor=factor),
        endpoints=EndpointOptions(silence_phones_in(inventory, graph_folder)),
    )


def _cmvn(inventory: Inventory) -> FeatureSteps:
    """CMVN as ``cmvn_opts`` says, of each utterance alone; none where it says none, or is missing."""
    if not inventory.has("cmvn_opts"):
        inventory.take("cmvn_opts", "", "features are not normalized")
        return FeatureSteps()
    path = inventory.use("cmvn_opts", "how features are normalized")
    inventory.mark("online_cmvn", "features are normalized looking back only")
    found = like_dir(inventory.folder)
    said = replace(FeatureSteps(), **{name: getattr(found, name) for name in _OF_CMVN})
    if said.cmvn in (None, "none"):
        return FeatureSteps()
    if said.cmvn == "speaker":
        inventory.notes.append(f"{path}: features are normalized by the statistics of each recording alone")
        return replace(said, cmvn="utterance")
    inventory.mark("global_cmvn.stats", "statistics that online CMVN begins with")
    return said


_OF_CMVN = (
    "cmvn",
    "cmvn_stats",
    "norm_means",
    "norm_vars",
    "skip_dims",
    "cmn_window",
    "speaker_frames",
    "global_frames",
)

"""Directories for Kaldi's online decoding, as steps/online/nnet3/prepare_online_decoding.sh writes them.

``conf/online.conf`` says everything but the graph, with paths of the machine where it was made.
"""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.kaldi_io.files.config_file import read_config
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices, choose_graph
from ov_asr_score.model_directory.parts.feature_files import features_of_options
from ov_asr_score.model_directory.parts.graph_files import graph_in, silence_phones_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import chosen_extractor, extractor_of_config
from ov_asr_score.model_directory.parts.model_files import subsampling_beside
from ov_asr_score.model_directory.parts.online_options import (
    SEARCH_OF_SCRIPTS,
    endpoint_options,
    looped_options,
    online_options,
    search_options,
    silence_weighting_options,
)
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.words.word_outputs import WordSettings

CONFIGS = ("conf/online.conf", "online.conf")
_MODELS = ("final.mdl", "am/final.mdl")  # the latter: a directory of vosk without its conf/model.conf
_OF_SEARCH = ("beam", "max_active", "min_active", "lattice_beam")


def read_kaldi_online(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory with ``online.conf``. Raises what reading its files raises, and FileAccessError for its graph."""
    name = inventory.first(*CONFIGS)
    config = inventory.use(name, "options of features, i-vectors and endpoints")
    model = inventory.need(inventory.first(*_MODELS) or _MODELS[0], "acoustic model")
    options = online_options(read_config(config))
    frontend = features_of_options(inventory, options, name, choices)
    written = options.said("ivector_extraction_config")
    if choices.ivectors:
        frontend = replace(frontend, ivector_options=chosen_extractor(inventory, choices.ivectors))
    elif written:
        place = options.place("ivector_extraction_config")
        of_ivectors = inventory.named(written, place, "options of i-vectors")
        frontend = replace(frontend, ivector_options=extractor_of_config(inventory, of_ivectors))
    folder = choose_graph(inventory, choices)
    graph = graph_in(inventory, folder)
    looped = looped_options(options, subsampling_beside(inventory))
    search = search_options(options, SEARCH_OF_SCRIPTS)
    unsaid = [f"{each.replace('_', '-')} {getattr(search, each):g}" for each in _OF_SEARCH if not options.said(each)]
    if unsaid:
        inventory.notes.append(f"{name} does not say {', '.join(unsaid)}: values of Kaldi's decoding scripts")
    silence = () if options.said("endpoint.silence_phones") else silence_phones_in(inventory, folder)
    inventory.notes += options.notes
    return ModelDirectory(
        folder=inventory.folder,
        layout="kaldi online",
        program="online2-wav-nnet3-latgen-faster",
        model=model,
        frontend=frontend,
        words=WordSettings(graph=graph, search=search),
        kaldi=KaldiOptions(frame_subsampling_factor=looped.frame_subsampling_factor),
        looped=looped,
        endpoints=endpoint_options(options, silence),
        silence_weighting=silence_weighting_options(options),
    )

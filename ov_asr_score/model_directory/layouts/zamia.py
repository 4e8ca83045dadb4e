"""Directories of zamia-speech: conf/, model/ with its graph/, extractor/; no file says how they are put together.

They are used by online decoding with Kaldi's defaults of i-vectors, as py-kaldi-asr does it
(kaldiasr/nnet3.pyx, ``KaldiNNet3OnlineModel``).
"""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.graph_files import graph_in, silence_phones_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import chosen_extractor, extractor_of_config
from ov_asr_score.model_directory.parts.model_files import subsampling_beside
from ov_asr_score.model_directory.parts.online_options import SEARCH_OF_SCRIPTS
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.words.word_outputs import WordSettings

FEATURE_CONFIGS = ("conf/mfcc_hires.conf", "conf/mfcc-hires.conf")
_IVECTOR_CONFIG = "ivectors_test_hires/conf/ivector_extractor.conf"
_CHAIN_FACTOR = 3


def read_zamia(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory with model/final.mdl and conf/mfcc_hires.conf. Raises what reading its files raises."""
    model = inventory.need("model/final.mdl", "acoustic model")
    config = inventory.need(inventory.first(*FEATURE_CONFIGS) or FEATURE_CONFIGS[0], "options of mfcc features")
    frontend = FrontendSettings(feature_type="mfcc", feature_config=config)
    if inventory.has(_IVECTOR_CONFIG) and not choices.ivectors:
        of_ivectors = inventory.use(_IVECTOR_CONFIG, "options of i-vectors")
        frontend = replace(frontend, ivector_options=extractor_of_config(inventory, of_ivectors))
    elif choices.ivectors or inventory.has("extractor/final.ie"):
        extractor = chosen_extractor(inventory, choices.ivectors or "extractor", cmvn="conf/online_cmvn.conf")
        frontend = replace(frontend, ivector_options=extractor)
    graph_folder = choices.graph or ("model/graph" if inventory.has("model/graph/HCLG.fst") else "model")
    graph = graph_in(inventory, graph_folder)
    factor = subsampling_beside(inventory, "model")
    if not inventory.has("model/frame_subsampling_factor"):
        factor = _CHAIN_FACTOR
        inventory.notes.append("a row of scores for each 3 frames, as the chain models of zamia-speech give")
    inventory.notes.append("search as in Kaldi's decoding scripts: beam 15, max-active 7000, lattice-beam 8")
    return ModelDirectory(
        folder=inventory.folder,
        layout="zamia",
        program="online2-wav-nnet3-latgen-faster",
        model=model,
        frontend=frontend,
        words=WordSettings(graph=graph, search=SEARCH_OF_SCRIPTS),
        kaldi=KaldiOptions(frame_subsampling_factor=factor),
        looped=LoopedOptions(frame_subsampling_factor=factor),
        endpoints=EndpointOptions(silence_phones_in(inventory, graph_folder)),
    )

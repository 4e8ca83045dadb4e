"""Directories of vosk: version 2 with conf/model.conf, version 1 with everything in one folder.

Source: vosk-api, src/model.cc (``ConfigureV1``, ``ConfigureV2``, ``ReadDataFiles``).
"""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.kaldi_io.files.config_file import read_config
from ov_asr_score.model_directory.model_directory import Layout, ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.feature_files import online_cmvn_steps
from ov_asr_score.model_directory.parts.graph_files import graph_in
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.ivector_files import extractor_in
from ov_asr_score.model_directory.parts.online_options import (
    OnlineOptions,
    endpoint_options,
    looped_options,
    online_options,
    search_options,
)
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.words.decoding import HYBRID_SCALE, DecodingOptions
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordSettings

_MAX_COUNT = 100.0
_SILENCE_WEIGHT = 1e-3
_BUILT_IN = {  # of version 1, which has no file of options
    "max_active": 7000,
    "beam": 13.0,
    "lattice_beam": 6.0,
    "acoustic_scale": 1.0,
    "frame_subsampling_factor": 3,
    "endpoint.silence_phones": "1:2:3:4:5:6:7:8:9:10",
    "endpoint.rule2.min_trailing_silence": 0.5,
    "endpoint.rule3.min_trailing_silence": 1.0,
    "endpoint.rule4.min_trailing_silence": 2.0,
}


def read_vosk_2(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory with am/, conf/, graph/ and perhaps ivector/. Raises what reading its files raises."""
    model = inventory.need("am/final.mdl", "acoustic model")
    config = inventory.need("conf/model.conf", "options of search, network and endpoints")
    options = online_options(read_config(config) if inventory.has("conf/model.conf") else (), of_features=False)
    frontend = _features(inventory, "conf/", "am/")
    graph = graph_in(inventory, choices.graph or "graph")
    return _directory(inventory, "vosk 2", model, options, frontend, graph)


def read_vosk_1(inventory: Inventory, choices: Choices = NO_CHOICES) -> ModelDirectory:
    """A directory with everything but the extractor in one folder. Raises what reading its files raises."""
    model = inventory.need("final.mdl", "acoustic model")
    options = online_options((), _BUILT_IN)
    frontend = _features(inventory, "", "")
    graph = graph_in(inventory, choices.graph or "", word_boundary="word_boundary.int")
    inventory.notes.append("options of search and endpoints are those that vosk has for directories without model.conf")
    return _directory(inventory, "vosk 1", model, options, frontend, graph)


def _features(inventory: Inventory, conf: str, am: str) -> FrontendSettings:
    """Features as vosk computes them; sound of a higher rate is always resampled."""
    use = "options of {} features; sound of a higher rate is resampled"
    name = inventory.first(f"{conf}mfcc.conf", f"{conf}fbank.conf")
    is_fbank = name.endswith("fbank.conf")
    config = inventory.need(name or f"{conf}mfcc.conf", use.format("fbank" if is_fbank else "mfcc"))
    pitch = inventory.first(f"{conf}pitch.conf")
    stats = inventory.first(f"{am}global_cmvn.stats")
    use_of_stats = "statistics that online CMVN of the network's input begins with"
    return FrontendSettings(
        feature_type="fbank" if is_fbank else "mfcc",
        feature_config=config,
        pitch_config=inventory.use(pitch, "options of pitch, whose columns are appended") if pitch else "",
        sound=SoundSettings(allow_downsample=True),
        steps=online_cmvn_steps(inventory.use(stats, use_of_stats)) if stats else FeatureSteps(),
    )


def _directory(
    inventory: Inventory,
    layout: Layout,
    model: str,
    options: OnlineOptions,
    frontend: FrontendSettings,
    graph: GraphSettings,
) -> ModelDirectory:
    if inventory.has("ivector/final.ie"):
        frontend = replace(frontend, ivector_options=extractor_in(inventory, "ivector", max_count=_MAX_COUNT))
    looped = looped_options(options, 1)
    endpoints = endpoint_options(options)
    inventory.notes += options.notes
    return ModelDirectory(
        folder=inventory.folder,
        layout=layout,
        program="online2-wav-nnet3-latgen-faster",
        model=model,
        frontend=frontend,
        words=WordSettings(graph=graph, search=_with_scale(search_options(options))),
        kaldi=KaldiOptions(frame_subsampling_factor=looped.frame_subsampling_factor),
        looped=looped,
        endpoints=endpoints,
        silence_weighting=SilenceWeightingOptions(endpoints.silence_phones, _SILENCE_WEIGHT),
    )


def _with_scale(search: DecodingOptions) -> DecodingOptions:
    """The search with Kaldi's default of the acoustic scale where ``model.conf`` says none, as vosk takes it."""
    return replace(search, decoding_scale=HYBRID_SCALE) if search.decoding_scale is None else search

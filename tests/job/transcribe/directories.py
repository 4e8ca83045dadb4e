"""The model directory that the package brings, with Kaldi's settings for its references."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordSettings
from tests.command_line import ROOT

FOLDER = ROOT / "models" / "chain_ivector"

ONLINE = ModelDirectory(
    folder=FOLDER,
    layout="kaldi online",
    program="online2-wav-nnet3-latgen-faster",
    model=str(FOLDER / "final.mdl"),
    frontend=FrontendSettings(
        feature_type="mfcc",
        feature_config=str(FOLDER / "conf" / "mfcc.conf"),
        ivector_extractor=str(FOLDER / "ivector_extractor"),
    ),
    words=WordSettings(
        graph=GraphSettings(str(FOLDER / "graph" / "HCLG.fst")),
        search=DecodingOptions(beam=15.0, lattice_beam=8.0, max_active=7000),
    ),
    kaldi=KaldiOptions(frame_subsampling_factor=3),
)

EXPERIMENT = replace(
    ONLINE,
    layout="kaldi experiment",
    program="nnet3-latgen-faster",
    kaldi=KaldiOptions(frame_subsampling_factor=3, frames_per_chunk=50),
)

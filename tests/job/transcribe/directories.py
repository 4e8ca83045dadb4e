"""The model directory that the package brings, with Kaldi's settings for its references."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.command_line import ROOT

FOLDER = ROOT / "models" / "chain_ivector"

_READ = read_model_directory(FOLDER)
ONLINE = replace(
    _READ, words=replace(_READ.words, search=DecodingOptions(beam=15.0, lattice_beam=8.0, max_active=7000)), notes=()
)

EXPERIMENT = replace(
    ONLINE,
    layout="kaldi experiment",
    program="nnet3-latgen-faster",
    kaldi=KaldiOptions(frame_subsampling_factor=3, frames_per_chunk=50),
)

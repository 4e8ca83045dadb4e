"""The sound of tests/kaldi_speech, and the options with which Kaldi made features of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.options import FeatureRecipe, resolve_options
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, read_config

FOLDER = Path(__file__).parents[1] / "kaldi_speech" / "features"

# Options of every archive in the folders mfcc, fbank, plp and spectrogram, which were given beside --dither=0.
ARCHIVES: dict[str, str] = {
    "mfcc/default": "",
    "mfcc/hires": "config=conf/mfcc_hires.conf",
    "mfcc/snip_edges_false": "snip-edges=false",
    "mfcc/hires_snip_edges_false": "config=conf/mfcc_hires.conf snip-edges=false",
    "mfcc/use_energy_false": "use-energy=false",
    "mfcc/htk_compat": "htk-compat=true",
    "mfcc/htk_compat_use_energy_false": "htk-compat=true use-energy=false",
    "mfcc/vtln_warp1.1": "vtln-warp=1.1",
    "mfcc/vtln_warp0.9": "vtln-warp=0.9",
    "mfcc/vtln_warp1.1_low60_high7200": "vtln-warp=1.1 vtln-low=60 vtln-high=7200",
    "mfcc/vtln_map": "vtln-map=ark:vtln_map utt2spk=ark:utt2spk",
    "mfcc/window_hamming": "window-type=hamming",
    "mfcc/window_hanning": "window-type=hanning",
    "mfcc/window_rectangular": "window-type=rectangular",
    "mfcc/window_blackman": "window-type=blackman",
    "mfcc/window_sine": "window-type=sine",
    "mfcc/window_povey": "window-type=povey",
    "mfcc/window_blackman0.3": "window-type=blackman blackman-coeff=0.3",
    "mfcc/cepstral_lifter0": "cepstral-lifter=0",
    "mfcc/cepstral_lifter10_num_ceps20": "cepstral-lifter=10 num-ceps=20",
    "mfcc/raw_energy_false": "raw-energy=false",
    "mfcc/energy_floor1": "energy-floor=1",
    "mfcc/energy_floor1e7_raw_energy_false": "energy-floor=1e7 raw-energy=false",
    "mfcc/low100_high7000": "low-freq=100 high-freq=7000",
    "mfcc/high-100": "high-freq=-100",
    "mfcc/bins30_ceps30": "num-mel-bins=30 num-ceps=30",
    "mfcc/preemph0": "preemphasis-coefficient=0",
    "mfcc/preemph0.5": "preemphasis-coefficient=0.5",
    "mfcc/remove_dc_offset_false": "remove-dc-offset=false",
    "mfcc/round_to_power_of_two_false": "round-to-power-of-two=false",
    "mfcc/shift12.5_length20": "frame-shift=12.5 frame-length=20",
    "mfcc/shift12.5_length20_snip_edges_false": "frame-shift=12.5 frame-length=20 snip-edges=false",
    "mfcc/subtract_mean": "subtract-mean=true",
    "mfcc/allow_downsample_8000": "allow-downsample=true sample-frequency=8000",
    "mfcc/allow_downsample_11025": "allow-downsample=true sample-frequency=11025",
    "mfcc/allow_upsample_w8k": "allow-upsample=true sample-frequency=16000",
    "mfcc/w8k": "sample-frequency=8000",
    "mfcc/w8k_hires": "sample-frequency=8000 num-mel-bins=40 num-ceps=40 use-energy=false low-freq=40 high-freq=-200",
    "mfcc/stereo_ch0": "channel=0",
    "mfcc/stereo_ch1": "channel=1",
    "mfcc/stereo_default_channel": "",
    "mfcc/min_duration0.5": "min-duration=0.5",
    "fbank/default23": "",
    "fbank/bins40": "num-mel-bins=40",
    "fbank/bins80": "num-mel-bins=80",
    "fbank/use_log_fbank_false": "use-log-fbank=false",
    "fbank/use_power_false": "use-power=false",
    "fbank/use_energy": "use-energy=true",
    "fbank/use_energy_htk_compat": "use-energy=true htk-compat=true",
    "fbank/use_energy_floor1_raw_energy_false": "use-energy=true energy-floor=1 raw-energy=false",
    "fbank/hamming_snip_edges_false": "snip-edges=false window-type=hamming low-freq=64 high-freq=-300 num-mel-bins=40",
    "fbank/bins40_vtln_warp1.1": "vtln-warp=1.1 num-mel-bins=40",
    "fbank/bins40_allow_downsample_8000": "allow-downsample=true sample-frequency=8000 num-mel-bins=40",
    "plp/default": "",
    "plp/use_energy_false": "use-energy=false",
    "plp/lpc8_ceps9": "lpc-order=8 num-ceps=9",
    "plp/compress0.5_lifter0_scale2": "compress-factor=0.5 cepstral-lifter=0 cepstral-scale=2.0",
    "plp/htk_compat": "htk-compat=true",
    "plp/vtln_warp0.9_bins30": "vtln-warp=0.9 num-mel-bins=30",
    "plp/snip_edges_false_raw_energy_false_floor1": "snip-edges=false raw-energy=false energy-floor=1",
    "spectrogram/default": "",
    "spectrogram/hanning_floor1_raw_energy_false": "window-type=hanning energy-floor=1 raw-energy=false",
    "spectrogram/snip_edges_false_length16": "snip-edges=false frame-length=16",
}

WITH_DITHER = "mfcc/dither_default_run1"


@cache
def sound(name: str, channel: int = 0) -> tuple[NDArray[np.float32], int]:
    """The samples [N] of a recording and their rate."""
    soundfile = pytest.importorskip("soundfile")
    samples, rate = soundfile.read(FOLDER / "wav" / f"{name}.flac", dtype="int16", always_2d=True)
    return np.ascontiguousarray(samples[:, channel], np.float32), rate


def recipe_of(archive: str) -> FeatureRecipe:
    """What Kaldi was asked for."""
    options: list[ConfigOption] = []
    for text in ARCHIVES[archive].split():
        name, _, value = text.partition("=")
        options += read_config(FOLDER / value) if name == "config" else [ConfigOption(name, value, 1, archive)]
    return resolve_options(archive.partition("/")[0], options)


def kaldi_features(archive: str) -> dict[str, NDArray[np.float32]]:
    """What Kaldi computed, by recording."""
    return {key: np.asarray(features, np.float32) for key, features in read_table(f"ark:{FOLDER / archive}.ark")}


def pairs(name: str) -> dict[str, str]:
    """A table of texts by key, such as utt2spk."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}

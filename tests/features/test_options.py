from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.options import (
    FEATURE_TYPES,
    FbankOptions,
    FeatureRecipe,
    MfccOptions,
    PlpOptions,
    SpectrogramOptions,
    UtteranceOptions,
    option_kinds,
    resolve_options,
)
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, read_config
from ov_asr_score.settings.setting import settings_of
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings

CONF = Path(__file__).parents[1] / "kaldi_speech" / "features" / "conf"

FRAME = (
    "sample_frequency frame_length frame_shift preemphasis_coefficient remove_dc_offset dither window_type "
    "blackman_coeff round_to_power_of_two snip_edges allow_downsample allow_upsample max_feature_vectors"
)
MEL = "num_mel_bins low_freq high_freq vtln_low vtln_high debug_mel"
UTTERANCE = "output_format subtract_mean channel min_duration write_utt2dur"
WARP = "vtln_warp vtln_map utt2spk"
# What the programs list with --help, but for config, help, print-args and verbose.
PROGRAMS = {
    "mfcc": f"{FRAME} {MEL} {UTTERANCE} {WARP} num_ceps use_energy energy_floor raw_energy cepstral_lifter htk_compat",
    "fbank": f"{FRAME} {MEL} {UTTERANCE} {WARP} use_energy energy_floor raw_energy htk_compat use_log_fbank use_power",
    "plp": f"{FRAME} {MEL} {UTTERANCE} {WARP} lpc_order num_ceps use_energy energy_floor raw_energy compress_factor "
    "cepstral_lifter cepstral_scale htk_compat",
    "spectrogram": f"{FRAME} {UTTERANCE} energy_floor raw_energy return_raw_fft",
}


def lines(*texts: str) -> list[ConfigOption]:
    parts = [text.partition("=") for text in texts]
    return [ConfigOption(name, value, number, "x.conf") for number, (name, _, value) in enumerate(parts, 1)]


@pytest.mark.parametrize("kind", FEATURE_TYPES)
def test_options_are_those_of_kaldis_programs(kind: str) -> None:
    assert set(option_kinds(kind)) == set(PROGRAMS[kind].split())


def test_every_option_is_a_setting() -> None:
    settings = {each.name for bundle in (FeatureSettings, UtteranceSettings) for each in settings_of(bundle)}
    of_sound = {"allow_downsample", "allow_upsample"}
    assert settings | of_sound == set().union(*map(option_kinds, FEATURE_TYPES))
    assert FeatureSettings() == FeatureSettings(**{each.name: None for each in fields(FeatureSettings)})


def test_a_configuration_file() -> None:
    assert resolve_options("mfcc", read_config(CONF / "mfcc_hires.conf")) == FeatureRecipe(
        MfccOptions(mel=MelOptions(40, 20.0, -400.0), num_ceps=40, use_energy=False)
    )
    assert resolve_options("fbank", read_config(CONF / "fbank_synth.conf")).options == FbankOptions(
        mel=MelOptions(num_mel_bins=40)
    )


def test_what_is_given_comes_after_the_file() -> None:
    recipe = resolve_options(
        "plp",
        lines("num-ceps=9", "lpc-order=8", "subtract-mean=true", "frame-shift=5", "verbose=2"),
        {"num_ceps": 5, "snip_edges": False, "vtln_warp": 1.1, "low_freq": None, "high_freq": 7000},
    )
    assert recipe == FeatureRecipe(
        PlpOptions(FrameOptions(frame_shift=5.0, snip_edges=False), MelOptions(high_freq=7000.0), 8, 5),
        UtteranceOptions(subtract_mean=True, vtln_warp=float(np.float32(1.1))),
    )


def test_spectrogram() -> None:
    recipe = resolve_options("spectrogram", lines("return-raw-fft=true", "energy-floor=1"))
    assert recipe.options == SpectrogramOptions(energy_floor=1.0, return_raw_fft=True)


@pytest.mark.parametrize(
    ("kind", "texts", "message"),
    [
        ("mfcc", ("num-ceps=1", "use-power=1"), "line 2: .* found 'use-power', which only filterbank features have"),
        ("fbank", ("num-ceps=13",), "line 1: expected .* found 'num-ceps', which only MFCC and PLP features have"),
        ("spectrogram", ("num-mel-bins=40",), "line 1: expected .* which only MFCC, filterbank and PLP features have"),
        ("spectrogram", ("vtln-warp=1.1",), "line 1: expected .* which only MFCC, filterbank and PLP features have"),
        ("mfcc", ("htk-mode=true",), "line 1: expected an option of MFCC features, found 'htk-mode'; known: 'sample"),
        ("mfcc", ("num-cep=13",), "line 1: expected .*, found 'num-cep'; did you mean 'num-ceps'"),
        ("plp", ("cepstral-lifter=22.0",), "line 1: cepstral-lifter: expected an integer, found '22.0'"),
        ("mfcc", ("use-energy=no",), "line 1: use-energy: expected true or false, found 'no'"),
        ("mfcc", ("snip-edges=false", "num-ceps=24"), "line 2: num-ceps: expected 1 to 23, .* num-mel-bins, found 24"),
        ("mfcc", ("low-freq=0", "high-freq=9000"), "line 1: low-freq and high-freq: expected .* found 0 and 9000"),
        ("mfcc", ("high-freq=9000",), "line 1: low-freq and high-freq: expected 0 to 8000 Hz, .* found 20 and 9000"),
        ("fbank", ("frame-length=0",), "line 1: frame-length: expected a time of 1 to 131072 samples, found 0 ms"),
        ("fbank", ("output-format=htk",), "line 1: output-format: expected kaldi, found 'htk'"),
        ("fbank", ("utt2spk=ark:x",), "line 1: utt2spk: says the speakers of vtln-map, which is not given"),
        ("plp", ("num-ceps=14",), "line 1: num-ceps: expected 1 to 13, one more than lpc-order, found 14"),
        ("plp", ("lpc-order=8",), "line 1: num-ceps: expected 1 to 9, one more than lpc-order, found 13"),
        ("plp", ("lpc-order=-1",), "line 1: lpc-order: expected 0 to 1000, found -1"),
        ("mfcc", ("num-ceps=0",), "line 1: num-ceps: expected 1 to 23, as many as num-mel-bins, found 0"),
        ("mfcc", ("channel=-2",), "line 1: channel: expected 0 or more, or -1, found -2"),
    ],
)  # fmt: skip
def test_what_a_file_must_not_hold(kind: str, texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigFormatError, match=rf"^x\.conf: {message}"):
        resolve_options(kind, lines(*texts))


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("spectrogram", {"num_ceps": 13}, "num_ceps: expected an option of spectrogram features, which only M"),
        ("mfcc", {"num_cep": 13}, "num_cep: expected an option of MFCC features; did you mean 'num_ceps'"),
        ("plp", {"cepstral_lifter": 2.5}, "cepstral_lifter: expected an integer for PLP features, found 2.5"),
        ("mfcc", {"use_energy": "yes"}, "use_energy: expected true or false for MFCC features, found yes"),
        ("mfcc", {"num_ceps": True}, "num_ceps: expected an integer for MFCC features, found True"),
        ("mfcc", {"num_ceps": 30}, "num_ceps: expected 1 to 23, as many as num_mel_bins, found 30"),
    ],
)  # fmt: skip
def test_what_must_not_be_given(kind: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}") as caught:
        resolve_options(kind, (), given)
    assert set(caught.value.fields) & set(given)


def test_what_is_given_repairs_the_file() -> None:
    assert resolve_options("mfcc", lines("num-ceps=30"), {"num_mel_bins": 30}).options.frame == FrameOptions()
    assert resolve_options("plp", (), {"cepstral_lifter": 10.0}).options == PlpOptions(cepstral_lifter=10)


def test_given_numbers_are_of_single_precision() -> None:
    found = resolve_options("mfcc", given={"energy_floor": 0.1}).options
    assert isinstance(found, MfccOptions)
    assert found.energy_floor == float(np.float32(0.1))
    for kind, name in (("mfcc", "energy_floor"), ("fbank", "sample_frequency"), ("plp", "vtln_low")):
        with pytest.raises(UsageError, match=f"{name}: expected a number of single precision, found 1e\\+40"):
            resolve_options(kind, given={name: 1e40})
    with pytest.raises(UsageError, match="cepstral_lifter: expected an integer for PLP features"):
        resolve_options("plp", given={"cepstral_lifter": 1e40})
    with pytest.raises(UsageError, match="cepstral_lifter: expected a finite number, found inf"):
        resolve_options("mfcc", given={"cepstral_lifter": float("inf")})

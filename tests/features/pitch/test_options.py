from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.features.pitch.options import (
    PitchExtractionOptions,
    PitchRecipe,
    ProcessPitchOptions,
    pitch_option_kinds,
    resolve_pitch_options,
)
from ov_asr_score.kaldi_io.files.config_file import ConfigOption
from ov_asr_score.settings.speech.features import FeatureSettings
from ov_asr_score.settings.speech.pitch import PitchSettings, pitch_values

# What compute-and-process-kaldi-pitch-feats lists with --help, but for config, help, print-args and verbose.
PROGRAM = (
    "add-delta-pitch add-normalized-log-pitch add-pov-feature add-raw-log-pitch delay delta-pitch "
    "delta-pitch-noise-stddev delta-pitch-scale delta-window frame-length frame-shift frames-per-chunk lowpass-cutoff "
    "lowpass-filter-width max-f0 max-frames-latency min-f0 nccf-ballast nccf-ballast-online "
    "normalization-left-context normalization-right-context penalty-factor pitch-scale pov-offset pov-scale "
    "preemphasis-coefficient recompute-frame resample-frequency sample-frequency simulate-first-pass-online snip-edges "
    "soft-min-f0 upsample-filter-width"
)


def lines(*texts: str) -> list[ConfigOption]:
    parts = [text.partition("=") for text in texts]
    return [ConfigOption(name, value, number, "pitch.conf") for number, (name, _, value) in enumerate(parts, 1)]


def test_options_are_those_of_kaldis_program() -> None:
    assert set(pitch_option_kinds()) == set(PROGRAM.replace("-", "_").split())


def test_every_option_is_a_setting() -> None:
    shared = {each.name for each in fields(FeatureSettings)}
    assert set(pitch_values(PitchSettings())) == set(pitch_option_kinds()) - shared
    assert set(pitch_values(PitchSettings()).values()) == {None}
    assert pitch_values(PitchSettings(pitch_delta_window=3, delay=1)).items() >= {"delta_window": 3, "delay": 1}.items()


def test_what_is_given_comes_after_the_file() -> None:
    recipe = resolve_pitch_options(
        lines("sample-frequency=8000", "delta-window=3", "min-f0=60", "verbose=1", "add-raw-log-pitch=true"),
        {"min_f0": 70, "delay": 2, "max_f0": None},
    )
    assert recipe == PitchRecipe(
        PitchExtractionOptions(sample_frequency=8000.0, min_f0=70.0),
        ProcessPitchOptions(delta_window=3, delay=2, add_raw_log_pitch=True),
    )


def test_sizes_are_cut_off_as_kaldi_does() -> None:
    options = PitchExtractionOptions(
        resample_frequency=3000.0, frame_length=20.1, frame_shift=12.5, sample_frequency=11025.0, frames_per_chunk=7
    )
    assert (options.window_size, options.window_shift, options.samples_per_chunk) == (60, 37, 964)
    assert (PitchExtractionOptions().first_lag, PitchExtractionOptions().last_lag) == (8, 82)
    assert PitchExtractionOptions().lookahead == pytest.approx(0.046)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("min-f0=50", "num-ceps=13"), "line 2: expected an option of pitch features, found 'num-ceps'"),
        (("min-f=50",), "line 1: .* did you mean 'min-f0'"),
        (("min-f0=low",), "line 1: min-f0: expected a number, found 'low'"),
        (("min-f0=0",), "line 1: min-f0: expected more than 0, up to max-f0 400, found 0"),
        (("max-f0=40",), "line 1: min-f0: expected more than 0, up to max-f0 40, found 50"),
        (("max-f0=2700",), "line 1: max-f0: expected less with upsample-filter-width 5 at 4000 Hz, found 2700"),
        (("min-f0=0.0001",), "line 1: min-f0: expected more at 4000 Hz, found 0.0001"),
        (("delta-pitch=0",), "line 1: delta-pitch: expected more, found 0"),
        (("delta-pitch=1e-5",), "line 1: delta-pitch: expected more, found 1e-05"),
        (("lowpass-cutoff=2001",), "line 1: lowpass-cutoff: expected .* half of the sampling rate 16000 .* found 2001"),
        (("sample-frequency=1999",), "line 1: lowpass-cutoff: .* rate 1999 and .* 4000, found 1000"),
        (("resample-frequency=0",), "line 1: resample-frequency: expected 1 or more, found 0"),
        (("sample-frequency=-1",), "line 1: sample-frequency: expected 1 or more, found -1"),
        (("frame-shift=0.2",), "line 1: frame-shift: expected a time of 1 to 1048576 samples at 4000 Hz, found 0.2 ms"),
        (("frame-length=inf",), "line 1: frame-length: expected a finite number, found inf"),
        (("frame-length=1e9",), "line 1: frame-length: expected a time of 1 to 1048576 samples .* found 1e"),
        (("penalty-factor=-1",), "line 1: penalty-factor: expected 0 or more, found -1"),
        (("max-frames-latency=-1",), "line 1: max-frames-latency: expected 0 or more, found -1"),
        (("lowpass-filter-width=0",), "line 1: lowpass-filter-width: expected 1 to 1000, found 0"),
        (("frames-per-chunk=-1",), "line 1: frames-per-chunk: expected chunks of a sample or more, found -1"),
        (("simulate-first-pass-online=true",), "line 1: simulate-first-pass-online: expected frames-per-chunk with it"),
        (("delay=-1",), "line 1: delay: expected 0 or more, found -1"),
        (("delta-window=0",), "line 1: delta-window: expected 1 to 999, found 0"),
        (
            ("add-pov-feature=false", "add-normalized-log-pitch=f", "add-delta-pitch=0"),
            "line 1: add-pov-feature: expected one of the four columns at least, found none",
        ),
    ],
)
def test_what_a_file_must_not_hold(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigFormatError, match=rf"^pitch\.conf: {message}"):
        resolve_pitch_options(lines(*texts))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_f": 50}, "min_f: expected an option of pitch features; did you mean 'min_f0'"),
        ({"delay": 1.5}, "delay: expected an integer for pitch features, found 1.5"),
        ({"delay": True}, "delay: expected an integer for pitch features, found True"),
        ({"snip_edges": "no"}, "snip_edges: expected true or false for pitch features, found no"),
        ({"max_f0": 20.0}, "min_f0: expected more than 0, up to max_f0 20, found 50"),
    ],
)
def test_what_must_not_be_given(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}") as caught:
        resolve_pitch_options((), given)
    assert set(caught.value.fields) & set(given)


def test_what_is_given_repairs_the_file() -> None:
    assert resolve_pitch_options(lines("max-f0=40"), {"min_f0": 30}).extraction.min_f0 == 30.0


def test_given_numbers_are_of_single_precision() -> None:
    assert resolve_pitch_options(given={"pov_offset": 0.1}).processing.pov_offset == float(np.float32(0.1))
    with pytest.raises(UsageError, match="pov_offset: expected a number of single precision"):
        resolve_pitch_options(given={"pov_offset": -1e40})

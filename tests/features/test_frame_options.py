from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.features.frame_options import FrameOptions, MelOptions


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        (FrameOptions(), (160, 400, 512)),
        (FrameOptions(round_to_power_of_two=False), (160, 400, 400)),
        (FrameOptions(sample_frequency=8000), (80, 200, 256)),
        (FrameOptions(sample_frequency=11025), (110, 275, 512)),
        (FrameOptions(frame_shift=12.5, frame_length=16), (200, 256, 256)),
        # 12.3 is a little more in single precision, 0.3 * 16 = 4.8 is cut
        (FrameOptions(frame_length=0.3), (160, 4, 4)),
    ],
)
def test_sizes_in_samples(options: FrameOptions, sizes: tuple[int, int, int]) -> None:
    assert (options.window_shift, options.window_size, options.padded_window_size) == sizes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sample_frequency": 0.0}, "sample_frequency: expected more than 0, found 0"),
        ({"sample_frequency": float("nan")}, "sample_frequency: expected more than 0, found nan"),
        ({"frame_length": 0.06}, "frame_length: expected a time of 1 to 131072 samples, found 0.06 ms at 16000 Hz"),
        ({"frame_length": float("inf")}, "frame_length: expected a time of 1 to 131072 samples, found inf ms"),
        ({"frame_length": 8193.0}, "frame_length: expected a time of 1 to 131072 samples, found 8193 ms"),
        ({"frame_shift": -10.0}, "frame_shift: expected a time of 1 to 131072 samples, found -10 ms"),
        ({"frame_length": 0.125}, "frame_length: expected an even number of samples from 4 on for the FFT, found 2"),
        ({"frame_length": 25.0625, "round_to_power_of_two": False}, "frame_length: expected an even number .* 401"),
        ({"preemphasis_coefficient": 1.1}, "preemphasis_coefficient: expected 0 to 1, found 1.1"),
        ({"window_type": "hann"}, "window_type: expected one of hamming, hanning, .*, found 'hann'"),
        ({"dither": float("nan")}, "dither: expected a finite number, found nan"),
        ({"blackman_coeff": float("inf")}, "blackman_coeff: expected a finite number, found inf"),
    ],
)
def test_what_kaldi_cannot_compute(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}") as caught:
        FrameOptions(**values)
    assert all(name in str(caught.value) for name in caught.value.fields)
    assert set(caught.value.fields) & set(values)


@pytest.mark.parametrize(
    ("mel", "limits"),
    [
        (MelOptions(), (20, 8000)),
        (MelOptions(low_freq=0, high_freq=7600), (0, 7600)),
        (MelOptions(high_freq=-400), (20, 7600)),
        (MelOptions(high_freq=8000), (20, 8000)),
    ],
)
def test_limits_of_mel_bins(mel: MelOptions, limits: tuple[float, float]) -> None:
    assert mel.limits(16000) == limits


@pytest.mark.parametrize(
    "values",
    [
        *({"low_freq": -1.0}, {"low_freq": 8000.0}, {"high_freq": 8000.1}, {"high_freq": -8000.0}, {"high_freq": 20.0}),
        *({"low_freq": float("nan")}, {"high_freq": float("nan")}, {"high_freq": float("inf")}),
    ],
)
def test_limits_that_kaldi_refuses(values: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"^low_freq and high_freq: expected 0 to 8000 Hz, .*, found "):
        replace(MelOptions(), **values).limits(16000)  # type: ignore[arg-type]

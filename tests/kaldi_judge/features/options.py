"""Options of Kaldi's programs with values to try, most of them sensible; and what may stand in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Values = Sequence[object]
_FLAG: Values = ("true", "false")

FRAMES: Mapping[str, Values] = {
    "frame-length": (25, 20, 10, 32, 16, 30.5, 12.3, 5, 1, 0.5, 0, -1, 400),
    "frame-shift": (10, 5, 12.5, 7.3, 1, 40, 100, 0.0625, 0, -1),
    "preemphasis-coefficient": (0.97, 0, 0.5, 1, 0.9, 1.5, -0.1),
    "snip-edges": _FLAG,
}
_SPECTRA: Mapping[str, Values] = {
    **FRAMES,
    "remove-dc-offset": _FLAG,
    "window-type": ("hamming", "hanning", "povey", "rectangular", "sine", "blackman", "blackmann", "Povey", ""),
    "blackman-coeff": (0.42, 0.3, 0, 1, -1),
    "round-to-power-of-two": _FLAG,
    "max-feature-vectors": (-1, 5, 0),
    "subtract-mean": _FLAG,
    "channel": (-1, 0, 1, 0, 2, -2),
    "min-duration": (0, 0.1, 0.5, 10, -1),
    "allow-downsample": _FLAG,
    "allow-upsample": _FLAG,
    "energy-floor": (0, 1, 0.1, 1e7, 1e-10, -1),
    "raw-energy": _FLAG,
}
_MEL: Mapping[str, Values] = {
    "num-mel-bins": (23, 40, 80, 30, 20, 15, 128, 3, 2, 0, -1),
    "low-freq": (20, 0, 64, 100, 300, -10, 4000),
    "high-freq": (0, -400, -200, 3800, 4000, 7600, 8000, 9000, -20000),
    "vtln-warp": (1, 0.9, 1.1, 0.8, 1.25, 0.5, 2, 0, -1),
    "vtln-low": (100, 60, 300, 0, 10, 5000),
    "vtln-high": (-500, -300, 7000, 3000, 0, 9000),
    "use-energy": _FLAG,
    "htk-compat": _FLAG,
    "debug-mel": ("false",),
}
COMPUTATION: Mapping[str, Mapping[str, Values]] = {
    "mfcc": {**_SPECTRA, **_MEL, "num-ceps": (13, 20, 40, 12, 1, 23, 0, 60), "cepstral-lifter": (22, 0, 10, 1.5, -3)},
    "fbank": {**_SPECTRA, **_MEL, "use-log-fbank": _FLAG, "use-power": _FLAG},
    "plp": {
        **_SPECTRA,
        **_MEL,
        "num-ceps": (13, 9, 12, 1, 5, 0, 20),
        "lpc-order": (12, 8, 15, 20, 2, 1, 0),
        "compress-factor": (0.33333, 0.5, 1, 0.1, 0),
        "cepstral-lifter": (22, 0, 10, 1.5),
        "cepstral-scale": (1, 2, 0.1, 0),
    },
    "spectrogram": {**_SPECTRA, "return-raw-fft": _FLAG},
}
PITCH: Mapping[str, Values] = {
    **{name: values for name, values in FRAMES.items() if name != "preemphasis-coefficient"},
    "preemphasis-coefficient": (0, 0.5, 0.97),
    "min-f0": (50, 80, 60, 100, 20, 10, 500),
    "max-f0": (400, 300, 500, 800, 40),
    "soft-min-f0": (10, 20, 5, 80),
    "penalty-factor": (0.1, 0.2, 0, 1),
    "lowpass-cutoff": (1000, 800, 1500, 3000),
    "resample-frequency": (4000, 3000, 2000, 8000),
    "delta-pitch": (0.005, 0.01, 0.02),
    "nccf-ballast": (7000, 1000, 0, 50000),
    "nccf-ballast-online": _FLAG,
    "lowpass-filter-width": (1, 2, 3),
    "upsample-filter-width": (5, 3, 8),
    "frames-per-chunk": (0, 10, 1, 100),
    "simulate-first-pass-online": _FLAG,
    "recompute-frame": (500, 10, 50),
    "max-frames-latency": (0, 30, 5),
}
PROCESSING: Mapping[str, Values] = {
    "pitch-scale": (2, 1, 0.5),
    "pov-scale": (2, 1),
    "pov-offset": (0, 0.5),
    "delta-pitch-scale": (10, 5),
    "normalization-left-context": (75, 20, 0, 1),
    "normalization-right-context": (75, 10, 0, 5),
    "delta-window": (2, 3, 1, 5, 0),
    "delay": (0, 3, 10, 1000),
    "add-pov-feature": _FLAG,
    "add-normalized-log-pitch": _FLAG,
    "add-delta-pitch": _FLAG,
    "add-raw-log-pitch": _FLAG,
}
IVECTORS: Mapping[str, Values] = {
    "ivector-period": (10, 1, 3, 7, 100, 0),
    "num-gselect": (5, 1, 3, 20, 64, 0),
    "min-post": (0.025, 0.1, 0, 0.3, 0.9, 1),
    "posterior-scale": (0.1, 1, 0.5, 0.01, 0, 2),
    "max-count": (0, 100, 20, 1, 0.5),
    "max-remembered-frames": (1000, 50, 0, 5),
    "greedy-ivector-extractor": _FLAG,
    "use-most-recent-ivector": _FLAG,
    "online-cmvn-iextractor": _FLAG,
    "repeat": _FLAG,
    "length-tolerance": (0, 1, 5),
}
_ODD = ("", "abc", "1e", " 5", "5 ", "0x10", "inf", "nan", "+3", "1e2", "1.5", "T", "f", "yes", "99999999999", "1e40")
_WRONG_NAMES = ("frame-lenght", "num_mel_bin", "delta", "use-log-fbank", "num-ceps", "lpc-order", "min-f0")


def random_options(known: Mapping[str, Values], chance: np.random.Generator, *, odd: float = 0.02) -> dict[str, str]:
    """Some of the ``known`` options with values; seldom a value that is none, or an option of something else."""
    names = list(known)
    count = min(len(names), int(chance.choice((0, 1, 1, 2, 2, 3, 3, 4, 6, 9))))
    options = {}
    for name in chance.choice(names, count, replace=False):
        values = known[str(name)]
        # the first ones are the sensible ones
        place = int(chance.integers(len(values)) if chance.random() < 0.2 else chance.integers((len(values) + 1) // 2))
        value = str(values[place])
        if values == _FLAG and chance.random() < 0.1:
            value = str(chance.choice(("T", "f", "1", "0", "True", "FALSE")))
        options[str(name)] = str(chance.choice(_ODD)) if chance.random() < odd else value
    if chance.random() < odd:
        options[str(chance.choice(_WRONG_NAMES))] = "3"
    return options


def spelled(options: Mapping[str, str], chance: np.random.Generator) -> list[str]:
    """The options as arguments, now and then with ``_`` or capitals in their names, as Kaldi takes them."""
    words = []
    for name, value in options.items():
        shown = name.replace("-", "_") if chance.random() < 0.1 else name
        words.append(f"--{shown}={value}")
    return words

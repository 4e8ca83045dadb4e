"""Options of each type of features, with Kaldi's defaults, and how they come from configuration files and settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeAlias

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.mel_banks import mel_banks
from ov_asr_score.kaldi_io.files.config_file import ConfigOption
from ov_asr_score.kaldi_io.files.joined_options import checked_options, join_options
from ov_asr_score.text import clipped


@dataclass(frozen=True, slots=True)
class MfccOptions:
    """Mel-frequency cepstral coefficients. Kaldi: feat/feature-mfcc.h."""

    frame: FrameOptions = field(default_factory=FrameOptions)
    mel: MelOptions = field(default_factory=MelOptions)
    num_ceps: int = 13
    use_energy: bool = True
    energy_floor: float = 0.0
    raw_energy: bool = True
    cepstral_lifter: float = 22.0
    htk_compat: bool = False

    def __post_init__(self) -> None:
        """Refuse what Kaldi cannot compute either."""
        _check_num_ceps(self.num_ceps, self.mel.num_mel_bins, "num_mel_bins")
        if not math.isfinite(self.cepstral_lifter):
            raise UsageError(
                f"cepstral_lifter: expected a finite number, found {self.cepstral_lifter:g}",
                fields=("cepstral_lifter",),
            )
        mel_banks(self.mel, self.frame)


@dataclass(frozen=True, slots=True)
class FbankOptions:
    """Energies of mel bins. Kaldi: feat/feature-fbank.h."""

    frame: FrameOptions = field(default_factory=FrameOptions)
    mel: MelOptions = field(default_factory=MelOptions)
    use_energy: bool = False
    energy_floor: float = 0.0
    raw_energy: bool = True
    htk_compat: bool = False
    use_log_fbank: bool = True
    use_power: bool = True

    def __post_init__(self) -> None:
        """Refuse what Kaldi cannot compute either."""
        mel_banks(self.mel, self.frame)


@dataclass(frozen=True, slots=True)
class PlpOptions:
    """Perceptual linear prediction. Kaldi: feat/feature-plp.h."""

    frame: FrameOptions = field(default_factory=FrameOptions)
    mel: MelOptions = field(default_factory=MelOptions)
    lpc_order: int = 12
    num_ceps: int = 13
    use_energy: bool = True
    energy_floor: float = 0.0
    raw_energy: bool = True
    compress_factor: float = 0.33333
    cepstral_lifter: int = 22
    cepstral_scale: float = 1.0
    htk_compat: bool = False

    def __post_init__(self) -> None:
        """Refuse what Kaldi cannot compute either."""
        if not 0 <= self.lpc_order <= MOST_LPC_ORDER:
            raise UsageError(
                f"lpc_order: expected 0 to {MOST_LPC_ORDER}, found {self.lpc_order}", fields=("lpc_order",)
            )
        _check_num_ceps(self.num_ceps, self.lpc_order + 1, "lpc_order", ", one more than lpc_order")
        mel_banks(self.mel, self.frame)


MOST_LPC_ORDER = 1000
"""Kaldi has no limit; the work grows with the square."""


@dataclass(frozen=True, slots=True)
class SpectrogramOptions:
    """Logarithms of the power of all frequencies. Kaldi: feat/feature-spectrogram.h."""

    frame: FrameOptions = field(default_factory=FrameOptions)
    energy_floor: float = 0.0
    raw_energy: bool = True
    return_raw_fft: bool = False


FeatureOptions: TypeAlias = MfccOptions | FbankOptions | PlpOptions | SpectrogramOptions


@dataclass(frozen=True, slots=True)
class UtteranceOptions:
    """What becomes of an utterance before and after: the options of compute-mfcc-feats that are not of MFCC.

    ``vtln_map`` (by utterance, or by speaker with ``utt2spk``) and ``utt2spk`` are tables to read, ``write_utt2dur`` is
    one to write; empty for none. ``channel`` -1: the first. ``min_duration`` in seconds.
    """

    subtract_mean: bool = False
    vtln_warp: float = 1.0
    vtln_map: str = ""
    utt2spk: str = ""
    channel: int = -1
    min_duration: float = 0.0
    write_utt2dur: str = ""
    output_format: str = "kaldi"

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.channel < -1:
            raise UsageError(f"channel: expected 0 or more, or -1, found {self.channel}", fields=("channel",))
        if self.output_format != "kaldi":
            raise UsageError(
                f"output_format: expected kaldi, found {clipped(self.output_format)}", fields=("output_format",)
            )
        if self.utt2spk and not self.vtln_map:
            raise UsageError(
                "utt2spk: says the speakers of vtln_map, which is not given; feature_utt2spk says those of CMVN",
                fields=("utt2spk", "vtln_map", "feature_utt2spk"),
            )


@dataclass(frozen=True, slots=True)
class FeatureRecipe:
    """Everything that was asked of features: how frames are computed, and what becomes of utterances."""

    options: FeatureOptions
    utterance: UtteranceOptions = field(default_factory=UtteranceOptions)


FEATURE_TYPES: Mapping[str, type[FeatureOptions]] = {
    "mfcc": MfccOptions,
    "fbank": FbankOptions,
    "plp": PlpOptions,
    "spectrogram": SpectrogramOptions,
}
TITLES: Mapping[str, str] = {"mfcc": "MFCC", "fbank": "filterbank", "plp": "PLP", "spectrogram": "spectrogram"}
_HIDDEN = frozenset({"htk_mode"})
_ONLY_WITH_MEL_BINS = frozenset({"vtln_warp", "vtln_map", "utt2spk"})


def option_kinds(kind: str) -> dict[str, type]:
    """The options of a type of features (a key of FEATURE_TYPES) by their names with ``_``, with their types."""
    kinds = {name: type(value) for name, value in _flat(FEATURE_TYPES[kind]()).items() if name not in _HIDDEN}
    kinds |= {name: type(value) for name, value in _flat(UtteranceOptions()).items()}
    return {name: of for name, of in kinds.items() if kind != "spectrogram" or name not in _ONLY_WITH_MEL_BINS}


def resolve_options(
    kind: str, config: Iterable[ConfigOption] = (), given: Mapping[str, object] | None = None
) -> FeatureRecipe:
    """The options of features of type ``kind``: first those of a configuration file, then those ``given`` by name.

    ``given`` values of None are not given. Raises ConfigFormatError with file and line for an option of the file that
    is unknown, of another type of features, or has a value that is no value of it; and UsageError for such ``given``.
    """
    lines = list(config)
    kinds = option_kinds(kind)
    subject = f"{TITLES[kind]} features"
    for line in lines:
        if line.name.replace("-", "_") not in kinds and (why := _only_in(line.name.replace("-", "_"))):
            raise ConfigFormatError(f"{line.place}: expected an option of {subject}, found '{line.name}'{why}")
    joined = join_options(lines, checked_options(given or {}, kinds, subject, _only_in), kinds, subject)
    with joined.place_of_errors():
        return FeatureRecipe(_nested(FEATURE_TYPES[kind], joined.values), _nested(UtteranceOptions, joined.values))


def _only_in(name: str) -> str:
    others = _types_with(name)
    return f", which only {others} features have" if others else ""


def _types_with(name: str) -> str:
    """The types of features that have an option: ``MFCC and PLP``; empty for an unknown one."""
    titles = [f"{TITLES[kind]}" for kind in FEATURE_TYPES if name in option_kinds(kind)]
    return " and ".join((", ".join(titles[:-1]), titles[-1])) if len(titles) > 1 else "".join(titles)


def _flat(options: Any) -> dict[str, Any]:
    """The values of options and of those in them, by name."""
    flat: dict[str, Any] = {}
    for each in fields(options):
        value = getattr(options, each.name)
        flat |= _flat(value) if is_dataclass(value) else {each.name: value}
    return flat


def _nested(bundle: Any, values: Mapping[str, object]) -> Any:
    """An object of ``bundle`` with those of the ``values`` that are its fields, or in the bundles in it."""
    default, inner = bundle(), {}
    for each in fields(bundle):
        value = getattr(default, each.name)
        if is_dataclass(value):
            inner[each.name] = _nested(type(value), values)
        elif each.name in values:
            inner[each.name] = values[each.name]
    return bundle(**inner)


def _check_num_ceps(found: int, most: int, other: str, what: str = "") -> None:
    if not 1 <= found <= most:
        what = what or f", as many as {other}"
        raise UsageError(f"num_ceps: expected 1 to {most}{what}, found {found}", fields=("num_ceps", other))

"""What may be asked of the computation of features, in the words of Kaldi's compute-mfcc-feats and its siblings.

Everything is None where it is not asked for: then a configuration file says it, or else the default of the type of
features. ``ov_asr_score/features/options.py`` knows these defaults, and which types have which options.

Tests: tests/settings/test_setting.py, tests/features/test_options.py
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ov_asr_score.settings.setting import FEATURES, Setting, parse_flag

FeatureType = Literal["mfcc", "fbank", "plp", "spectrogram"]
WindowType = Literal["hamming", "hanning", "povey", "rectangular", "sine", "blackman"]


def _number(help: str, metavar: str, **more: Any) -> Setting:
    # Ranges depend on each other and on the type of features, and are checked with it.
    return Setting(help, metavar=metavar, panel=FEATURES, checked_later=True, changes_bytes=True, **more)


def _flag(help: str) -> Setting:
    return Setting(help, metavar="true|false", panel=FEATURES, parse=parse_flag, changes_bytes=True)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Options of the computation; frequencies in Hz, frames in milliseconds."""

    sample_frequency: Annotated[
        float | None, _number("Sampling rate of the sound (default 16000); see --allow-downsample.", "HZ")
    ] = None
    frame_length: Annotated[float | None, _number("Length of a frame (default 25).", "MS")] = None
    frame_shift: Annotated[float | None, _number("From the start of a frame to the next (default 10).", "MS")] = None
    snip_edges: Annotated[
        bool | None,
        _flag(
            "Only frames that lie completely in the sound (default true); false: one for every shift, with the sound "
            "mirrored at its ends."
        ),
    ] = None
    dither: Annotated[
        float | None,
        _number("Noise that is added to the samples (default 0; 1 in Kaldi), of our own random numbers.", "X"),
    ] = None
    remove_dc_offset: Annotated[bool | None, _flag("Subtract the mean from every frame (default true).")] = None
    preemphasis_coefficient: Annotated[float | None, _number("Coefficient of preemphasis (default 0.97).", "X")] = None
    window_type: Annotated[
        WindowType | None, Setting("Window of a frame (default povey).", panel=FEATURES, changes_bytes=True)
    ] = None
    blackman_coeff: Annotated[float | None, _number("Constant of the Blackman window (default 0.42).", "X")] = None
    round_to_power_of_two: Annotated[
        bool | None, _flag("Fill the frame with zeros up to a power of two before the FFT (default true).")
    ] = None
    max_feature_vectors: Annotated[
        int | None, _number("Taken for the sake of Kaldi's configuration files; without effect.", "N")
    ] = None
    num_mel_bins: Annotated[
        int | None, _number("Mel bins (default 23); not for spectrograms, as all that follows of mel bins.", "N")
    ] = None
    low_freq: Annotated[float | None, _number("Lowest frequency of the mel bins (default 20).", "HZ")] = None
    high_freq: Annotated[
        float | None,
        _number("Highest frequency of the mel bins (default 0); 0 or less is added to half of the rate.", "HZ"),
    ] = None
    vtln_low: Annotated[
        float | None, _number("Lower bend of the warp for the length of the vocal tract (default 100).", "HZ")
    ] = None
    vtln_high: Annotated[
        float | None,
        _number("Upper bend of that warp (default -500); less than 0 is added to half of the rate.", "HZ"),
    ] = None
    debug_mel: Annotated[bool | None, _flag("Taken as Kaldi does; nothing is printed.")] = None
    num_ceps: Annotated[int | None, _number("Cepstral coefficients, C0 included (default 13); MFCC and PLP.", "N")] = (
        None
    )
    cepstral_lifter: Annotated[
        float | None, _number("Scaling of cepstra (default 22), 0: none; an integer for PLP. MFCC and PLP.", "X")
    ] = None
    cepstral_scale: Annotated[float | None, _number("Factor of all cepstra (default 1); PLP.", "X")] = None
    lpc_order: Annotated[int | None, _number("Order of linear prediction (default 12); PLP.", "N")] = None
    compress_factor: Annotated[
        float | None, _number("Power to which mel energies are raised (default 0.33333); PLP.", "X")
    ] = None
    use_energy: Annotated[
        bool | None,
        _flag(
            "The log energy of the frame in place of C0 (default true); filterbank: as one more column (default false)."
        ),
    ] = None
    energy_floor: Annotated[
        float | None, _number("Least energy of a frame, before its logarithm is taken (default 0).", "X")
    ] = None
    raw_energy: Annotated[bool | None, _flag("Energy of the frame before preemphasis and window (default true).")] = (
        None
    )
    htk_compat: Annotated[
        bool | None, _flag("The energy or C0 in the last column (default false); not for spectrograms.")
    ] = None
    use_log_fbank: Annotated[bool | None, _flag("Logarithms of mel energies (default true); filterbank.")] = None
    use_power: Annotated[
        bool | None, _flag("Mel bins of the power, not of the magnitude (default true); filterbank.")
    ] = None
    return_raw_fft: Annotated[
        bool | None, _flag("The FFT itself, not the logarithm of its power (default false); spectrogram.")
    ] = None


@dataclass(frozen=True, slots=True)
class UtteranceSettings:
    """Options of the same programs that say what becomes of an utterance before or after the computation."""

    subtract_mean: Annotated[
        bool | None, _flag("Subtract the mean of the features of each utterance (default false).")
    ] = None
    vtln_warp: Annotated[
        float | None, _number("Factor of the warp for the length of the vocal tract (default 1: none).", "X")
    ] = None
    vtln_map: Annotated[
        str | None,
        Setting(
            "Table of warps by utterance, or by speaker with --utt2spk.",
            metavar="RSPECIFIER",
            panel=FEATURES,
            changes_bytes=True,
        ),
    ] = None
    utt2spk: Annotated[
        str | None,
        Setting("Table of speakers by utterance.", metavar="RSPECIFIER", panel=FEATURES, changes_bytes=True),
    ] = None
    channel: Annotated[int | None, _number("Channel of the sound, from 0 (default -1: the first).", "N")] = None
    min_duration: Annotated[float | None, _number("Leave out sound that is shorter (default 0).", "SECONDS")] = None
    write_utt2dur: Annotated[
        str | None,
        Setting("Table to write the durations of utterances to, in seconds.", metavar="WSPECIFIER", panel=FEATURES),
    ] = None
    output_format: Annotated[
        str | None, Setting("Only kaldi is written; htk is refused.", metavar="kaldi", panel=FEATURES)
    ] = None

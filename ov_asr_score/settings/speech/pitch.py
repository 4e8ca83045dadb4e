"""What may be asked of pitch, in the words of Kaldi's compute-kaldi-pitch-feats and process-kaldi-pitch-feats.

Everything is None where it is not asked for: then a configuration file says it, or else the default of
``ov_asr_score/features/pitch/options.py``. Options that other features have too are those of ``FeatureSettings``.

Tests: tests/settings/test_setting.py, tests/features/pitch/test_options.py
"""

from dataclasses import dataclass, fields
from typing import Annotated, Any

from ov_asr_score.settings.setting import FEATURES, Setting, parse_flag


def _number(help: str, metavar: str, **more: Any) -> Setting:
    # Ranges depend on each other, and are checked with the options.
    return Setting(help, metavar=metavar, panel=FEATURES, checked_later=True, changes_bytes=True, **more)


def _flag(help: str) -> Setting:
    return Setting(help, metavar="true|false", panel=FEATURES, parse=parse_flag, changes_bytes=True)


@dataclass(frozen=True, slots=True)
class PitchSettings:
    """Options of pitch; frequencies in Hz."""

    min_f0: Annotated[float | None, _number("Pitch: lowest that is looked for (default 50).", "HZ")] = None
    max_f0: Annotated[float | None, _number("Pitch: highest that is looked for (default 400).", "HZ")] = None
    soft_min_f0: Annotated[float | None, _number("Pitch: more of it makes low pitches dearer (default 10).", "HZ")] = (
        None
    )
    penalty_factor: Annotated[
        float | None, _number("Pitch: more of it makes changes from frame to frame dearer (default 0.1).", "X")
    ] = None
    lowpass_cutoff: Annotated[
        float | None, _number("Pitch: highest frequency of the sound that counts (default 1000).", "HZ")
    ] = None
    resample_frequency: Annotated[
        float | None, _number("Pitch: sampling rate at which it is looked for (default 4000).", "HZ")
    ] = None
    delta_pitch: Annotated[
        float | None, _number("Pitch: smallest relative change that is measured (default 0.005).", "X")
    ] = None
    nccf_ballast: Annotated[
        float | None, _number("Pitch: more of it makes quiet frames count less (default 7000).", "X")
    ] = None
    nccf_ballast_online: Annotated[
        bool | None, _flag("Pitch: weigh each frame by the energy of the sound up to it (default false).")
    ] = None
    lowpass_filter_width: Annotated[
        int | None, _number("Pitch: how sharp the filter before the search is (default 1).", "N")
    ] = None
    upsample_filter_width: Annotated[
        int | None, _number("Pitch: how sharp the filter between measured lags is (default 5).", "N")
    ] = None
    frames_per_chunk: Annotated[
        int | None,
        _number("Pitch: take the sound in chunks of N frames, as a decoder does that listens (default 0: whole).", "N"),
    ] = None
    simulate_first_pass_online: Annotated[
        bool | None, _flag("Pitch: with --frames-per-chunk, what is known when a chunk ends (default false).")
    ] = None
    recompute_frame: Annotated[
        int | None,
        _number("Pitch: with chunks, the frame at which the first ones are weighed anew (default 500).", "N"),
    ] = None
    max_frames_latency: Annotated[
        int | None,
        _number("Pitch: with chunks, hold back up to N frames while they may change (default 0).", "N"),
    ] = None
    pitch_scale: Annotated[
        float | None, _number("Pitch: factor of the normalized logarithm of the pitch (default 2).", "X")
    ] = None
    pov_scale: Annotated[float | None, _number("Pitch: factor of the measure of voicing (default 2).", "X")] = None
    pov_offset: Annotated[
        float | None, _number("Pitch: added to the measure of voicing (default 0); stands in for CMN.", "X")
    ] = None
    delta_pitch_scale: Annotated[
        float | None, _number("Pitch: factor of the slope of the pitch (default 10).", "X")
    ] = None
    delta_pitch_noise_stddev: Annotated[
        float | None, _number("Pitch: noise that is added to its slope (default 0; 0.005 in Kaldi).", "X")
    ] = None
    normalization_left_context: Annotated[
        int | None, _number("Pitch: frames before a frame over which it is normalized (default 75).", "N")
    ] = None
    normalization_right_context: Annotated[
        int | None, _number("Pitch: frames after a frame over which it is normalized (default 75).", "N")
    ] = None
    pitch_delta_window: Annotated[
        int | None,
        _number("Pitch: frames on each side for its slope (default 2); delta-window in configuration files.", "N"),
    ] = None
    delay: Annotated[int | None, _number("Pitch: rows come N frames later (default 0).", "N")] = None
    add_pov_feature: Annotated[bool | None, _flag("Pitch: a column that measures voicing (default true).")] = None
    add_normalized_log_pitch: Annotated[
        bool | None, _flag("Pitch: a column with the logarithm of the pitch less its mean nearby (default true).")
    ] = None
    add_delta_pitch: Annotated[bool | None, _flag("Pitch: a column with the slope of the pitch (default true).")] = None
    add_raw_log_pitch: Annotated[
        bool | None, _flag("Pitch: a column with the logarithm of the pitch (default false).")
    ] = None


def pitch_values(settings: PitchSettings) -> dict[str, object]:
    """The values by the names of Kaldi's options (with ``_``), None for what is not asked for."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    # add-deltas has an option of this name, too
    values["delta_window"] = values.pop("pitch_delta_window")
    return values

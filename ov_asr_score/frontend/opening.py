"""From settings to a front end: configuration files, statistics, transforms and extractors are read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ov_asr_score.errors import UsageError
from ov_asr_score.features.options import FEATURE_TYPES, FeatureRecipe, SpectrogramOptions, resolve_options
from ov_asr_score.frontend.frontend import Frontend, IvectorRecipe, PitchColumns, Warps
from ov_asr_score.frontend.sources import is_sound
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, read_config
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.settings.speech.feature_steps import NO_STEPS
from ov_asr_score.settings.speech.frontend import AnyFeatureType, FrontendSettings
from ov_asr_score.settings.speech.pitch import pitch_values
from ov_asr_score.settings.speech.sound import SoundSettings

if TYPE_CHECKING:  # of use for feature jobs only
    from ov_asr_score.features.steps.feature_chain import FeatureChain
    from ov_asr_score.features.wave_input import WaveRecipe
    from ov_asr_score.settings.speech.feature_jobs import ComputationSettings

_SHARED_WITH_PITCH = ("sample_frequency", "frame_length", "frame_shift", "snip_edges")
_TYPE_IN_NAME = re.compile(r"(?<![a-z])(mfcc|fbank|plp|spectrogram|pitch)(?![a-z])")


def open_frontend(
    settings: FrontendSettings,
    sources: Sequence[str],
    computation: ComputationSettings | None = None,
    *,
    allow_commands: bool = False,
) -> Frontend | None:
    """The front end that ``settings`` ask for; None where features go to the model as they are.

    ``computation`` counts more than configuration files. Raises UsageError for what does not fit together or is not
    said (which features to compute of sound), and what reading the files raises that are named.
    """
    of_sound = [source for source in sources if is_sound(source)]
    for source in filter(_is_folder, of_sound):
        from ov_asr_score.audio.lists.data_directory import load_data_directory

        load_data_directory(source)  # a folder of anything else is no source: said before all else
    if of_sound and len(of_sound) < len(sources):
        other = next(source for source in sources if source not in of_sound)
        raise UsageError(f"sources: expected sound or tables of features, found both: {of_sound[0]} and {other}")
    if not of_sound:
        _refuse_options_of_sound(settings, computation, sources)
        if settings.steps == NO_STEPS and not (settings.wants_ivectors or settings.paste):
            return None
    return _frontend(settings, computation, allow_commands, of_sound or None)


def open_sound_frontend(
    settings: FrontendSettings, computation: ComputationSettings | None = None, *, allow_commands: bool = False
) -> Frontend:
    """The front end for sound wherever it comes from, such as for ``LiveFrontend``. Raises as ``open_frontend``."""
    return _frontend(settings, computation, allow_commands, ())


def _frontend(
    settings: FrontendSettings,
    computation: ComputationSettings | None,
    allow_commands: bool,
    sound: Sequence[str] | None,
) -> Frontend:
    """The front end for sources of ``sound``, none where they are not known, None for stored features."""
    notes: list[str] = []
    kind = None if sound is None else _feature_type(settings, notes)
    _check_wave(kind, settings, computation)
    recipe = _features(kind, settings, computation) if kind is not None and kind in FEATURE_TYPES else None
    if recipe is not None and recipe.options.frame.dither:
        notes.append(
            f"dither {recipe.options.frame.dither:g} adds random numbers, which are not those of Kaldi; 0 adds none"
        )
    return Frontend(
        _sound(settings.sound, recipe),
        recipe,
        _pitch(kind, settings, computation, recipe),
        _warps(recipe, () if _is_warped(settings, computation) else sound or (), notes, allow_commands),
        tuple(settings.paste),
        settings.paste_tolerance,
        _chain(settings, allow_commands),
        _ivectors(settings, allow_commands, notes),
        _wave(kind, settings, notes),
        notes=tuple(notes),
    )


def _is_folder(source: str) -> bool:
    try:
        return Path(source).is_dir()
    except (OSError, ValueError):
        return False


def _sound(settings: SoundSettings, recipe: FeatureRecipe | None) -> SoundSettings:
    """How sound is read; the channel that a configuration file chooses counts where no other is asked for."""
    if recipe is None or recipe.utterance.channel < 0 or settings.channel is not None:
        return settings
    return replace(settings, channel=recipe.utterance.channel)


def _feature_type(settings: FrontendSettings, notes: list[str]) -> AnyFeatureType:
    """The type that is asked for, or that the name of the configuration file tells."""
    if settings.feature_type is not None:
        return settings.feature_type
    if settings.takes_wave:
        notes.append(f"the wave itself is the input, as {settings.wave.preprocessor_config} is for")
        return "wave"
    names: list[AnyFeatureType] = ["mfcc", "fbank", "plp", "spectrogram", "pitch"]
    found = set(_TYPE_IN_NAME.findall(Path(settings.feature_config).name.lower()))
    if settings.feature_config and not found:
        read_config(settings.feature_config)  # a file that is missing, or none of options, is what is wrong then
    if len(found) == 1:
        (told,) = found
        notes.append(f"{told} features, as the name of {settings.feature_config} says")
        return next(name for name in names if name == told)
    raise UsageError(
        f"feature_type: expected {', '.join(names)} or wave, the features to compute of sound, found none, "
        + (
            "and the name of feature_config does not tell"
            if settings.feature_config
            else "and no feature_config whose name tells, such as mfcc.conf"
        ),
        fields=("feature_type", "feature_config"),
    )


def _check_wave(
    kind: AnyFeatureType | None, settings: FrontendSettings, computation: ComputationSettings | None
) -> None:
    """Raise UsageError for options of wave input beside features, and for those of features beside wave input."""
    if kind != "wave":
        asked = next((name for name, value in _given(settings.wave).items() if value != ""), None)
        if asked is not None:
            raise UsageError(
                f"{asked}: is for feature_type wave, which is not asked for", fields=(asked, "feature_type")
            )
        return
    steps = {each.name: getattr(settings.steps, each.name) for each in fields(settings.steps)}
    named: dict[str, object] = {
        "feature_config": settings.feature_config,
        "pitch_config": settings.pitch_config,
        "paste": settings.paste,
        "ivector_extractor": settings.wants_ivectors or None,
        **{name: value for name, value in steps.items() if value != getattr(NO_STEPS, name)},
    }
    if computation is not None:
        named |= _given(computation.features) | _given(computation.utterance) | _given(computation.pitch)
    asked = next((name for name, value in named.items() if value or value == 0), None)
    if asked is not None:
        raise UsageError(
            f"{asked}: is for features, and feature_type wave computes none", fields=(asked, "feature_type")
        )


def _wave(kind: AnyFeatureType | None, settings: FrontendSettings, notes: list[str]) -> WaveRecipe | None:
    if kind != "wave":
        return None
    from ov_asr_score.features.wave_input import resolve_wave

    found = resolve_wave(settings.wave)
    notes.append(
        f"wave input: {found.sample_rate} Hz, samples "
        + ("of mean 0 and variance 1" if found.normalize == "utterance" else f"on the scale {found.scale}")
        + (f", {found.padding} of silence at both ends" if found.padding else "")
    )
    return found


def _features(kind: str, settings: FrontendSettings, computation: ComputationSettings | None) -> FeatureRecipe:
    config = read_config(settings.feature_config) if settings.feature_config else []
    config += [
        ConfigOption(*pair, line, "options of features") for line, pair in enumerate(settings.feature_options, 1)
    ]
    given = {
        name: getattr(settings.sound, name)
        for name in ("allow_downsample", "allow_upsample")
        if getattr(settings.sound, name) is not None
    }
    if computation is not None:
        given |= _given(computation.features) | _given(computation.utterance)
    return resolve_options(kind, config, given)


def _pitch(
    kind: str | None,
    settings: FrontendSettings,
    computation: ComputationSettings | None,
    recipe: FeatureRecipe | None,
) -> PitchColumns | None:
    """Pitch alone, or behind other features."""
    if kind != "pitch" and not settings.pitch_config:
        if computation is not None and (asked := next(iter(_given(computation.pitch)), None)):
            raise UsageError(
                f"{asked}: is for pitch, which is not asked for (feature_type pitch, or pitch_config)",
                fields=(asked, "feature_type", "pitch_config"),
            )
        return None
    from ov_asr_score.features.pitch.options import resolve_pitch_options

    config: list[ConfigOption] = []
    for path in (settings.feature_config if kind == "pitch" else "", settings.pitch_config):
        config += read_config(path) if path else []
    given: dict[str, object] = {}
    if computation is not None:
        shared = _given(computation.features)
        if kind != "pitch":  # both must have as many frames
            shared = {name: value for name, value in shared.items() if name in _SHARED_WITH_PITCH}
        of_pitch = pitch_values(computation.pitch)
        given = shared | {name: value for name, value in of_pitch.items() if value is not None}
    found = resolve_pitch_options(config, given)
    if recipe is not None and found.extraction.sample_frequency != recipe.options.frame.sample_frequency:
        raise UsageError(
            f"pitch_config: expected the sample-frequency of the features, {recipe.options.frame.sample_frequency:g} "
            f"Hz, found {found.extraction.sample_frequency:g}",
            fields=("pitch_config",),
        )
    return PitchColumns(found, kind != "pitch" or (computation is not None and computation.process_pitch))


def _given(settings: Any) -> dict[str, object]:
    """What is said in a bundle of settings, by name; what is None is not said."""
    assert is_dataclass(settings)
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    return {name: value for name, value in values.items() if value is not None}


def _refuse_options_of_sound(
    settings: FrontendSettings, computation: ComputationSettings | None, sources: Sequence[str]
) -> None:
    """Raise UsageError where features are stored and something is asked that is computed of sound."""
    named: dict[str, object] = {
        "feature_type": settings.feature_type,
        "feature_config": settings.feature_config,
        "pitch_config": settings.pitch_config,
        **_given(settings.wave),
    }
    if computation is not None:
        named |= _given(computation.features) | _given(computation.pitch)
    asked = next((name for name, value in named.items() if value), None)
    if asked is not None:
        what = f"{sources[0]} is taken for a table of features" if sources else "there is none"
        raise UsageError(
            f"{asked}: is for sound, and {what}; {_sound_in_its_place(sources)}",
            fields=(asked,),
        )


def _sound_in_its_place(sources: Sequence[str]) -> str:
    """What to write for sound: for Kaldi's wav.scp and standard input this, for others all that is possible."""
    name = sources[0].removeprefix("scp:") if sources else ""
    if name == "-":
        return "sound from standard input is wav:-"
    if Path(name).name == "wav.scp":
        return f"a list of sound is wav,scp:{name}"
    return "sound is a file with an ending such as .wav, wav:PATTERN, wav,scp:FILE or a data directory"


def _warps(
    recipe: FeatureRecipe | None, sources: Sequence[str], notes: list[str], allow_commands: bool
) -> Warps | None:
    """VTLN warps of a table by utterance, or by speaker where speakers are named with it.

    Without a table those of a data directory among ``sources``, as steps/make_mfcc.sh takes them.
    """
    if recipe is None or isinstance(recipe.options, SpectrogramOptions):
        return None
    from ov_asr_score.kaldi_io.tables.float_map import read_float_map

    wanted = recipe.utterance
    if not wanted.vtln_map:
        return _warps_of_directory(sources, notes)
    speakers = read_token_table(wanted.utt2spk, allow_commands=allow_commands) if wanted.utt2spk else None
    return Warps(wanted.vtln_map, read_float_map(wanted.vtln_map, allow_commands=allow_commands), speakers)


def _is_warped(settings: FrontendSettings, computation: ComputationSettings | None) -> bool:
    """Whether a warp for all utterances is given, be it 1, which leaves them as they are."""
    if computation is not None and computation.utterance.vtln_warp is not None:
        return True
    lines = read_config(settings.feature_config) if settings.feature_config else []
    return any(line.name == "vtln-warp" for line in lines)


def _warps_of_directory(sources: Sequence[str], notes: list[str]) -> Warps | None:
    """The warps in a data directory: spk2warp with utt2spk, or utt2warp; None where there are none."""
    from ov_asr_score.audio.lists.data_directory import load_data_directory
    from ov_asr_score.audio.lists.speakers import read_speakers
    from ov_asr_score.kaldi_io.tables.float_map import read_float_map

    if len(sources) != 1 or not (Path(sources[0]) / "wav.scp").is_file():
        return None
    found = load_data_directory(sources[0])
    if not found.warps:
        return None
    by_speaker = Path(found.warps).name == "spk2warp"
    notes.append(f"VTLN warps of {'speakers' if by_speaker else 'utterances'} from {found.warps}")
    speakers = read_speakers(found.utt2spk, found.spk2utt) if by_speaker else None
    return Warps(found.warps, read_float_map(found.warps), speakers)


def _chain(settings: FrontendSettings, allow_commands: bool) -> FeatureChain | None:
    if settings.steps == NO_STEPS:
        return None
    from ov_asr_score.features.steps.feature_chain import FeatureChain

    return FeatureChain(settings.steps, allow_commands=allow_commands)


def _ivectors(settings: FrontendSettings, allow_commands: bool, notes: list[str]) -> IvectorRecipe | None:
    if not settings.wants_ivectors:
        if settings.ivector_spk2utt:
            raise UsageError(
                "ivector_spk2utt: is for ivector_extractor, which is not given",
                fields=("ivector_spk2utt", "ivector_extractor"),
            )
        return None
    from ov_asr_score.audio.lists.speakers import read_spk2utt
    from ov_asr_score.ivector.extractor import load_extractor

    options = settings.all_ivector_options
    extractor = load_extractor(options, allow_commands=allow_commands)
    notes += extractor.notes
    speakers = (
        read_spk2utt(settings.ivector_spk2utt, allow_commands=allow_commands) if settings.ivector_spk2utt else None
    )
    name = options.ivector_extraction_config or options.ivector_extractor or ""
    return IvectorRecipe(name, extractor, speakers, settings.ivector_frame_weight)

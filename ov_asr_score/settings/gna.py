"""What a GNA device is asked for, in the words of the old samples.

Property names and their values are those of OpenVINO 2023.3 (``openvino/runtime/intel_gna/properties.hpp``), the last
release with such a plugin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna_texts import (
    parse_log_level,
    parse_scale_factors,
    parse_target,
    parse_utterances,
    parse_weight_bits,
)
from ov_asr_score.settings.setting import GNA, Setting, parsed, settings_of

# Plugins of 2022 had a property for the kind of an embedded image; since 2023 the compile target says it.
IMAGE_GENERATIONS = {"GNA1": "GNA_1_0_E", "GNA3": "GNA_3_1"}


def _gna(help: str, *names: str, **more: Any) -> Setting:
    return Setting(help, names=names, panel=GNA, **more)


@dataclass(frozen=True, slots=True)
class GnaSettings:
    """What the user asked of a GNA device; ``scale_factors`` by input name, the empty name for all inputs.

    Where none are given they come from the first ``scale_factor_utterances``, None for all. ``pwl_max_error_percent``
    None takes as many segments as the device has. ``accuracy_report`` tells layer by layer where accuracy goes.
    """

    weight_bits: Annotated[
        int,
        _gna(
            "Bits per weight.",
            "--quantization-bits",
            "-qb",
            metavar="8|16",
            parse=parse_weight_bits,
            takes=int,
            shown=16,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 16
    scale_factors: Annotated[
        Mapping[str, float],
        _gna(
            "Scale factors of the inputs.",
            "--scale-factor",
            "-sf",
            metavar="[LAYER=]F,…",
            parse=lambda text: parse_scale_factors(text) if text else {},
            in_suite=True,
            changes_bytes=True,
        ),
    ] = field(default_factory=dict)
    scale_factor_utterances: Annotated[
        int | None,
        _gna(
            "Number of utterances that scale factors are computed from.",
            metavar="N|all",
            parse=parse_utterances,
            shown="1",
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 1
    execution_target: Annotated[
        str,
        _gna(
            "Hardware generation to emulate.",
            "--exec-target",
            "-exec_target",
            metavar="GNA_TARGET_3_0",
            parse=parse_target,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = ""
    compile_target: Annotated[
        str,
        _gna(
            "Hardware generation to compile for.",
            "-compile_target",
            metavar="GNA_TARGET_3_0",
            parse=parse_target,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = ""
    pwl_max_error_percent: Annotated[
        float | None,
        _gna(
            "Largest error of piecewise-linear activation functions; without it they have as many segments as fit.",
            "--pwl-me",
            "-pwl_me",
            metavar="PERCENT",
            least=0.0,
            most=100.0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    memory_reuse: Annotated[
        bool,
        _gna(
            "Give each layer memory of its own.",
            "--memory-reuse-off",
            "-memory_reuse_off",
            switches_off=True,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = True
    log_level: Annotated[
        str, _gna("Log level of the GNA plugin.", "--log", "-log", metavar="LEVEL", parse=parse_log_level)
    ] = ""
    embedded_image: Annotated[
        str,
        _gna(
            "Write an image for embedded devices to FILE.",
            "--export-embedded-model",
            "--export-embedded-gna-model",
            "-we",
            metavar="FILE",
            changes_bytes=True,
        ),
    ] = ""
    embedded_generation: Annotated[
        str,
        _gna(
            "Hardware generation of the image.",
            "--embedded-configuration",
            "--embedded-gna-configuration",
            "-we_gen",
            metavar="GNA1|GNA3",
            changes_bytes=True,
        ),
    ] = ""
    accuracy_report: Annotated[bool, _gna("Report the accuracy that is lost in each layer.", "--gna-report")] = False


# Settings that change how a model becomes integers, by their names here and in SampleSettings.
QUANTIZING = frozenset(
    {
        *("quantization", "weight_bits", "scale_factors", "scale_factor_utterances", "pwl_max_error_percent"),
        "memory_reuse",
    }
)


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """Options of the removed samples that say nothing new."""

    quantization: Annotated[
        Literal["static", "user", "dynamic"],
        _gna("Where scale factors come from: static: the first utterance; user: -sf.", "-q"),
    ] = "static"
    arch: Annotated[
        Literal["CORE", "ATOM"],
        _gna("Accepted for old scripts, without effect: times are measured, not computed from a clock rate.", "-a"),
    ] = "CORE"


def check_gna(settings: GnaSettings, mode: str | None, samples: SampleSettings) -> None:
    """Raise UsageError for settings that contradict each other, or ``mode``, the GNA mode of the device."""
    if samples.quantization == "dynamic":
        raise UsageError(
            "quantization dynamic: no GNA plugin ever had it; use static (default), or user with scale_factors",
            fields=("quantization", "scale_factors"),
        )
    if samples.quantization == "user" and not settings.scale_factors:
        raise UsageError(
            "quantization user: expected scale factors in scale_factors, found none",
            fields=("quantization", "scale_factors"),
        )
    if settings.embedded_image and mode is None:
        raise UsageError(
            "embedded_image: embedded images are made by the GNA plugin only; expected device GNA_…; use export_model "
            "for a blob",
            fields=("embedded_image", "device", "export_model"),
        )
    compile_target(settings)  # the image's generation, and whether the two agree


def execution_target(settings: GnaSettings) -> str:
    """The target to emulate, as the property spells it. Raises UsageError for names that do not exist."""
    return _again("execution_target", settings)


def log_level(settings: GnaSettings) -> str:
    """The log level, as the property spells it. Raises UsageError for names that do not exist."""
    return _again("log_level", settings)


def compile_target(settings: GnaSettings) -> str:
    """The target to compile for, as the property spells it; that of the embedded image where only this is given.

    Raises UsageError when both are given and differ, and for names that do not exist.
    """
    target = _again("compile_target", settings)
    generation = settings.embedded_generation.strip().upper()
    if not generation:
        return target
    if generation not in IMAGE_GENERATIONS:
        known = ", ".join(IMAGE_GENERATIONS)
        raise UsageError(
            f"embedded_generation '{settings.embedded_generation[:30]}': expected one of {known}",
            fields=("embedded_generation",),
        )
    image = IMAGE_GENERATIONS[generation]
    if target not in ("", image):
        raise UsageError(
            f"embedded_generation {generation} is an image for {image}, compile_target says {target}; leave one out",
            fields=("embedded_generation", "compile_target"),
        )
    return image


def _again(name: str, settings: GnaSettings) -> str:
    """A setting in the property's spelling, whether it came from a command line or from Python."""
    setting = next(each.setting for each in settings_of(GnaSettings) if each.name == name)
    assert setting is not None
    text: str = parsed(name, setting, getattr(settings, name))
    return text

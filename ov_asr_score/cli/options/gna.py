"""The options that only a GNA plugin knows, checked as the samples check them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from ov_asr_score.settings.gna import GnaSettings

GNA_PANEL = "GNA (in software, or with the GNA plugin of an older runtime)"


class Quantization(str, Enum):
    """Scale factors of GNA inputs."""

    static = "static"
    user = "user"
    dynamic = "dynamic"


class Architecture(str, Enum):
    """Processors whose clock the Python sample divided by."""

    CORE = "CORE"
    ATOM = "ATOM"


QuantizationOption = Annotated[
    Quantization,
    typer.Option(
        "--quantization",
        "-q",
        help="static: scale factors from the first utterance; user: from -sf.",
        rich_help_panel=GNA_PANEL,
    ),
]
QuantizationBitsOption = Annotated[
    int,
    typer.Option(
        "--quantization-bits",
        "--quantization_bits",
        "-qb",
        metavar="8|16",
        help="Weight bits.",
        rich_help_panel=GNA_PANEL,
    ),
]
ScaleFactorOption = Annotated[
    str,
    typer.Option(
        "--scale-factor",
        "--scale_factor",
        "-sf",
        metavar="[LAYER=]F,…",
        help="Input scale factors.",
        rich_help_panel=GNA_PANEL,
    ),
]
ScaleFactorUtterancesOption = Annotated[
    str,
    typer.Option(
        "--scale-factor-utterances",
        metavar="N|all",
        help="Utterances that scale factors are taken from.",
        rich_help_panel=GNA_PANEL,
    ),
]
PwlOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--pwl-me",
        "-pwl_me",
        min=0.0,
        max=100.0,
        metavar="PERCENT",
        help="Largest error of activation segments; left out: as many as fit.",
        rich_help_panel=GNA_PANEL,
    ),
]
ExecutionTargetOption = Annotated[
    str,
    typer.Option(
        "--exec-target",
        "--exec_target",
        "-exec_target",
        metavar="GNA_TARGET_3_0",
        help="Emulated generation.",
        rich_help_panel=GNA_PANEL,
    ),
]
CompileTargetOption = Annotated[
    str,
    typer.Option(
        "--compile-target",
        "--compile_target",
        "-compile_target",
        metavar="GNA_TARGET_3_0",
        help="Generation to compile for.",
        rich_help_panel=GNA_PANEL,
    ),
]
MemoryReuseOffOption = Annotated[
    bool,
    typer.Option(
        "--memory-reuse-off", "-memory_reuse_off", help="Separate memory for every layer.", rich_help_panel=GNA_PANEL
    ),
]
EmbeddedOption = Annotated[
    str,
    typer.Option(
        "--export-embedded-model",
        "--export_embedded_gna_model",
        "-we",
        metavar="FILE",
        help="Write an embedded image.",
        rich_help_panel=GNA_PANEL,
    ),
]
EmbeddedGenerationOption = Annotated[
    str,
    typer.Option(
        "--embedded-configuration",
        "--embedded_gna_configuration",
        "-we_gen",
        metavar="GNA1|GNA3",
        help="Generation of the image.",
        rich_help_panel=GNA_PANEL,
    ),
]
ArchitectureOption = Annotated[
    Architecture,
    typer.Option(
        "--arch",
        "-a",
        help="Taken for old scripts; times are measured, not computed from a clock.",
        rich_help_panel=GNA_PANEL,
    ),
]
AccuracyReportOption = Annotated[
    bool,
    typer.Option("--gna-report", help="Layer by layer, where accuracy goes.", rich_help_panel=GNA_PANEL),
]
LogOption = Annotated[
    str, typer.Option("--log", "-log", metavar="LEVEL", help="Log level of the GNA plugin.", rich_help_panel=GNA_PANEL)
]


# Parameters of commands that change how a model becomes integers.
_QUANTIZING = frozenset(
    {"quantization", "quantization_bits", "scale_factor", "scale_factor_utterances", "pwl_me", "memory_reuse_off"}
)


def gna_settings(
    device: str,
    *,
    quantization: Quantization,
    weight_bits: int,
    scale_factor: str,
    scale_factor_utterances: str,
    pwl_max_error_percent: float | None,
    execution_target: str,
    compile_target: str,
    memory_reuse: bool,
    embedded_image: str,
    embedded_generation: str,
    log_level: str,
    accuracy_report: bool,
) -> GnaSettings:
    """GNA options of a command line as settings. Raises UsageError."""
    from ov_asr_score.errors import UsageError
    from ov_asr_score.settings import gna as checks

    mode = checks.gna_mode(device)
    if weight_bits not in (8, 16):
        raise UsageError(f"-qb {weight_bits}: expected 8 or 16")
    if quantization is Quantization.dynamic:
        raise UsageError("-q dynamic: no GNA plugin ever had it; use -q static (default) or -q user with -sf")
    if quantization is Quantization.user and not scale_factor:
        raise UsageError("-q user: expected scale factors in -sf, found none")
    if embedded_image and mode is None:
        raise UsageError("-we: embedded images are made by the GNA plugin only; expected -d GNA_…; use -wg for a blob")
    settings = checks.GnaSettings(
        weight_bits=weight_bits,
        scale_factors=checks.parse_scale_factors(scale_factor) if scale_factor else {},
        scale_factor_utterances=_parse_utterances(scale_factor_utterances),
        execution_target=checks.hardware_target(execution_target, "-exec_target"),
        compile_target=checks.hardware_target(compile_target, "-compile_target"),
        pwl_max_error_percent=pwl_max_error_percent,
        memory_reuse=memory_reuse,
        log_level=checks.log_level(log_level),
        embedded_image=embedded_image,
        embedded_generation=embedded_generation,
        accuracy_report=accuracy_report,
    )
    checks.compile_target(settings)  # the image's generation, and whether the two agree
    return settings


def _parse_utterances(text: str) -> int | None:
    from ov_asr_score.errors import UsageError

    number = text.strip().lower()
    if number == "all":
        return None
    if not number.isdecimal() or not int(number):
        raise UsageError(f"--scale-factor-utterances '{text[:20]}': expected a number above 0, or all")
    return int(number)


def notes_on_gna_options(context: typer.Context, device: str, blob: str = "") -> list[str]:
    """One note that names the GNA options on the command line that have no effect; else nothing.

    They have none where ``device`` is no GNA device, and those that quantize none on a ``blob`` and on floats.
    """
    from ov_asr_score.settings.gna import gna_mode

    mode = gna_mode(device)
    given = {
        option.name: min(option.opts, key=len)
        for option in context.command.params
        if getattr(option, "rich_help_panel", None) == GNA_PANEL and _on_command_line(context, option.name or "")
    }
    why = f"on {device}, because they are for GNA"
    if mode is not None:
        if mode != "GNA_SW_FP32" and not blob:
            return []
        given = {name: spelling for name, spelling in given.items() if name in _QUANTIZING}
        why = f"on {device}, which computes in floats" if mode == "GNA_SW_FP32" else "on a blob, whose integers are set"
    return [f"without effect {why}: {' '.join(given.values())}"] if given else []


def _on_command_line(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"

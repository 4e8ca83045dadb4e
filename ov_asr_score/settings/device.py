"""Where a model is computed, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, get_args

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna import GnaSettings
from ov_asr_score.settings.gna_texts import GNA_MODES, parse_gna_mode
from ov_asr_score.settings.setting import MODEL, SPEED, Setting
from ov_asr_score.settings.shapes import parse_shapes

Precision = Literal["f32", "bf16", "f16"]

# Plugins that only dispatch to others; they hand INFERENCE_PRECISION_HINT and their like on to those.
META_DEVICES = ("AUTO", "MULTI", "HETERO", "BATCH")

_AGAINST = ("device", "precision")


def parse_config(items: Sequence[str]) -> dict[str, str]:
    """Plugin properties from ``KEY=VALUE`` texts. Raises UsageError where there is no ``=`` or no key."""
    config = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not separator or not key.strip():
            raise UsageError(f"'{item}': expected a plugin property KEY=VALUE, as in NUM_STREAMS=2")
        config[key.strip()] = value.strip()
    return config


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """A device text as the user gives it, and everything that changes how the runtime computes there.

    ``threads`` and ``streams`` 0 leave the choice to the runtime. ``config`` are plugin properties by name; they win
    over everything that this package sets. ``static`` and ``shapes`` (by input) ask for models whose shapes are all
    fixed. ``gna_mode`` is the GNA mode that the device text names, if any.
    Raises UsageError for a GNA mode that does not exist.
    """

    device: Annotated[
        str,
        Setting(
            "CPU, GPU, GPU.1, NPU, AUTO:…, MULTI:…, HETERO:…, GNA_…; the command devices lists them.",
            names=("--device", "-d"),
            metavar="DEVICE",
            panel=MODEL,
            changes_bytes=True,
        ),
    ] = "CPU"
    precision: Annotated[
        Precision, Setting("Floating-point precision of the computation.", panel=MODEL, changes_bytes=True)
    ] = "f32"
    threads: Annotated[
        int,
        Setting(
            "CPU threads; 0: all of them.",
            names=("-nthreads",),
            metavar="N",
            panel=SPEED,
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    streams: Annotated[
        int,
        Setting(
            "Inferences that run in parallel; 0: chosen automatically.",
            names=("-nstreams",),
            metavar="N",
            panel=SPEED,
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    cache_dir: str = ""
    profile: bool = False
    config: Annotated[
        Mapping[str, str],
        Setting(
            "Set a property of the device plugin; may be repeated.",
            metavar="KEY=VALUE",
            panel=MODEL,
            repeated=True,
            parse=parse_config,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = field(default_factory=dict)
    static: Annotated[
        bool,
        Setting(
            "Use static shapes only, as NPUs need: utterances are cut into windows of one length, or the model is "
            "compiled for each length (docs/static-shapes.md).",
            panel=MODEL,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = False
    shapes: Annotated[
        Mapping[str, tuple[int, ...]],
        Setting(
            "Static shape of an input, such as x=[1,200,40] for windows of 200 frames; implies --static; may be "
            "repeated.",
            names=("--shape",),
            metavar="NAME=[LENGTHS]",
            panel=MODEL,
            repeated=True,
            parse=parse_shapes,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = field(default_factory=dict)
    gna: GnaSettings = field(default_factory=GnaSettings)
    gna_mode: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the GNA mode."""
        object.__setattr__(self, "gna_mode", parse_gna_mode(self.device))


def runtime_device(device: str) -> str:
    """The device text as the runtime takes it: a GNA mode (``GNA_SW_EXACT``) becomes plain ``GNA``."""
    prefix, colon, rest = device.partition(":")
    if not colon:
        return "GNA" if device in GNA_MODES else device
    parts = ("GNA" if part.strip() in GNA_MODES else part.strip() for part in rest.split(","))
    return f"{prefix}:{','.join(parts)}"


def base_devices(device: str) -> list[str]:
    """Plugin names a device text may compute on: ``["GPU", "CPU"]`` for ``HETERO:GPU.1,CPU``; empty for plain AUTO.

    Devices that AUTO shall leave out (``AUTO:-GPU``) are none of them.
    """
    prefix, colon, rest = runtime_device(device).partition(":")
    if prefix in META_DEVICES:
        names = [part for part in rest.split(",") if not part.startswith("-")] if colon else []
    else:
        names = [prefix]
    return [name.split(".")[0].split("(")[0] for name in names if name]


def may_run_on_cpu(device: str) -> bool:
    """Whether a device text may compute on the CPU plugin: it names it, or is ``AUTO``, which may choose it."""
    names = base_devices(device)
    return "CPU" in names or not names


def static_reason(settings: DeviceSettings) -> str:
    """Why every model is to be compiled with static shapes: because a user asked, or a device needs that; else empty.

    GNA has static shapes anyway.
    """
    if settings.gna_mode is not None:
        return ""
    if settings.shapes or settings.static:
        return "static shapes were asked for"
    return "NPU takes static shapes only" if "NPU" in base_devices(settings.device) else ""


def parse_against(text: str, reference: DeviceSettings) -> DeviceSettings:
    """The settings of ``reference`` with what ``text`` (``device=GPU,precision=f16``) says instead.

    Raises UsageError.
    """
    given: dict[str, str] = {}
    key = ""
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        if equals:
            key = name.strip()
            if key not in _AGAINST or key in given or not value.strip():
                raise UsageError(f"'{text}': expected device=…,precision=…, each once, found '{part}'")
            given[key] = value.strip()
        elif key == "device":  # HETERO:GPU,CPU
            given[key] += f",{part.strip()}"
        else:
            raise UsageError(f"'{text}': expected KEY=VALUE, as in precision=bf16, found '{part}'")
    known = get_args(Precision)
    if given.get("precision", "f32") not in known:
        raise UsageError(f"precision={given['precision']}: expected one of {', '.join(known)}")
    return replace(reference, **given)  # type: ignore[arg-type]  # the precision was checked

"""Options that commands share, each with its type and help in one place; old spellings of the samples beside ours."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

import typer

from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.cache_folder import cache_folder
from ov_asr_score.sizes import UNITS, parse_size


class Precision(str, Enum):
    """What the device computes in."""

    f32 = "f32"
    bf16 = "bf16"
    f16 = "f16"


class OutputPrecision(str, Enum):
    """Element type of written scores."""

    f32 = "f32"
    f64 = "f64"


class Pairing(str, Enum):
    """How tables are joined."""

    key = "key"
    position = "position"


class OnError(str, Enum):
    """What happens after an utterance that cannot be scored."""

    stop = "stop"
    skip = "skip"


_TABLES = "Tables"
_MODEL = "Model and device"
_COMPARE = "Comparison"
_REPORT = "Reports"

ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="FILE",
        help="OpenVINO IR (.xml, .bin beside it), ONNX, or a Kaldi model (nnet1, nnet2, nnet3).",
        rich_help_panel=_MODEL,
    ),
]
ImportOption = Annotated[
    str,
    typer.Option(
        "--import-model",
        "--import_gna_model",
        "-rg",
        metavar="FILE",
        help="Exported model (blob) instead of -m.",
        rich_help_panel=_MODEL,
    ),
]
ExportOption = Annotated[
    str,
    typer.Option(
        "--export-model",
        "--export_gna_model",
        "-wg",
        metavar="FILE",
        help="Write the compiled model (blob) there; nothing is scored.",
        rich_help_panel=_MODEL,
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        "-d",
        metavar="DEVICE",
        help="CPU, GPU, GPU.1, NPU, AUTO:…, MULTI:…, HETERO:…, GNA_… (see the command devices).",
        rich_help_panel=_MODEL,
    ),
]
PrecisionOption = Annotated[
    Precision, typer.Option("--precision", help="What the device computes in.", rich_help_panel=_MODEL)
]
LayoutOption = Annotated[
    str,
    typer.Option(
        "--layout", "-layout", metavar="LAYOUT", help="Input layouts: [NC] or in0[NC],in1[NTC].", rich_help_panel=_MODEL
    ),
]
LeftContextOption = Annotated[
    int,
    typer.Option(
        "--context-left",
        "--context_window_left",
        "-cw_l",
        min=0,
        metavar="FRAMES",
        help="Frames of left context: the first frame repeated.",
        rich_help_panel=_MODEL,
    ),
]
RightContextOption = Annotated[
    int,
    typer.Option(
        "--context-right",
        "--context_window_right",
        "-cw_r",
        min=0,
        metavar="FRAMES",
        help="Frames of right context: the last frame repeated.",
        rich_help_panel=_MODEL,
    ),
]
ConfigOption = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads this at run time on Python 3.10
    typer.Option("--config", metavar="KEY=VALUE", help="Plugin property; may be repeated.", rich_help_panel=_MODEL),
]
CacheOption = Annotated[
    str,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        help="Keep compiled models there, and converted ones, which otherwise go to the user's cache.",
        rich_help_panel=_MODEL,
    ),
]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Keep nothing, and use nothing that was kept.", rich_help_panel=_MODEL)
]
KeepGraphOption = Annotated[
    bool,
    typer.Option("--keep-graph", help="Do not mend graphs that CPU plugins score wrongly.", rich_help_panel=_MODEL),
]

InputOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--input",
        "-i",
        metavar="[LAYER=]SPEC",
        help="Features: file.ark, ark:…, scp:…, file.npz, -; several inputs as LAYER=SPEC, repeated or with commas, "
        "the one with a row per frame first.",
        rich_help_panel=_TABLES,
    ),
]
InputLayersOption = Annotated[
    str,
    typer.Option(
        "--input-layers",
        "--input_layers",
        "-iname",
        metavar="NAMES",
        help="Inputs that the tables of -i belong to.",
        rich_help_panel=_TABLES,
    ),
]
OutputOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--output",
        "-o",
        metavar="[LAYER=]SPEC",
        help="Scores: file.ark, ark,scp:a,b, ark,t:-, file.npz; LAYER is an output or any inner layer.",
        rich_help_panel=_TABLES,
    ),
]
OutputLayersOption = Annotated[
    str,
    typer.Option(
        "--output-layers",
        "--output_layers",
        "-oname",
        metavar="NAMES",
        help="Layers that the tables of -o and -r belong to.",
        rich_help_panel=_TABLES,
    ),
]
OutputPrecisionOption = Annotated[
    OutputPrecision, typer.Option("--output-precision", help="Element type of written scores.", rich_help_panel=_TABLES)
]
CompressionOption = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--compression-method",
        min=1,
        max=7,
        metavar="1-7",
        help="Write compressed matrices, by Kaldi's method.",
        rich_help_panel=_TABLES,
    ),
]
PairOption = Annotated[
    Pairing,
    typer.Option(
        "--pair",
        help="Join several tables by utterance key, or by position as the old sample did.",
        rich_help_panel=_TABLES,
    ),
]
AllowMissingOption = Annotated[
    bool,
    typer.Option("--allow-missing", help="Utterances that not all tables have are no error.", rich_help_panel=_TABLES),
]
Utt2spkOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--utt2spk",
        metavar="[LAYER=]FILE",
        help="The other inputs hold vectors per speaker, found through this file (ark:FILE as in Kaldi, too).",
        rich_help_panel=_TABLES,
    ),
]
IvectorPeriodOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--ivector-period",
        metavar="[LAYER=]N",
        help="The other inputs hold one row (online i-vector) per N frames.",
        rich_help_panel=_TABLES,
    ),
]
AllowCommandsOption = Annotated[
    bool,
    typer.Option(
        "--allow-commands",
        help="Run commands in specifiers (`cmd |`); off, so that data never runs as code.",
        rich_help_panel=_TABLES,
    ),
]
OnErrorOption = Annotated[
    OnError,
    typer.Option("--on-error", help="After an utterance that cannot be read or scored.", rich_help_panel=_TABLES),
]

ShardOption = Annotated[
    str,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Score the I-th of N parts of the first table, I from 1 (docs/scaling.md).",
        rich_help_panel=_TABLES,
    ),
]
FramesFileOption = Annotated[
    str,
    typer.Option(
        "--utt2num-frames",
        metavar="FILE",
        help="Lengths of utterances, for --shard where the script's files do not tell them.",
        rich_help_panel=_TABLES,
    ),
]
ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on where an interrupted run with --resume ended; begin where there is none.",
        rich_help_panel=_TABLES,
    ),
]

ReferenceOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--reference", "-r", metavar="[LAYER=]SPEC", help="Scores to compare with.", rich_help_panel=_COMPARE),
]
ThresholdOption = Annotated[
    float,
    typer.Option(
        "--threshold", min=0.0, metavar="X", help="Absolute errors above it are counted.", rich_help_panel=_COMPARE
    ),
]
MaxErrorOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--max-error",
        min=0.0,
        metavar="X",
        help="Exit code 1 when the largest absolute error exceeds it.",
        rich_help_panel=_COMPARE,
    ),
]
MaxRmsOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--max-rms-error",
        min=0.0,
        metavar="X",
        help="Exit code 1 when the RMS error exceeds it.",
        rich_help_panel=_COMPARE,
    ),
]
MaxRelativeOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--max-relative-error",
        min=0.0,
        metavar="X",
        help="Exit code 1 when the largest relative error exceeds it.",
        rich_help_panel=_COMPARE,
    ),
]
MinAgreementOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--min-agreement",
        min=0.0,
        max=1.0,
        metavar="SHARE",
        help="Exit code 1 when a smaller share of frames (0 to 1) has the same best class.",
        rich_help_panel=_COMPARE,
    ),
]
MaxKlOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "--max-kl",
        min=0.0,
        metavar="NATS",
        help="Exit code 1 when the mean KL divergence of the posteriors exceeds it.",
        rich_help_panel=_COMPARE,
    ),
]
NoMeasuresOption = Annotated[
    bool,
    typer.Option(
        "--no-measures",
        help="Errors alone: no best classes, posteriors, percentiles, which take most of the time of a comparison.",
        rich_help_panel=_COMPARE,
    ),
]

ProfileOption = Annotated[
    bool,
    typer.Option(
        "--performance-counter", "--performance_counter", "-pc", help="Time of every layer.", rich_help_panel=_REPORT
    ),
]
ReportOption = Annotated[
    str,
    typer.Option(
        "--report",
        metavar="FILE.json|FILE.html|FILE.csv",
        help="Write everything as JSON, as a page for people (docs/html-report.md), or as CSV the layers with -pc, "
        "else the utterances (docs/report-format.md).",
        rich_help_panel=_REPORT,
    ),
]
ReportScoresOption = Annotated[
    bool,
    typer.Option(
        "--report-scores",
        help="Pictures of the scores of the worst utterances in the page, which shows none otherwise.",
        rich_help_panel=_REPORT,
    ),
]
TraceOption = Annotated[
    str,
    typer.Option(
        "--trace",
        metavar="FILE.json",
        help="Write when was read, inferred and written, for ui.perfetto.dev or chrome://tracing; layers with -pc.",
        rich_help_panel=_REPORT,
    ),
]
FrameShiftOption = Annotated[
    float,
    typer.Option(
        "--frame-shift",
        min=0.0001,
        metavar="SECONDS",
        help="Speech per frame, for the real-time factor.",
        rich_help_panel=_REPORT,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Errors only.", rich_help_panel=_REPORT)]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Every utterance, ports, versions, all layers.", rich_help_panel=_REPORT)
]


_SPEED = "Speed"

BatchOption = Annotated[
    int,
    typer.Option(
        "--batch-size",
        "--batch_size",
        "-bs",
        min=0,
        metavar="N",
        help="Frames per infer request, or utterances where several share requests; 0: chosen from the model.",
        rich_help_panel=_SPEED,
    ),
]
RequestsOption = Annotated[
    int,
    typer.Option(
        "--requests",
        "-nireq",
        min=0,
        metavar="N",
        help="Infer requests under way at a time; 0: one more than streams.",
        rich_help_panel=_SPEED,
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", "-nthreads", min=0, metavar="N", help="CPU threads; 0: all.", rich_help_panel=_SPEED)
]
StreamsOption = Annotated[
    int,
    typer.Option(
        "--streams",
        "-nstreams",
        min=0,
        metavar="N",
        help="Inferences that run at the same time; 0: chosen.",
        rich_help_panel=_SPEED,
    ),
]
MemoryOption = Annotated[
    str,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory for features and scores on their way: 500M, 4G. The model and the runtime come on top.",
        rich_help_panel=_SPEED,
    ),
]


def parse_memory(text: str) -> int:
    """Bytes from a number with or without K, M, G or T (powers of 1024) behind it. Raises UsageError."""
    size = parse_size(text)
    if size is None or size < UNITS["M"]:
        raise UsageError(f"--memory-limit '{text}': expected at least 1M, as in 500M or 4G")
    return size


def conversion_cache(cache_dir: str, no_cache: bool) -> str | None:
    """The folder for conversions, None for no cache. Raises UsageError where both options are given."""
    if no_cache:
        if cache_dir:
            raise UsageError("--cache-dir, --no-cache: expected one of them, found both")
        return None
    folder = cache_folder(cache_dir)
    return None if folder is None else str(folder)

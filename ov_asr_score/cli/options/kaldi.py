"""Options of Kaldi's programs, in their spelling, and the KaldiOptions that they make."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ov_asr_score.settings.kaldi import KaldiOptions

TIME_PANEL = "Kaldi models: chunks and time"
SCORES_PANEL = "Kaldi models: scores"
IVECTORS_PANEL = "Kaldi models: i-vectors"


class TimeMode(str, Enum):
    """What a request of a converted model takes."""

    auto = "auto"
    utterance = "utterance"
    frame = "frame"


def _option(panel: str, *names: str, text: str, metavar: str | None = None) -> object:
    # Ranges are checked with the model, as everything else is; here they would take the room of the names.
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel)


TimeOption = Annotated[
    TimeMode,
    _option(
        TIME_PANEL,
        "--time",
        metavar="MODE",
        text="A request takes a whole utterance, or (frame) some frames in order, with variable state; auto: "
        "whole utterances, and what is faster when scoring.",
    ),
]
FramesPerRequestOption = Annotated[
    int, _option(TIME_PANEL, "--frames-per-request", metavar="N", text="With --time frame; 0: chosen.")
]
FramesPerChunkOption = Annotated[
    int,
    _option(
        TIME_PANEL,
        "--frames-per-chunk",
        metavar="N",
        text="Chunks as nnet3-compute cuts them (its default is 50); 0: the whole utterance.",
    ),
]
ChunkSizeOption = Annotated[
    int, _option(TIME_PANEL, "--chunk-size", metavar="N", text="The same for nnet2, as in nnet-am-compute.")
]
ExtraLeftOption = Annotated[
    int, _option(TIME_PANEL, "--extra-left-context", metavar="N", text="More frames before each chunk (nnet3).")
]
ExtraRightOption = Annotated[
    int, _option(TIME_PANEL, "--extra-right-context", metavar="N", text="More frames after each chunk (nnet3).")
]
ExtraLeftInitialOption = Annotated[
    int,
    _option(
        TIME_PANEL, "--extra-left-context-initial", metavar="N", text="Those of the first chunk; -1: as of others."
    ),
]
ExtraRightFinalOption = Annotated[
    int,
    _option(TIME_PANEL, "--extra-right-context-final", metavar="N", text="Those of the last chunk; -1: as of others."),
]
BatchComputeOption = Annotated[
    bool,
    _option(
        TIME_PANEL,
        "--batch-compute",
        text="Chunks as nnet3-compute-batch cuts them: the last is moved back so that it is whole.",
    ),
]
ExactFinalOption = Annotated[
    bool,
    _option(
        TIME_PANEL,
        "--ensure-exact-final-context",
        text="With --batch-compute: an utterance shorter than a chunk is not filled up.",
    ),
]
SubsamplingOption = Annotated[
    int,
    _option(
        TIME_PANEL,
        "--frame-subsampling-factor",
        metavar="N",
        text="A row of scores for every N frames (chain models); 0: the file of this name beside the model, or 1.",
    ),
]
OutputNameOption = Annotated[
    str,
    _option(
        SCORES_PANEL,
        "--output-name",
        metavar="NODES",
        text="Nodes that become outputs, with commas between, such as output-xent.",
    ),
]
UsePriorsOption = Annotated[
    bool, _option(SCORES_PANEL, "--use-priors", text="Subtract the log priors stored in the model.")
]
ClassCountsOption = Annotated[
    str, _option(SCORES_PANEL, "--class-frame-counts", metavar="FILE", text="Subtract log priors made of these counts.")
]
PriorScaleOption = Annotated[float, _option(SCORES_PANEL, "--prior-scale", metavar="X", text="Factor of log priors.")]
PriorFloorOption = Annotated[
    float, _option(SCORES_PANEL, "--prior-floor", metavar="X", text="Pdfs below this relative frequency are ruled out.")
]
NoSoftmaxOption = Annotated[bool, _option(SCORES_PANEL, "--no-softmax", text="Leave out the last softmax (nnet1).")]
ApplyLogOption = Annotated[bool, _option(SCORES_PANEL, "--apply-log", text="Logarithm of the scores (nnet1, nnet2).")]
ApplyExpOption = Annotated[bool, _option(SCORES_PANEL, "--apply-exp", text="Exponential of the scores.")]
AcousticScaleOption = Annotated[
    float, _option(SCORES_PANEL, "--acoustic-scale", metavar="X", text="Factor of the scores.")
]
FeatureTransformOption = Annotated[
    str, _option(SCORES_PANEL, "--feature-transform", metavar="FILE", text="Network in front of the model (nnet1).")
]
DivideByPriorsOption = Annotated[
    bool,
    _option(
        SCORES_PANEL, "--divide-by-priors", text="Divide posteriors by the stored priors, rows sum to 1 again (nnet2)."
    ),
]
PadInputOption = Annotated[
    bool,
    _option(
        SCORES_PANEL, "--pad-input/--no-pad-input", text="Repeat the edges, so that no frame lacks context (nnet2)."
    ),
]

IvectorsOption = Annotated[
    str,
    _option(
        IVECTORS_PANEL,
        "--ivectors",
        metavar="RSPECIFIER",
        text="A vector per utterance, or per speaker with --utt2spk, for the input ivector.",
    ),
]
OnlineIvectorsOption = Annotated[
    str,
    _option(
        IVECTORS_PANEL, "--online-ivectors", metavar="RSPECIFIER", text="Matrices of i-vectors, for the input ivector."
    ),
]
OnlinePeriodOption = Annotated[
    int,
    _option(
        IVECTORS_PANEL, "--online-ivector-period", metavar="N", text="Frames from row to row of --online-ivectors."
    ),
]

# Names of the fields of KaldiOptions, for command lines; the tests hold both against each other.
KALDI_FLAGS = (
    "batch-compute",
    "ensure-exact-final-context",
    "use-priors",
    "no-softmax",
    "apply-log",
    "apply-exp",
    "divide-by-priors",
    "pad-input",
)
KALDI_VALUES = (
    "time",
    "frames-per-request",
    "frames-per-chunk",
    "chunk-size",
    "extra-left-context",
    "extra-right-context",
    "extra-left-context-initial",
    "extra-right-context-final",
    "frame-subsampling-factor",
    "output-name",
    "class-frame-counts",
    "prior-scale",
    "prior-floor",
    "acoustic-scale",
    "feature-transform",
)
IVECTOR_VALUES = ("ivectors", "online-ivectors", "online-ivector-period", "utt2spk")


def kaldi_options(context: typer.Context) -> KaldiOptions:
    """What the command line says, by the names of its parameters."""
    from ov_asr_score.settings.kaldi import KaldiOptions

    given = {name.replace("-", "_"): context.params[name.replace("-", "_")] for name in (*KALDI_FLAGS, *KALDI_VALUES)}
    return KaldiOptions(**given | {"time": TimeMode(given["time"]).value})

"""What the jobs that make or examine models are asked to do.

Tests: tests/settings/test_setting.py, tests/cli/commands
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from ov_asr_score.settings.device import DeviceSettings, parse_against
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import COMPARISON, GRAPH, QUANTIZATION, REPORTS, WORD_LIMITS, Part, Setting
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.tables import AllowCommands
from ov_asr_score.settings.weights import AllowNonfinite

DEFAULT_SNR_LIMIT = 40.0
"""Decibels of signal-to-noise ratio: an error of one per cent."""

Preset = Literal["mixed", "performance"]

_INPUTS = (
    *("inputs", "input_layers", "utt2spk", "ivector_period", "ivectors", "online_ivectors", "online_ivector_period"),
    *("states", "allow_missing", "allow_commands", "path_map", FrontendSettings),
)
_WORDS = (
    *("graph", "words", "transition_model", "tokens", "blank", "word_separator", "reference_text"),
    *("beam", "decoding_scale", "allow_partial", "decode_workers"),
)
_CONTEXTS = ("layout", "left_context", "right_context", "chunk_shift")
# A graph that is written takes whole utterances, unless it is asked for another.
_WHOLE = {"time": "utterance"}


def _given_model(help: str) -> dict[str, Setting]:
    return {"model": Setting(help, metavar="MODEL", positional=True)}


def _word(help: str, panel: str) -> Setting:
    return Setting(help, metavar="FILE", panel=panel)


_ANY_MODEL = _given_model("OpenVINO IR, ONNX, or a Kaldi model.")

MaxUtterances = Annotated[int, Setting("Use the first N utterances.", metavar="N", panel=QUANTIZATION, least=1)]


@dataclass(frozen=True, slots=True)
class ConvertJob:
    """A conversion of the Kaldi model in the file ``model`` to the IR ``output`` (.xml, with its .bin beside it)."""

    model: Annotated[
        str,
        Setting("Kaldi model: final.mdl, final.raw, final.nnet; binary or text.", metavar="MODEL", positional=True),
    ]
    output: Annotated[
        str,
        Setting(
            "OpenVINO IR to write; its weights go beside it as .bin.", names=("--output", "-o"), metavar="FILE.xml"
        ),
    ]
    kaldi: Annotated[KaldiOptions, Part(defaults=_WHOLE)] = DEFAULT_OPTIONS
    allow_nonfinite: AllowNonfinite = False
    allow_commands: AllowCommands = False
    static: Annotated[
        bool,
        Setting(
            "Fix all shapes, as NPUs need: to one chunk of --frames-per-chunk frames with its context, or to the "
            "frames of a request of --time frame."
        ),
    ] = False
    compress_to_fp16: Annotated[bool, Setting("Write weights as f16: half the size, slightly different scores.")] = (
        False
    )


@dataclass(frozen=True, slots=True)
class QuantizeJob:
    """An int8 IR ``output`` (.xml, with its .bin beside it) of the model that ``scoring`` names.

    The tables of ``scoring`` are the calibration utterances, of which the first ``max_utterances`` are used.
    """

    scoring: Annotated[
        ScoreJob,
        Part(
            (KaldiOptions, "model", "allow_nonfinite", *_CONTEXTS, *_INPUTS, *_WORDS),
            defaults=_WHOLE,
            settings={
                **_given_model("OpenVINO IR, ONNX, or a Kaldi model, which is converted first."),
                "graph": _word(
                    "Decoding graph, such as HCLG.fst: how many words the int8 model changes is reported.", GRAPH
                ),
                "reference_text": _word(
                    "What was said, as Kaldi's text: the word error rates of both are reported.", WORD_LIMITS
                ),
            },
        ),
    ]
    output: Annotated[
        str,
        Setting(
            "The int8 IR to write; its weights go beside it as .bin.", names=("--output", "-o"), metavar="FILE.xml"
        ),
    ]
    max_utterances: MaxUtterances = 100
    preset: Annotated[
        Preset,
        Setting(
            "Zero points of activations: mixed: where they can be negative; performance: nowhere.", panel=QUANTIZATION
        ),
    ] = "mixed"
    first_layers: Annotated[
        bool,
        Setting(
            "Quantize the layers that take the features, too: a little smaller, clearly less accurate.",
            panel=QUANTIZATION,
        ),
    ] = False
    show_progress: bool = False


@dataclass(frozen=True, slots=True)
class BenchJob:
    """A benchmark of the model of ``scoring``, on its tables or, without any, on noise.

    What ``scoring`` forces (batch size, streams, precision) holds for all ways. ``seconds`` bounds all of it, one
    repeat more or less; of tables the first ``max_utterances`` are used.
    """

    scoring: Annotated[
        ScoreJob,
        Part(
            (
                *(KaldiOptions, "model", "device", "precision", "threads", "streams", "config", "keep_graph"),
                *("batch_size", "requests", "memory_limit", "frame_shift_seconds"),
                *("allow_nonfinite", *_CONTEXTS, *_INPUTS),
            ),
            settings=_ANY_MODEL,
        ),
    ]
    seconds: Annotated[
        float, Setting("Total time of the benchmark; with less time the table is shorter.", metavar="S")
    ] = 40.0
    max_utterances: int = 200


@dataclass(frozen=True, slots=True)
class CompareLayersJob:
    """The layers of the model of ``scoring`` beside those of ``against_model`` (none: the same) on ``against``.

    The tables of ``scoring`` give the utterances, of which the first ``max_utterances`` are taken. ``layers`` are
    names, which may hold ``*``, ``?`` and ``[…]``; none: all that compute something. A layer below ``limit`` decibels
    fails. ``report`` is the path of the comparison as JSON, ``page`` that of a page for people.
    """

    scoring: Annotated[
        ScoreJob,
        Part(
            (
                *(KaldiOptions, "model", "device", "precision", "threads", "config", "keep_graph", "memory_limit"),
                *("allow_nonfinite", *_CONTEXTS, *_INPUTS),
            ),
            settings=_ANY_MODEL,
        ),
    ]
    against: Annotated[
        DeviceSettings,
        Setting(
            "Device and precision of the other side: device=…, precision=…; the rest is as in the reference.",
            metavar="KEY=VALUE,…",
            panel=COMPARISON,
            parse=lambda text, scoring: parse_against(text, scoring.device),
            needs="scoring",
        ),
    ]
    against_model: Annotated[
        str,
        Setting("Compare with another model, whose layers have the same names.", metavar="FILE", panel=COMPARISON),
    ] = ""
    layers: Annotated[
        Sequence[str],
        Setting(
            "Compare only this layer, or those that match a pattern with *; may be repeated.",
            names=("--layer",),
            metavar="NAME",
            panel=COMPARISON,
            repeated=True,
        ),
    ] = ()
    max_utterances: Annotated[int, Setting("Use the first N utterances.", metavar="N", panel=COMPARISON, least=1)] = 20
    limit: Annotated[
        float,
        Setting(
            "Exit with code 1 if the signal-to-noise ratio of a layer is below DB.",
            names=("--min-snr",),
            metavar="DB",
            panel=COMPARISON,
        ),
    ] = DEFAULT_SNR_LIMIT
    report: Annotated[
        str,
        Setting(
            "Write the comparison as JSON (docs/report-format.md).", names=("--json",), metavar="FILE", panel=REPORTS
        ),
    ] = ""
    page: Annotated[
        str,
        Setting(
            "Write an HTML report (docs/html-report.md).",
            names=("--report",),
            metavar="FILE.html",
            panel=REPORTS,
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class InspectSettings:
    """What to show of a model or blob."""

    model: Annotated[
        str,
        Setting(
            "Kaldi model, OpenVINO IR, ONNX, an exported blob, or a model directory.", metavar="MODEL", positional=True
        ),
    ]
    device: Annotated[
        str, Setting("Device that imports an exported blob.", names=("--device", "-d"), metavar="DEVICE")
    ] = "CPU"
    allow_nonfinite: AllowNonfinite = False
    allow_commands: AllowCommands = False
    all_layers: Annotated[
        bool,
        Setting(
            "Show every layer with its shape, and every node and component of a Kaldi model.", names=("--verbose", "-v")
        ),
    ] = False

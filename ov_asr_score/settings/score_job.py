"""Everything that one run of ``score`` is asked to do.

Tests: tests/settings/test_setting.py, tests/cli
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.limits import DEFAULT_THRESHOLD, Limits, Measures, Threshold
from ov_asr_score.settings.memory import DEFAULT_MEMORY_LIMIT, parse_memory
from ov_asr_score.settings.setting import COMPARISON, MODEL, REPORTS, SPEED, TABLES, Setting
from ov_asr_score.settings.shard import Shard, parse_shard
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.tables import (
    PAIR,
    AllowCommands,
    AllowMissing,
    CompressionMethod,
    Ivectors,
    OnError,
    OnlineIvectorPeriod,
    OnlineIvectors,
    PathMaps,
    Report,
    ReportScores,
    States,
    Tables,
    VectorsAs,
)
from ov_asr_score.settings.weights import AllowNonfinite
from ov_asr_score.settings.words.word_outputs import WordSettings


def _model(help: str, *names: str, **more: Any) -> Setting:
    return Setting(help, names=names, panel=MODEL, **more)


def _table(help: str, *names: str, **more: Any) -> Setting:
    return Setting(help, names=names, panel=TABLES, **more)


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """A run of ``score``. Tables are specifiers: by layer name in a mapping, or texts as the command line takes them
    (``SPEC``, ``layer=SPEC``, several with commas between).
    """

    # The model: an IR, ONNX or Kaldi file, or else a blob that was exported
    model: Annotated[
        str,
        _model(
            "OpenVINO IR (.xml with its .bin beside it), ONNX, or a Kaldi model (nnet1, nnet2, nnet3).",
            "--model",
            "-m",
            metavar="FILE",
        ),
    ] = ""
    import_model: Annotated[
        str,
        _model("Exported model (blob), in place of -m.", "--import-model", "--import-gna-model", "-rg", metavar="FILE"),
    ] = ""
    export_model: Annotated[
        str,
        _model(
            "Write the compiled model (blob) to FILE and score nothing.",
            "--export-model",
            "--export-gna-model",
            "-wg",
            metavar="FILE",
        ),
    ] = ""
    device: DeviceSettings = field(default_factory=DeviceSettings)
    batch_size: Annotated[
        int,
        Setting(
            "Frames per infer request, or utterances for models that batch utterances; 0: chosen to fit the model.",
            names=("-bs",),
            metavar="N",
            panel=SPEED,
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    requests: Annotated[
        int,
        Setting(
            "Infer requests in flight; 0: one more than streams.",
            names=("-nireq",),
            metavar="N",
            panel=SPEED,
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    memory_limit: Annotated[  # bytes
        int,
        Setting(
            "Memory for features and scores in flight, such as 500M or 4G; the model and the runtime need more.",
            metavar="SIZE",
            panel=SPEED,
            parse=parse_memory,
            shown="2G",
            changes_bytes=True,
        ),
    ] = DEFAULT_MEMORY_LIMIT
    layout: Annotated[
        str,
        _model(
            "Axes of inputs and outputs, such as x[NTC],y[NCT], or [NCT] for all inputs: N utterances, T frames, C "
            "values (docs/models.md).",
            "-layout",
            metavar="LAYOUT",
            in_suite=True,
            changes_bytes=True,
        ),
    ] = ""
    keep_graph: Annotated[
        bool, _model("Do not repair graphs that CPU plugins compute wrongly.", in_suite=True, changes_bytes=True)
    ] = False
    left_context: Annotated[
        int,
        _model(
            "Frames of left context; at the start of an utterance, its first frame is repeated.",
            "--context-left",
            "--context-window-left",
            "-cw_l",
            metavar="FRAMES",
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    right_context: Annotated[
        int,
        _model(
            "Frames of right context; at the end of an utterance, its last frame is repeated.",
            "--context-right",
            "--context-window-right",
            "-cw_r",
            metavar="FRAMES",
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    chunk_shift: Annotated[
        int,
        _model(
            "Frames from one request to the next, for models with states whose requests have a fixed number of frames "
            "and overlap; 0: as the model's metadata says.",
            metavar="FRAMES",
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    allow_nonfinite: AllowNonfinite = False
    kaldi: KaldiOptions = DEFAULT_OPTIONS  # for Kaldi models, which are converted
    conversion_cache: str | None = None  # folder where conversions are kept; None: nowhere

    # Tables in
    inputs: Annotated[
        Tables,
        _table(
            "Features: file.ark, ark:…, scp:…, file.npz, -; or sound: wav:GLOB, wav,scp:wav.scp, a data directory "
            "(docs/features.md). For several inputs give LAYER=SPEC for each, separated by commas or with -i repeated; "
            "the input with one row per frame comes first. LAYER=frames, ones, zeros, position or value:X fills in an "
            "input without a table (docs/models.md).",
            "--input",
            "-i",
            metavar="[LAYER=]SPEC",
            repeated=True,
        ),
    ] = ()
    more_sound: Sequence[str] = ()  # sound files that follow those of the first table
    input_layers: Annotated[
        str,
        _table(
            "Names of the inputs that the tables of -i are for, separated by commas.",
            "-iname",
            metavar="NAMES",
            in_suite=True,
        ),
    ] = ""
    utt2spk: Annotated[
        Tables,
        _table(
            "The other inputs have one vector per speaker; FILE (or ark:FILE) maps utterances to speakers.",
            metavar="[LAYER=]FILE",
            repeated=True,
            in_suite=True,
        ),
    ] = ()
    ivector_period: Annotated[
        Sequence[str] | Mapping[str, int],
        _table(
            "The other inputs have one row (online i-vector) per N frames.",
            metavar="[LAYER=]N",
            repeated=True,
            in_suite=True,
        ),
    ] = ()
    ivectors: Ivectors = ""
    online_ivectors: OnlineIvectors = ""
    online_ivector_period: OnlineIvectorPeriod = 0
    frontend: FrontendSettings = field(default_factory=FrontendSettings)
    states: States = ()
    pair: Annotated[Literal["key", "position"], PAIR] = "key"
    allow_missing: AllowMissing = False
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"

    shard: Annotated[  # this part of the first table only
        Shard | None,
        _table(
            "Score part I of N of the first table; I starts at 1 (docs/scaling.md).",
            metavar="I/N",
            parse=parse_shard,
        ),
    ] = None

    # Tables out
    outputs: Annotated[
        Tables,
        _table(
            "Scores to write: file.ark, ark,scp:a,b, ark,t:-, file.npz; LAYER is an output or any inner layer.",
            "--output",
            "-o",
            metavar="[LAYER=]SPEC",
            repeated=True,
        ),
    ] = ()
    output_layers: Annotated[
        str,
        _table(
            "Names of the layers that the tables of -o and -r are for, separated by commas.",
            "-oname",
            metavar="NAMES",
            in_suite=True,
        ),
    ] = ""
    output_precision: Annotated[
        Literal["f32", "f64"], _table("Floating-point type of the scores that are written.", changes_bytes=True)
    ] = "f32"
    compression_method: CompressionMethod = None
    vectors_as: VectorsAs = "vector"
    resume: Annotated[
        bool, _table("Continue an interrupted run that had --resume; start from the beginning if there is none.")
    ] = False

    # Words
    decoding: WordSettings = field(default_factory=WordSettings)

    # Comparison
    references: Annotated[
        Tables,
        Setting(
            "Reference scores to compare with.",
            names=("--reference", "-r"),
            metavar="[LAYER=]SPEC",
            panel=COMPARISON,
            repeated=True,
        ),
    ] = ()
    threshold: Threshold = DEFAULT_THRESHOLD
    limits: Limits = field(default_factory=Limits)
    measures: Measures = True

    # Reports
    profile: Annotated[
        bool, Setting("Report the time of each layer.", names=("--performance-counter", "-pc"), panel=REPORTS)
    ] = False
    report: Report = ""
    report_scores: ReportScores = False
    trace: Annotated[
        str,
        Setting(
            "Write a timeline of reading, inference and writing, with -pc also of layers, for ui.perfetto.dev or "
            "chrome://tracing.",
            metavar="FILE.json",
            panel=REPORTS,
        ),
    ] = ""
    frame_shift_seconds: Annotated[
        float,
        Setting(
            "Duration of a frame of stored features, for the real-time factor and times.",
            names=("--frame-shift",),
            metavar="SECONDS",
            panel=REPORTS,
            least=0.0001,
            in_suite=True,
        ),
    ] = 0.01
    command: Sequence[str] = ()  # the command line, if one started the job
    notes: Sequence[str] = ()  # what the caller has to tell in the report

    def __post_init__(self) -> None:
        """Take a single text for a list of one."""
        for name in ("inputs", "outputs", "references", "utt2spk", "ivector_period", "states"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, (value,))

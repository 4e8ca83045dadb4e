"""Everything that one run of ``score`` is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ov_asr_score.comparison import DEFAULT_THRESHOLD, Limits
from ov_asr_score.kaldi_io import Shard
from ov_asr_score.scoring.options import DEFAULT_MEMORY_LIMIT
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions

Tables = str | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """A run of ``score``. Tables are specifiers: by layer name in a mapping, or texts as the command line takes them
    (``SPEC``, ``layer=SPEC``, several with commas between).
    """

    # The model: an IR, ONNX or Kaldi file, or else a blob that was exported
    model: str = ""
    import_model: str = ""
    export_model: str = ""  # write the compiled model there and score nothing
    device: DeviceSettings = field(default_factory=DeviceSettings)
    batch_size: int = 0  # frames per infer request; 0: chosen from the model
    requests: int = 0  # infer requests under way at a time; 0: chosen
    memory_limit: int = DEFAULT_MEMORY_LIMIT  # bytes of features and scores on their way
    layout: str = ""
    keep_graph: bool = False  # do not mend graphs that the CPU plugin scores wrongly
    left_context: int = 0  # frames
    right_context: int = 0  # frames
    kaldi: KaldiOptions = DEFAULT_OPTIONS  # for Kaldi models, which are converted
    conversion_cache: str | None = None  # folder where conversions are kept; None: nowhere

    # Tables in
    inputs: Tables = ()
    input_layers: str = ""  # names for unnamed tables, comma-separated, in their order
    utt2spk: Tables = ()
    ivector_period: Sequence[str] | Mapping[str, int] = ()  # frames per row of online i-vectors
    ivectors: str = ""  # for the input `ivector`: a vector per utterance, or per speaker with utt2spk
    online_ivectors: str = ""  # for the input `ivector`: a row per online_ivector_period frames
    online_ivector_period: int = 0
    pair: Literal["key", "position"] = "key"
    allow_missing: bool = False
    allow_commands: bool = False
    on_error: Literal["stop", "skip"] = "stop"

    shard: Shard | None = None  # this part of the first table only

    # Tables out
    outputs: Tables = ()
    output_layers: str = ""
    output_precision: Literal["f32", "f64"] = "f32"
    compression_method: int | None = None  # of Kaldi's seven
    resume: bool = False  # go on with an interrupted run of the same job, if there is one

    # Comparison
    references: Tables = ()
    threshold: float = DEFAULT_THRESHOLD
    limits: Limits = field(default_factory=Limits)
    measures: bool = True  # of classes, posteriors and where errors are

    # Reports
    profile: bool = False
    report: str = ""  # path; the suffix says what it is (report_files)
    report_scores: bool = False  # pictures of scores in a page
    trace: str = ""  # path of a trace of the run for Perfetto
    frame_shift_seconds: float = 0.01
    command: Sequence[str] = ()  # the command line, if one started the job
    notes: Sequence[str] = ()  # what the caller has to tell in the report

    def __post_init__(self) -> None:
        """Take a single text for a list of one."""
        for name in ("inputs", "outputs", "references", "utt2spk", "ivector_period"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, (value,))

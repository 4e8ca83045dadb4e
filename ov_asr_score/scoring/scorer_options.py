"""What to score with, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.memory import DEFAULT_MEMORY_LIMIT
from ov_asr_score.settings.score_job import ScoreJob

AutoTime: TypeAlias = Literal["fastest", "utterance", "frame"]
"""What ``time: auto`` of a Kaldi model is to become: what scores fastest, whole utterances, or single frames in order.

Whole utterances are for models that are written. Frames in order are for models whose layers are looked at: inside of a
loop over an utterance they cannot be seen. They are taken where recurrences look back only.
"""


@dataclass(frozen=True, slots=True)
class ScorerOptions:
    """What to score with. Exactly one of ``model`` (IR, ONNX, Kaldi) and ``blob`` (exported model) is given.

    ``outputs`` are names of outputs or inner layers, empty for all outputs of the model. ``batch_size`` and
    ``requests`` 0 leave the choice to the plan. Contexts are frames, as is ``chunk_shift`` (0:
    as the model says); ``repair_graph`` allows the repair described in
    :mod:`ov_asr_score.device.graph_repair`; ``fixed_batch`` makes the batch part of the compiled model, for an export.
    ``one_at_a_time`` keeps a model with variables to one utterance, for an export too.
    ``kaldi`` holds for Kaldi models, which are converted (``auto_time``: where it leaves the way frames are fed open);
    ``conversion_cache`` is the folder where the results are kept
    (None: nowhere), and with ``keep_nodes`` all of their nodes stay layers, by name. ``memory_limit`` is the number of
    bytes that features and scores on their way may take. ``allow_nonfinite`` takes weights that are NaN or infinite.
    """

    model: str = ""
    blob: str = ""
    device: DeviceSettings = field(default_factory=DeviceSettings)
    batch_size: int = 0
    requests: int = 0
    layout: str = ""
    outputs: tuple[str, ...] = ()
    left_context: int = 0
    right_context: int = 0
    chunk_shift: int = 0
    repair_graph: bool = True
    fixed_batch: bool = False
    one_at_a_time: bool = False
    kaldi: KaldiOptions = field(default_factory=KaldiOptions)
    auto_time: AutoTime = "fastest"
    conversion_cache: str | None = None
    keep_nodes: bool = False
    memory_limit: int = DEFAULT_MEMORY_LIMIT
    allow_nonfinite: bool = False


def scorer_options(job: ScoreJob) -> ScorerOptions:
    """What ``job`` asks of a scorer, for all outputs of the model."""
    is_export = bool(job.export_model)
    # What is written takes whole utterances unless it is asked for another; GNA takes one frame at a time.
    writes_whole = is_export and job.device.gna_mode is None
    return ScorerOptions(
        model=job.model,
        blob=job.import_model,
        device=replace(job.device, profile=job.profile or job.device.profile),
        batch_size=job.batch_size,
        requests=job.requests,
        layout=job.layout,
        left_context=job.left_context,
        right_context=job.right_context,
        chunk_shift=job.chunk_shift,
        repair_graph=not job.keep_graph,
        fixed_batch=is_export and bool(job.batch_size),
        one_at_a_time=is_export,
        kaldi=job.kaldi,
        auto_time="utterance" if writes_whole else "fastest",
        conversion_cache=job.conversion_cache,
        memory_limit=job.memory_limit,
        allow_nonfinite=job.allow_nonfinite,
    )

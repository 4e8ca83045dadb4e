"""What to score with, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.memory import DEFAULT_MEMORY_LIMIT


@dataclass(frozen=True, slots=True)
class ScorerOptions:
    """What to score with. Exactly one of ``model`` (IR, ONNX, Kaldi) and ``blob`` (exported model) is given.

    ``outputs`` are names of outputs or inner layers, empty for all outputs of the model. ``batch_size`` and
    ``requests`` 0 leave the choice to the plan. Contexts are frames; ``mend`` allows the repair described in
    :mod:`ov_asr_score.device.graph_repair`; ``fixed_batch`` makes the batch part of the compiled model, for an export.
    ``one_at_a_time`` keeps a model with variables to one utterance, for an export too.
    ``kaldi`` holds for Kaldi models, which are converted; ``conversion_cache`` is the folder where the results are kept
    (None: nowhere), and with ``keep_nodes`` all of their nodes stay layers, by name. ``memory_limit`` is the number of
    bytes that features and scores on their way may take.
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
    mend: bool = True
    fixed_batch: bool = False
    one_at_a_time: bool = False
    kaldi: KaldiOptions = field(default_factory=KaldiOptions)
    conversion_cache: str | None = None
    keep_nodes: bool = False
    memory_limit: int = DEFAULT_MEMORY_LIMIT

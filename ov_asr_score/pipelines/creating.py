"""Pipelines by the name of their task."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from os import PathLike
from pathlib import Path

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import UsageError
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.pipelines.answers import parse_timestamps
from ov_asr_score.pipelines.refusals import PipelineUsageError
from ov_asr_score.pipelines.sound_inputs import InputOptions, SoundInput, checked_rate
from ov_asr_score.pipelines.speech_recognition import (
    CallOptions,
    Recognize,
    SpeechRecognitionPipeline,
    checked_batch_size,
)
from ov_asr_score.pipelines.whole_file_jobs import WholeFileJobs
from ov_asr_score.pipelines.window_bounds import check_windows
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.recognition.session_options import Confidence, SessionOptions
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.transcript.transcript import Transcript

logger = logging.getLogger(__name__)


def pipeline(
    task: str = SpeechRecognitionPipeline.task,
    model: str | PathLike[str] | ModelDirectory | Recognizer | None = None,
    *,
    device: str | DeviceSettings | None = None,
    batch_size: int = 1,
    return_timestamps: bool | str | None = False,
    chunk_length_s: float | None = None,
    stride_length_s: float | Sequence[float] | None = None,
    sampling_rate: int | None = None,
    alternatives: int = 1,
    confidence: Confidence = "none",
    allow_urls: bool = False,
) -> SpeechRecognitionPipeline:
    """A pipeline that recognizes sound with a model directory; words are those of ``transcribe``.

    ``device`` is one of OpenVINO's. ``sampling_rate`` is that of arrays that come without one. ``alternatives`` and
    ``confidence`` (``best-path``, or ``mbr``) are found in ``transcript`` of the answers. The other arguments are
    explained by the calls of `SpeechRecognitionPipeline`. Sound of another rate than the model's is resampled. Models
    that are not computed step by step (CTC, experiments of Kaldi) are read for each recording.

    Raises PipelineUsageError (another task, no model, arguments that cannot be), and what loading a recognizer raises.
    """
    if task != SpeechRecognitionPipeline.task:
        raise PipelineUsageError(f"task: expected '{SpeechRecognitionPipeline.task}', found {task!r}", fields=("task",))
    check_windows(chunk_length_s, stride_length_s)
    options = CallOptions(
        InputOptions(None if sampling_rate is None else checked_rate(sampling_rate), allow_urls),
        parse_timestamps(return_timestamps),
        checked_batch_size(batch_size),
    )
    wanted = _wanted(alternatives, confidence)
    if isinstance(model, Recognizer):
        if device is not None:
            raise PipelineUsageError("device: is that of the recognizer, which is given", fields=("device",))
        return SpeechRecognitionPipeline(_by_recognizer(model, wanted), options)
    directory, settings = _directory(model), _device(device)
    if directory.program != "online2-wav-nnet3-latgen-faster":
        jobs, keys = WholeFileJobs(directory, settings, wanted), _keys()
        return SpeechRecognitionPipeline(lambda sound: jobs.recognize(sound, next(keys)), options)
    recognizer = load_recognizer(directory, device=settings)
    for note in recognizer.notes:
        logger.info("%s: %s", directory.folder, note)
    return SpeechRecognitionPipeline(_by_recognizer(recognizer, wanted), options, recognizer.close)


def _keys() -> Iterator[str]:
    return (f"recording-{number}" for number in count(1))


def _by_recognizer(recognizer: Recognizer, wanted: SessionOptions) -> Recognize:
    keys = _keys()

    def recognize(sound: SoundInput) -> Transcript:
        key = next(keys)
        recording = Recording(key, "", sound.rate, None, "mix", lambda: sound.pieces)
        found = recognizer.recognize(
            recording, words=True, alternatives=wanted.alternatives, confidence=wanted.confidence
        )
        return Transcript(
            found.segments,
            id=key,
            model=str(recognizer.directory.folder),
            language=recognizer.directory.language,
            durations={key: found.seconds},
            warnings=tuple(warning for segment in found.segments for warning in segment.warnings),
            stage_seconds=found.stage_seconds,
        )

    return recognize


def _wanted(alternatives: int, confidence: Confidence) -> SessionOptions:
    try:
        return SessionOptions(words=True, alternatives=alternatives, confidence=confidence)
    except UsageError as error:
        raise PipelineUsageError(str(error), fields=error.fields) from error


def _device(device: str | DeviceSettings | None) -> DeviceSettings:
    if device is None or isinstance(device, str):
        return DeviceSettings(device or "CPU")
    if isinstance(device, DeviceSettings):
        return device
    raise PipelineUsageError(
        f"device: expected the name of a device of OpenVINO such as CPU, found {device!r}", fields=("device",)
    )


def _directory(model: str | PathLike[str] | ModelDirectory | None) -> ModelDirectory:
    """What the model directory says, for sound of any rate."""
    if model is None:
        raise PipelineUsageError("model: expected the folder of a model, found none", fields=("model",))
    if not isinstance(model, ModelDirectory):
        if not Path(model).exists():
            raise PipelineUsageError(
                f"model: expected the folder of a model, found no '{model}'; models are not downloaded",
                fields=("model",),
            )
        model = read_model_directory(Path(model))
    sound = model.frontend.sound
    sound = replace(
        sound,
        allow_downsample=True if sound.allow_downsample is None else sound.allow_downsample,
        allow_upsample=True if sound.allow_upsample is None else sound.allow_upsample,
    )
    return replace(model, frontend=replace(model.frontend, sound=sound))

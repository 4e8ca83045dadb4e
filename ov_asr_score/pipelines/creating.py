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
from ov_asr_score.pipelines.sound_inputs import InputOptions, Samples, SoundInput, checked_rate
from ov_asr_score.pipelines.speech_recognition import CallOptions, SpeechRecognitionPipeline, checked_batch_size
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
    """A pipeline that recognizes sound with a model directory; words are Kaldi's for whole files (``--online=false``).

    ``device`` is one of OpenVINO's. ``sampling_rate`` is that of arrays that come without one. ``alternatives`` and
    ``confidence`` (``best-path``, or ``mbr``) are found in ``transcript`` of the answers. The other arguments are
    explained by the calls of `SpeechRecognitionPipeline`. Sound of another rate than the model's is resampled.

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
    _check_words(alternatives, confidence)
    recognizer = _recognizer(model, device)
    close = recognizer.close if recognizer is not model else lambda: None
    numbers = count(1)

    def recognize(sound: SoundInput) -> Transcript:
        def read() -> Iterator[Samples]:
            return sound.pieces

        key = f"recording-{next(numbers)}"
        recording = Recording(key, "", sound.rate, None, "mix", read)
        found = recognizer.recognize(recording, words=True, alternatives=alternatives, confidence=confidence)
        warnings = tuple(warning for segment in found.segments for warning in segment.warnings)
        return Transcript(
            found.segments,
            id=key,
            model=str(recognizer.directory.folder),
            language=recognizer.directory.language,
            durations={key: found.seconds},
            warnings=warnings,
            stage_seconds=found.stage_seconds,
        )

    return SpeechRecognitionPipeline(recognize, options, close)


def _check_words(alternatives: int, confidence: Confidence) -> None:
    try:
        SessionOptions(alternatives=alternatives, confidence=confidence)
    except UsageError as error:
        raise PipelineUsageError(str(error), fields=error.fields) from error


def _recognizer(
    model: str | PathLike[str] | ModelDirectory | Recognizer | None, device: str | DeviceSettings | None
) -> Recognizer:
    """The recognizer of a directory, which takes sound of any rate; a recognizer as it is."""
    if isinstance(model, Recognizer):
        if device is not None:
            raise PipelineUsageError("device: is that of the recognizer, which is given", fields=("device",))
        return model
    if model is None:
        raise PipelineUsageError("model: expected the folder of a model, found none", fields=("model",))
    if isinstance(device, str):
        device = DeviceSettings(device)
    elif device is not None and not isinstance(device, DeviceSettings):
        raise PipelineUsageError(
            f"device: expected the name of a device of OpenVINO such as CPU, found {device!r}", fields=("device",)
        )
    directory = model if isinstance(model, ModelDirectory) else _directory(Path(model))
    sound = directory.frontend.sound
    sound = replace(
        sound,
        allow_downsample=True if sound.allow_downsample is None else sound.allow_downsample,
        allow_upsample=True if sound.allow_upsample is None else sound.allow_upsample,
    )
    directory = replace(directory, frontend=replace(directory.frontend, sound=sound))
    recognizer = load_recognizer(directory, device=device)
    for note in recognizer.notes:
        logger.info("%s: %s", directory.folder, note)
    return recognizer


def _directory(folder: Path) -> ModelDirectory:
    if not folder.exists():
        raise PipelineUsageError(
            f"model: expected the folder of a model, found no '{folder}'; models are not downloaded", fields=("model",)
        )
    return read_model_directory(folder)

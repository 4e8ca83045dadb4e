"""Words of models that are not computed step by step: those of ``transcribe``, which is run for each recording.

These are models of CTC, and experiments of Kaldi, whose words nnet3-latgen-faster decides.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.pipelines.sound_inputs import SoundInput
from ov_asr_score.recognition.session_options import SessionOptions
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.json_form import read_transcript
from ov_asr_score.transcript.transcript import Transcript


@dataclass(frozen=True, slots=True)
class WholeFileJobs:
    """Transcribes one recording after the other with ``directory``; the model is read each time."""

    directory: ModelDirectory
    device: DeviceSettings
    options: SessionOptions
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def recognize(self, sound: SoundInput, key: str) -> Transcript:
        """What was said. Raises what ``run_transcription`` raises."""
        with self._turn, tempfile.TemporaryDirectory(prefix="ov_asr_score-") as folder:
            samples, found = Path(folder, f"{key}.raw"), Path(folder, "transcript.json")
            count = 0
            with samples.open("wb") as file:
                for piece in sound.pieces:
                    count += len(piece)
                    file.write((piece / np.float32(32768)).astype("<f4").tobytes())
            if not count:
                return Transcript((), id=key, model=str(self.directory.folder), durations={key: 0.0})
            run_transcription(self._job(samples, found, sound.rate), directory=self.directory)
            transcript = read_transcript(str(found))
            durations = {key: count / sound.rate}
            return replace(transcript, id=key, model=str(self.directory.folder), durations=durations)

    def _job(self, samples: Path, found: Path, rate: int) -> TranscribeJob:
        sound = self.directory.frontend.sound
        return TranscribeJob(
            str(self.directory.folder),
            (f"wav:{samples}",),
            sound=SoundSettings(
                raw_format="f32le",
                raw_rate=rate,
                allow_downsample=sound.allow_downsample,
                allow_upsample=sound.allow_upsample,
            ),
            device=self.device,
            decode_workers=1,
            files=WordFiles(transcript=str(found), nbest=self.options.alternatives, confidence=self.options.confidence),
        )

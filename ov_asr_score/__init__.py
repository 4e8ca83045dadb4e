"""Score utterances with OpenVINO acoustic models, from Kaldi archive to Kaldi archive.

``run_job`` and ``run_conversion`` do what the command line does; ``score`` gives scores one utterance at a time,
``convert_model`` makes an OpenVINO model of a Kaldi model, ``LiveFrontend`` gives features of sound in pieces, and
``pipeline`` recognizes sound with a model directory. Names that need the runtime are loaded when they are first used,
so that the table reader stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ov_asr_score.lazy_names import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ov_asr_score.frontend.live import LiveFrontend
    from ov_asr_score.frontend.live_state import FrontendState
    from ov_asr_score.frontend.opening import open_sound_frontend
    from ov_asr_score.job import (
        BenchJob,
        CheckJob,
        CompareJob,
        CompareLayersJob,
        ConvertJob,
        DecodeJob,
        QuantizeJob,
        ScoreJob,
        TranscribeJob,
        WerJob,
        read_suite,
        run_bench,
        run_comparison,
        run_conversion,
        run_decode,
        run_job,
        run_layer_comparison,
        run_quantization,
        run_suite,
        run_transcription,
        run_wer,
    )
    from ov_asr_score.library import convert_model, score
    from ov_asr_score.pipelines.creating import pipeline
    from ov_asr_score.recognition.live_session import LiveSession
    from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
    from ov_asr_score.recognition.results import Final, Partial
    from ov_asr_score.settings.kaldi import KaldiOptions
    from ov_asr_score.settings.speech.feature_steps import FeatureSteps
    from ov_asr_score.settings.speech.frontend import FrontendSettings
    from ov_asr_score.settings.speech.sound import SoundSettings
    from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles, WordSettings
    from ov_asr_score.transcript.transcript import Transcript

__all__ = [
    "BenchJob",
    "CheckJob",
    "CompareJob",
    "CompareLayersJob",
    "ConvertJob",
    "DecodeJob",
    "FeatureSteps",
    "Final",
    "FrontendSettings",
    "FrontendState",
    "GraphSettings",
    "KaldiOptions",
    "LiveFrontend",
    "LiveSession",
    "Partial",
    "QuantizeJob",
    "Recognizer",
    "ScoreJob",
    "SoundSettings",
    "TranscribeJob",
    "Transcript",
    "WerJob",
    "WordFiles",
    "WordSettings",
    "__version__",
    "convert_model",
    "load_recognizer",
    "open_sound_frontend",
    "pipeline",
    "read_suite",
    "run_bench",
    "run_comparison",
    "run_conversion",
    "run_decode",
    "run_job",
    "run_layer_comparison",
    "run_quantization",
    "run_suite",
    "run_transcription",
    "run_wer",
    "score",
]

_HOMES = {
    "BenchJob": "job",
    "CheckJob": "job",
    "CompareJob": "job",
    "CompareLayersJob": "job",
    "ConvertJob": "job",
    "DecodeJob": "job",
    "FeatureSteps": "settings.speech.feature_steps",
    "Final": "recognition.results",
    "FrontendSettings": "settings.speech.frontend",
    "FrontendState": "frontend.live_state",
    "GraphSettings": "settings.words.word_outputs",
    "KaldiOptions": "settings.kaldi",
    "LiveFrontend": "frontend.live",
    "LiveSession": "recognition.live_session",
    "Partial": "recognition.results",
    "QuantizeJob": "job",
    "Recognizer": "recognition.recognizer",
    "ScoreJob": "job",
    "SoundSettings": "settings.speech.sound",
    "TranscribeJob": "job",
    "Transcript": "transcript.transcript",
    "WerJob": "job",
    "WordFiles": "settings.words.word_outputs",
    "WordSettings": "settings.words.word_outputs",
    "convert_model": "library",
    "load_recognizer": "recognition.recognizer",
    "open_sound_frontend": "frontend.opening",
    "pipeline": "pipelines.creating",
    "read_suite": "job",
    "run_bench": "job",
    "run_comparison": "job",
    "run_conversion": "job",
    "run_decode": "job",
    "run_job": "job",
    "run_layer_comparison": "job",
    "run_quantization": "job",
    "run_suite": "job",
    "run_transcription": "job",
    "run_wer": "job",
    "score": "library",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

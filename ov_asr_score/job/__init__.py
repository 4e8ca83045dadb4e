"""Whole jobs in plain values, without a terminal: score tables, compare two, or the layers of a model, run a suite,
convert, quantize or bench a model, check it on training examples, decode scores, transcribe sound, or count word
errors.

What a job needs is loaded when its name is first used.
"""

from typing import TYPE_CHECKING

from ov_asr_score.lazy_names import lazy_names

if TYPE_CHECKING:
    from ov_asr_score.job.bench import run_bench
    from ov_asr_score.job.comparing.compare import run_comparison
    from ov_asr_score.job.comparing.compare_layers import run_layer_comparison
    from ov_asr_score.job.convert import ConversionReport, run_conversion
    from ov_asr_score.job.decode import run_decode
    from ov_asr_score.job.egs_prob import run_egs_prob
    from ov_asr_score.job.quantize import QuantizationReport, run_quantization
    from ov_asr_score.job.score import run_job
    from ov_asr_score.job.suite.file import read_suite
    from ov_asr_score.job.suite.run import CheckJob, run_suite
    from ov_asr_score.job.transcribe.transcription import run_transcription
    from ov_asr_score.job.wer import run_wer
    from ov_asr_score.settings.egs_prob import EgsProbJob
    from ov_asr_score.settings.model_jobs import BenchJob, CompareLayersJob, ConvertJob, QuantizeJob
    from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
    from ov_asr_score.settings.score_job import ScoreJob
    from ov_asr_score.settings.table_jobs import CompareJob
    from ov_asr_score.settings.words.decode_job import DecodeJob
    from ov_asr_score.settings.words.wer_job import WerJob

__all__ = [
    "BenchJob",
    "CheckJob",
    "CompareJob",
    "CompareLayersJob",
    "ConversionReport",
    "ConvertJob",
    "DecodeJob",
    "EgsProbJob",
    "QuantizationReport",
    "QuantizeJob",
    "ScoreJob",
    "TranscribeJob",
    "WerJob",
    "read_suite",
    "run_bench",
    "run_comparison",
    "run_conversion",
    "run_decode",
    "run_egs_prob",
    "run_job",
    "run_layer_comparison",
    "run_quantization",
    "run_suite",
    "run_transcription",
    "run_wer",
]

_HOMES = {
    "BenchJob": "settings.model_jobs",
    "CheckJob": "job.suite.run",
    "CompareJob": "settings.table_jobs",
    "CompareLayersJob": "settings.model_jobs",
    "ConversionReport": "job.convert",
    "ConvertJob": "settings.model_jobs",
    "DecodeJob": "settings.words.decode_job",
    "EgsProbJob": "settings.egs_prob",
    "QuantizationReport": "job.quantize",
    "QuantizeJob": "settings.model_jobs",
    "ScoreJob": "settings.score_job",
    "TranscribeJob": "settings.recognition.transcribe_job",
    "WerJob": "settings.words.wer_job",
    "read_suite": "job.suite.file",
    "run_bench": "job.bench",
    "run_comparison": "job.comparing.compare",
    "run_conversion": "job.convert",
    "run_decode": "job.decode",
    "run_egs_prob": "job.egs_prob",
    "run_job": "job.score",
    "run_layer_comparison": "job.comparing.compare_layers",
    "run_quantization": "job.quantize",
    "run_suite": "job.suite.run",
    "run_transcription": "job.transcribe.transcription",
    "run_wer": "job.wer",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

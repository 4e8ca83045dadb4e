"""Whole jobs in plain values, without a terminal: score tables, compare two, or the layers of a model, run a suite,
convert, quantize or bench a model."""

from ov_asr_score.job.bench import BenchJob, run_bench
from ov_asr_score.job.compare import CompareJob, run_comparison
from ov_asr_score.job.compare_layers import CompareLayersJob, run_layer_comparison
from ov_asr_score.job.convert import ConversionReport, ConvertJob, run_conversion
from ov_asr_score.job.quantize import QuantizationReport, QuantizeJob, run_quantization
from ov_asr_score.job.score import run_job
from ov_asr_score.job.suite.file import read_suite
from ov_asr_score.job.suite.run import CheckJob, run_suite
from ov_asr_score.settings.score_job import ScoreJob

__all__ = [
    "BenchJob",
    "CheckJob",
    "CompareJob",
    "CompareLayersJob",
    "ConversionReport",
    "ConvertJob",
    "QuantizationReport",
    "QuantizeJob",
    "ScoreJob",
    "read_suite",
    "run_bench",
    "run_comparison",
    "run_conversion",
    "run_job",
    "run_layer_comparison",
    "run_quantization",
    "run_suite",
]

"""Whole jobs in plain values, without a terminal: score tables, compare two, convert, quantize or bench a model."""

from ov_asr_score.job.benchmarking import BenchJob, run_bench
from ov_asr_score.job.compare import CompareJob, run_comparison
from ov_asr_score.job.conversion import ConversionReport, ConvertJob, run_conversion
from ov_asr_score.job.quantizing import QuantizationReport, QuantizeJob, run_quantization
from ov_asr_score.job.run import run_job
from ov_asr_score.job.score_job import ScoreJob

__all__ = [
    "BenchJob",
    "CompareJob",
    "ConversionReport",
    "ConvertJob",
    "QuantizationReport",
    "QuantizeJob",
    "ScoreJob",
    "run_bench",
    "run_comparison",
    "run_conversion",
    "run_job",
    "run_quantization",
]

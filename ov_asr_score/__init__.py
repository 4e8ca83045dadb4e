"""Score utterances with OpenVINO acoustic models, from Kaldi archive to Kaldi archive.

``run_job`` does what the command line does; ``score`` gives scores one utterance at a time. Names that need the runtime
are loaded when they are first used, so that the table reader stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ov_asr_score.job import CompareJob, ScoreJob, run_comparison, run_job
    from ov_asr_score.library import score

__all__ = ["CompareJob", "ScoreJob", "__version__", "run_comparison", "run_job", "score"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name in ("CompareJob", "ScoreJob", "run_comparison", "run_job"):
        from ov_asr_score import job

        return getattr(job, name)
    if name == "score":
        from ov_asr_score.library import score

        return score
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A model that is ready to score, with utterances in memory: for jobs that try a model and write no scores.

Tests: tests/job/test_quantize.py, tests/job/test_bench.py
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from ov_asr_score.ov_model.file_kind import ModelKind
from ov_asr_score.scoring.model_loading import ConfiguredModel
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.session import ModelWithTables, open_model_with_tables, start_session
from ov_asr_score.scoring.utterances.joining import InputTable, Utterance
from ov_asr_score.settings.score_job import ScoreJob


@dataclass(frozen=True, slots=True, eq=False)
class TrialRun:
    """A model that is ready to score, with utterances from the beginning of its tables."""

    options: ScorerOptions
    model: ConfiguredModel
    scorer: Scorer
    tables: tuple[InputTable, ...]
    utterances: tuple[Utterance, ...]


def open_trial(
    job: ScoreJob, most: int, options: ScorerOptions | None = None, kind: ModelKind | None = None
) -> TrialRun:
    """The model of ``job`` and at most ``most`` utterances of its tables that have frames, all in memory.

    ``options`` take the place of those that ``job`` says; ``kind`` is that of the model's file, if it is known.
    Raises UsageError (no table), TableFormatError (no utterance that has frames), and what opening and reading raise.
    """
    return start_trial(open_model_with_tables(job, options, kind=kind), most)


def start_trial(opened: ModelWithTables, most: int) -> TrialRun:
    """What ``open_trial`` gives, of a model that is open already."""
    session = start_session(opened, needs_frames=True)
    with_frames = (utterance for utterance in session.utterances if utterance.num_frames)
    return TrialRun(
        session.options, session.model, session.scorer, session.tables.inputs, tuple(islice(with_frames, most))
    )

"""A model that is ready to score, with utterances in memory: for jobs that try a model and write no scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.job.run.fitting import fitting, read_until_fit
from ov_asr_score.job.run.tables import resolve_tables
from ov_asr_score.scoring.opening import OpenModel, load, open_model
from ov_asr_score.scoring.options import ScorerOptions
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, Utterance, read_utterances
from ov_asr_score.settings.score_job import ScoreJob


@dataclass(frozen=True, slots=True, eq=False)
class TrialRun:
    """A model that is ready to score, with utterances from the beginning of its tables."""

    options: ScorerOptions
    opened: OpenModel
    scorer: Scorer
    tables: tuple[InputTable, ...]
    utterances: tuple[Utterance, ...]


def scorer_options(job: ScoreJob) -> ScorerOptions:
    """What to score with, for all outputs of the model."""
    return ScorerOptions(
        model=job.model,
        device=job.device,
        batch_size=job.batch_size,
        requests=job.requests,
        layout=job.layout,
        left_context=job.left_context,
        right_context=job.right_context,
        mend=not job.keep_graph,
        kaldi=job.kaldi,
        conversion_cache=job.conversion_cache,
        memory_limit=job.memory_limit,
    )


def open_trial(job: ScoreJob, most: int, options: ScorerOptions | None = None) -> TrialRun:
    """The model of ``job`` and at most ``most`` utterances of its tables that have frames, all in memory.

    ``options`` take the place of those that ``job`` says.
    Raises UsageError (no table), TableFormatError (no utterance that has frames), and what opening and reading raise.
    """
    options = options or scorer_options(job)
    loaded = load(options)
    tables = resolve_tables(job, loaded.inputs, loaded.outputs, loaded.names).inputs
    if not tables:
        raise UsageError("-i/--input: expected a table of features, found none")
    opened = open_model(loaded, options)
    specifiers = {table.input: table.specifier for table in tables}
    source = read_utterances(tables, JoinOptions(job.pair, job.allow_missing, job.allow_commands))
    read, first = read_until_fit(source, opened.inputs, specifiers, None)
    if first is None:
        raise TableFormatError(f"{tables[0].specifier}: expected an utterance that has frames, found none")
    scorer = prepare_scorer(opened, options, first)
    fit = fitting(chain(read, source), scorer.fits, specifiers, None)
    return TrialRun(options, opened, scorer, tables, tuple(islice(_with_frames(fit), most)))


def _with_frames(utterances: Iterator[Utterance]) -> Iterator[Utterance]:
    return (utterance for utterance in utterances if utterance.num_frames)

"""One recipe from a job to something that scores, for runs, trials and the Python library.

job ─ with_asked_nodes ─ load_model ─ plan_inputs ─ resolve_tables ─ configure_model ─► ModelWithTables
ModelWithTables, utterances ─ read_until_fit ─ settle_model ─ prepare_scorer ─► Session
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.frontend.sources import is_sound
from ov_asr_score.ov_model.file_kind import ModelKind
from ov_asr_score.scoring.check_utterances import check_widths, read_until_fit
from ov_asr_score.scoring.filling import advice_on_inputs, plan_inputs
from ov_asr_score.scoring.gna.calibration_utterances import calibrate
from ov_asr_score.scoring.job_tables import JobTables, check_layers_differ, resolve_tables
from ov_asr_score.scoring.kaldi_nodes import with_asked_nodes
from ov_asr_score.scoring.model_loading import NODE_ADVICE, ConfiguredModel, configure_model, load_model
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions, scorer_options
from ov_asr_score.scoring.settled_model import settle_model
from ov_asr_score.scoring.utterances.ivector_tables import computed_ivectors
from ov_asr_score.scoring.utterances.joining import JoinGaps, JoinOptions, SkipUtterance, Utterance, read_utterances
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.speech.frontend import FrontendSettings

if TYPE_CHECKING:
    from ov_asr_score.frontend.frontend import Frontend


@dataclass(frozen=True, slots=True, eq=False)
class ModelWithTables:
    """A model whose ports are settled, and the tables that belong to them, of which nothing has been read yet."""

    options: ScorerOptions
    model: ConfiguredModel
    tables: JobTables
    join: JoinOptions

    def read(self, gaps: JoinGaps | None = None) -> Iterator[Utterance]:
        """The utterances of the tables, none where there are no tables; raises what ``read_utterances`` raises.

        ``gaps`` takes the keys that some tables lack.
        """
        return read_utterances(self.tables.inputs, self.join, gaps) if self.tables.inputs else iter(())


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A compiled model, and the utterances that go through it: ``first`` (None: there is none) and all others."""

    options: ScorerOptions
    model: ConfiguredModel
    scorer: Scorer
    tables: JobTables
    first: Utterance | None
    utterances: Iterator[Utterance]


def open_model_with_tables(
    job: ScoreJob,
    options: ScorerOptions | None = None,
    *,
    kind: ModelKind | None = None,
    skip: SkipUtterance | None = None,
    needs_features: bool = True,
    given: Collection[str] = (),
) -> ModelWithTables:
    """The model and the tables of ``job``; ``options`` take the place of those that it says.

    ``kind`` is that of the model's file, if it is known. ``skip`` takes utterances that cannot be read or do not fit.
    ``given`` are inputs whose features come from elsewhere than tables.
    Raises UsageError (no table of features where ``needs_features``), and what loading and resolving tables raise.
    """
    options, nodes = with_asked_nodes(job, options or scorer_options(job), kind)
    loaded = load_model(options, kind)
    advice = NODE_ADVICE if loaded.conversion else ""
    frontend = _frontend_of(job)
    job, filling = plan_inputs(job, loaded, given)
    tables = resolve_tables(
        job,
        [port for port in loaded.inputs if port.name not in filling.inputs],
        [port for port in loaded.outputs if port.name not in filling.outputs],
        loaded.names | nodes,
        advice,
        lambda names: advice_on_inputs(loaded, names),
        computed_ivectors(frontend),
    )
    tables = replace(tables, fillings={each.input: each.text for each in filling.fillings})
    if needs_features and not tables.inputs:
        raise UsageError("inputs: expected a table of features, found none", fields=("inputs",))
    options = replace(options, outputs=tables.layers or options.outputs)
    model = configure_model(loaded, options, filling)
    check_layers_differ(tables, model.chosen or model.wanted)
    repeated = frozenset(table.input for table in tables.inputs if table.period)
    model = replace(model, known=replace(model.known, per_utterance=repeated))
    # What is skipped is listed, and so is what other tables lack.
    allow_missing = job.allow_missing or skip is not None
    path_map = parse_path_map(job.path_map)
    more_sound = tuple(job.more_sound)
    join = JoinOptions(job.pair, allow_missing, job.allow_commands, skip, job.shard, path_map, frontend, more_sound)
    return ModelWithTables(options, model, tables, join)


def _frontend_of(job: ScoreJob) -> Frontend | None:
    """What is computed of the first table, or of sound; None where it goes to the model as it is."""
    sources = [specifier for _, specifier in apparent_pairs(job.inputs)][:1]
    if job.frontend == FrontendSettings() and not any(is_sound(source) for source in sources):
        return None
    from ov_asr_score.frontend.opening import open_frontend

    return open_frontend(job.frontend, sources, allow_commands=job.allow_commands)


def start_session(
    opened: ModelWithTables, utterances: Iterator[Utterance] | None = None, *, needs_frames: bool = False
) -> Session:
    """The model compiled for the first of ``utterances`` that fits it (None: those of its tables).

    Those of them that do not fit raise ShapeMismatchError, or go where the tables' damaged ones go. Raises
    TableFormatError where none has frames, if it ``needs_frames``, and what reading and ``prepare_scorer`` raise.
    """
    model, tables, skip = opened.model, opened.tables.inputs, opened.join.on_skip
    specifiers = {table.input: table.specifier for table in tables}
    source = opened.read() if utterances is None else utterances
    read, first = read_until_fit(source, model.inputs, model.known, specifiers, skip)
    if first is None and needs_frames:
        raise TableFormatError(f"{tables[0].specifier}: expected an utterance that has frames, found none")
    options, calibration = calibrate(opened.options, tables, opened.join)
    model = settle_model(model, first, options)
    scorer = prepare_scorer(model, options, first, calibration)
    checked = check_widths(chain(read, source), scorer.fits, specifiers, skip)
    return Session(options, model, scorer, opened.tables, first, checked)


def start_without_example(opened: ModelWithTables, utterances: Iterator[Utterance]) -> Session:
    """The same of a Kaldi model, of which no utterance is read for it to be compiled."""
    session = start_session(opened, iter(()))
    specifiers = {table.input: table.specifier for table in opened.tables.inputs}
    return replace(session, utterances=check_widths(utterances, session.scorer.fits, specifiers, opened.join.on_skip))

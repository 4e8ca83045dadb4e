"""What becomes of inputs that have no table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.filled_inputs.filling_plan import advice_for, plan_fillings, with_shapes
from ov_asr_score.ov_model.filled_inputs.fillings import NOTHING_TO_FILL, FillingPlan
from ov_asr_score.ov_model.outputs import find_port
from ov_asr_score.scoring.given_inputs import split_inputs
from ov_asr_score.scoring.model_loading import LoadedModel
from ov_asr_score.settings.score_job import ScoreJob


def plan_inputs(job: ScoreJob, loaded: LoadedModel, fed: Collection[str] = ()) -> tuple[ScoreJob, FillingPlan]:
    """The job with tables alone as its inputs, and what becomes of the inputs of the model that have none.

    ``fed`` are inputs whose features come from elsewhere. Kaldi models and blobs take tables only. Raises what
    ``plan_fillings`` and ``with_shapes`` raise.
    """
    if loaded.model is None or loaded.conversion is not None:
        if job.states:
            kind = "an exported model" if loaded.model is None else "a model converted from Kaldi"
            raise UsageError(f"states: {kind} has its states inside; leave states out", fields=("states", "states"))
        return job, NOTHING_TO_FILL
    job, given = split_inputs(job, loaded.inputs)
    known = [name for name in fed if find_port(loaded.inputs, name) is not None]
    given = replace(given, tables=[*given.tables, *known])
    plan = plan_fillings(loaded.inputs, loaded.outputs, given)
    return job, with_shapes(plan, loaded.inputs, job.device.shapes)


def advice_on_inputs(loaded: LoadedModel, names: Sequence[str]) -> str:
    """What to say of inputs that have no table; nothing for Kaldi models and blobs."""
    if loaded.model is None or loaded.conversion is not None:
        return ""
    return advice_for(names, loaded.inputs, loaded.outputs)

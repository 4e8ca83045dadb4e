"""Inputs that have no table, taken out of a model once it is known where its frames lie."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.filling_plan import advice_for, plan_fillings
from ov_asr_score.ov_model.filled_inputs.fillings import FillingPlan
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.outputs import find_port
from ov_asr_score.scoring.given_inputs import split_inputs
from ov_asr_score.scoring.input_fit import fit_inputs
from ov_asr_score.scoring.model_loading import ConfiguredModel, LoadedModel
from ov_asr_score.scoring.trials.mask_polarity import check_masks
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.score_job import ScoreJob


def plan_inputs(job: ScoreJob, loaded: LoadedModel, fed: Collection[str] = ()) -> tuple[ScoreJob, FillingPlan]:
    """The job with tables alone as its inputs, and what becomes of the inputs of the model that have none.

    ``fed`` are inputs whose features come from elsewhere. Kaldi models and blobs take tables only. Raises what
    ``plan_fillings`` raises.
    """
    if loaded.model is None or loaded.conversion is not None:
        if job.states:
            kind = "an exported model" if loaded.model is None else "a model converted from Kaldi"
            raise UsageError(f"states: {kind} has its states inside; leave states out", fields=("states", "states"))
        return job, FillingPlan()
    job, given = split_inputs(job, loaded.inputs)
    known = [name for name in fed if find_port(loaded.inputs, name) is not None]
    given = replace(given, tables=[*given.tables, *known])
    return job, plan_fillings(loaded.inputs, loaded.outputs, given)


def advice_on_inputs(loaded: LoadedModel, names: Sequence[str]) -> str:
    """What to say of inputs that have no table; nothing for Kaldi models and blobs."""
    if loaded.model is None or loaded.conversion is not None:
        return ""
    return advice_for(names, loaded.inputs, loaded.outputs)


def with_filled_inputs(configured: ConfiguredModel, first: Utterance | None, *, repair: bool = True) -> ConfiguredModel:
    """The model without the inputs of its filling, which are states and values in its graph from now on.

    ``first`` (None: shapes alone) tells where the frames of the inputs that have tables lie. Raises what
    ``fill_inputs`` raises, and UsageError for a mask of which a trial does not say whether ones let frames count.
    """
    plan = configured.filling
    if not plan or configured.model is None:
        return configured
    started = time.perf_counter()
    requests = {fit.name: fit.shape for fit in fit_inputs(configured.inputs, first)}
    asked = [configured.outputs[number].name for number in configured.wanted]
    mask_notes = check_masks(configured.loaded.core, configured.model, plan, requests)
    filled = fill_inputs(configured.model, plan, requests, keep=asked)
    if repair:
        repair_memory_concats(filled.model)
    outputs = describe_ports(filled.model)[1]
    names = [port.name for port in outputs]
    notes = [f"{note}{mask_notes.get(note, '')}" for note in filled.notes]
    return replace(
        configured,
        model=filled.model,
        outputs=outputs,
        wanted=tuple(names.index(name) for name in asked),
        notes=(*configured.notes, *notes),
        seconds=configured.seconds + time.perf_counter() - started,
        filling=FillingPlan(),
    )

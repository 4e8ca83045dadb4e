"""What a job gives for the inputs of a model: tables, words in place of tables, and states.

Tests: tests/scoring/test_filling.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.filled_inputs.filling_plan import GivenInputs
from ov_asr_score.ov_model.filled_inputs.fillings import is_filling
from ov_asr_score.ov_model.outputs import find_port
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances.ivector_tables import IVECTOR_INPUT
from ov_asr_score.scoring.utterances.table_specs import split_name, split_specifiers
from ov_asr_score.settings.score_job import ScoreJob


def split_inputs(job: ScoreJob, ports: Sequence[PortInfo]) -> tuple[ScoreJob, GivenInputs]:
    """The job with tables alone as its inputs, and what it gives for the inputs of a model that has ``ports``.

    Raises UsageError where words stand twice for one name of an input.
    """

    def is_input(name: str) -> bool:
        return find_port(ports, name) is not None

    has_ivectors = job.ivectors or job.online_ivectors or job.frontend.wants_ivectors
    ivectors = [IVECTOR_INPUT] if has_ivectors and is_input(IVECTOR_INPUT) else []
    if isinstance(job.inputs, Mapping):
        words = {name: text for name, text in job.inputs.items() if is_filling(text)}
        tables = {name: text for name, text in job.inputs.items() if name not in words}
        names = [*filter(is_input, tables), *ivectors]
        return replace(job, inputs=tables), GivenInputs(names, 0, words, tuple(job.states))
    items = [item for value in job.inputs for item in split_specifiers(value, is_input)]
    pairs = [split_name(item, is_input) for item in items]
    words = {}
    for name, text in pairs:
        if name is not None and is_filling(text):
            if name in words:
                raise UsageError(f"inputs: input '{name}' is given twice", fields=("inputs",))
            words[name] = text
    named = [name for name, text in pairs if name is not None and not is_filling(text)]
    listed = [name.strip() for name in job.input_layers.split(",")] if job.input_layers else []
    tables_in = [item for item, (name, text) in zip(items, pairs, strict=True) if name is None or not is_filling(text)]
    names = [*named, *filter(is_input, listed), *ivectors]
    unnamed = 0 if named or listed else len(tables_in)
    if words:
        job = replace(job, inputs=tuple(tables_in))
    return job, GivenInputs(names, unnamed, words, tuple(job.states))

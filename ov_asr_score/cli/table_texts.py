"""Specifiers in the texts of -i and -o before the model is loaded, when any word may be the name of a layer."""

from __future__ import annotations

from collections.abc import Mapping

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.score_job import Tables
from ov_asr_score.scoring.layer_specs import split_name, split_specifiers


def specifiers_of(tables: Tables) -> list[str]:
    """The specifiers without the names of their layers; none for a text that cannot be right.

    A path that holds ``=`` is cut there: good enough to tell what goes to standard output, and for estimates.
    """
    if isinstance(tables, Mapping):
        return list(tables.values())
    try:
        return [split_name(item, bool)[1] for text in tables for item in split_specifiers(text, bool)]
    except OvAsrScoreError:
        return []  # what is wrong with it is said by those who open it

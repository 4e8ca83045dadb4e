"""Word errors as JSON, and as CSV with a row for each utterance. Columns and fields: docs/word-errors.md."""

from __future__ import annotations

import csv
import json
from typing import TextIO

from ov_asr_score.report.data.run import as_dict
from ov_asr_score.report.data.word_errors import FORMAT, FORMAT_VERSION, WordErrorsReport
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.totals import UtteranceErrors

COLUMNS = (
    *("hypothesis", "utterance", "speaker", "words", "insertions", "deletions", "substitutions"),
    *("characters", "character_insertions", "character_deletions", "character_substitutions"),
)
"""Columns of utterances; those of characters are empty if these are not counted."""


def word_errors_json(report: WordErrorsReport) -> str:
    """The report as a JSON object in plain ASCII."""
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, **as_dict(report)}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


class UtteranceTable:
    """Writes utterances to an open text file, one by one. Passes OSError on."""

    def __init__(self, file: TextIO) -> None:
        """Write the header row."""
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def add(self, path: str, utterance: UtteranceErrors) -> None:
        """Append the row of an utterance of the hypothesis ``path``."""
        texts = [_text(text) for text in (path, utterance.key, utterance.speaker)]
        self._writer.writerow([*texts, *_counts(utterance.words), *_counts(utterance.characters)])


def _text(text: str) -> str:
    """The text, with bytes that are not UTF-8 escaped."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _counts(counts: EditCounts | None) -> tuple[object, ...]:
    if counts is None:
        return ("", "", "", "")
    return counts.length, counts.insertions, counts.deletions, counts.substitutions

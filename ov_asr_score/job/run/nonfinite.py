"""NaN and infinity in features and scores: noted, never hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.finite import is_finite
from ov_asr_score.report.data.run import RunReport

_MAX_NOTES = 5
_BEGINNING = "not finite: "


def note_nonfinite(place: str, matrices: Mapping[str, NDArray[Any]], report: RunReport) -> None:
    """Note which of ``matrices`` are not finite; ``{}`` in ``place`` stands for their names. Five of a kind at most."""
    broken = [name for name, matrix in matrices.items() if not is_finite(matrix)]
    kind = _BEGINNING + place.partition("{}")[0]
    if broken and sum(note.startswith(kind) for note in report.notes) < _MAX_NOTES:
        report.notes.append(f"{_BEGINNING}{place.replace('{}', ', '.join(broken))} holds NaN or infinity")


def nonfinite_notes(report: RunReport) -> list[str]:
    """What was noted of features and scores that are not finite."""
    return [note for note in report.notes if note.startswith(_BEGINNING)]

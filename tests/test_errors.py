"""Errors of the package: exit codes, names of settings, and the error behind exhaustive matches."""

from __future__ import annotations

import inspect

import pytest

from ov_asr_score import errors
from ov_asr_score.errors import OvAsrScoreError, SpecifierError, UsageError, unreachable

CLASSES = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", CLASSES)
def test_exit_codes(kind: type[OvAsrScoreError]) -> None:
    assert issubclass(kind, OvAsrScoreError)
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 3)


def test_usage_errors_keep_names_of_settings() -> None:
    error = SpecifierError("inputs: expected a table", fields=("inputs",))
    assert (str(error), error.fields) == ("inputs: expected a table", ("inputs",))
    assert OvAsrScoreError("x").fields == ()


def test_unreachable_names_the_type() -> None:
    assert str(unreachable(3)) == "expected none of the known kinds, found int"  # type: ignore[arg-type]

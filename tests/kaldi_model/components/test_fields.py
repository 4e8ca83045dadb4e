"""Fields of a component by kind, and what is raised for those that are missing or of another kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ov_asr_score.kaldi_model.components.fields import Fields, floats, ints
from ov_asr_score.kaldi_model.network import Component

FIELDS = Fields(
    Component(
        "layer",
        "AffineComponent",
        {
            "Dim": 3,
            "InputDim": 4,
            "OutputDim": 2,
            "Scale": 0.5,
            "TestMode": True,
            "Name": "x",
            "Params": np.ones((2, 3), np.float32),
            "Offsets": np.array([-1, 2], np.int32),
        },
        0,
    )
)


def test_values() -> None:
    assert (FIELDS.integer("Dim"), FIELDS.number("Scale"), FIELDS.flag("TestMode")) == (3, 0.5, True)
    assert FIELDS.integers(("InputDim", "OutputDim")) == FIELDS.widths == (4, 2)
    assert FIELDS.offsets("Offsets") == (-1, 2)
    assert FIELDS.matrix("Params").shape == FIELDS.array("Params").shape == (2, 3)
    assert "Dim" in FIELDS
    assert "BlockDim" not in FIELDS


def test_what_the_file_may_leave_out() -> None:
    assert FIELDS.integer("BlockDim", 3) == 3
    assert FIELDS.number("TargetRms", 1.0) == 1.0
    assert FIELDS.flag("AddLogStddev") is False


@pytest.mark.parametrize(
    "read",
    [
        lambda: FIELDS.integer("BlockDim"),
        lambda: FIELDS.integer("Name"),
        lambda: FIELDS.number("Params"),
        lambda: FIELDS.vector("Params"),
        lambda: FIELDS.matrix("Offsets"),
        lambda: FIELDS.matrix("Dim"),
    ],
)
def test_other_kinds(read: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        read()


def test_missing_arrays() -> None:
    with pytest.raises(KeyError):
        FIELDS.array("LinearParams")


def test_tables_of_one_kind() -> None:
    assert {**ints("A", "B"), **floats("C")} == {"A": "int", "B": "int", "C": "float"}

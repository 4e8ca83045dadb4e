from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from tests.convert.frame_layers import assert_equal, check, component, converted, random_values, scores
from tests.convert.numpy_reference import reference


@pytest.mark.parametrize("dropout", [False, True])
def test_lstm(dropout: bool) -> None:
    part = component("LstmNonlinearity", Params=random_values(3, 6) * 2, UseDropout=dropout)
    check(part, 33 if dropout else 30)


def test_lstm_of_old_files_has_no_word_on_dropout() -> None:
    check(component("LstmNonlinearity", Params=random_values(3, 6)), 30)


def test_lstm_with_closed_and_open_gates() -> None:
    frames = np.random.default_rng(0).uniform(-60, 60, (2, 50, 20)).astype(np.float32)
    part = component("LstmNonlinearity", Params=random_values(3, 4))
    assert_equal(scores(converted(part, 20), frames), reference(part, frames))


@pytest.mark.parametrize("recurrent", [6, 4])
def test_gru(recurrent: int) -> None:
    part = component("GruNonlinearity", CellDim=6, RecurrentDim=recurrent, w_h=random_values(6, recurrent) * 2)
    check(part, 4 * 6 if recurrent == 6 else 3 * 6 + 2 * recurrent)


def test_output_gru() -> None:
    check(component("OutputGruNonlinearity", CellDim=5, w_h=random_values(5)), 15)


def test_sizes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ModelFormatError, match="field <w_h>: expected 6 rows and 3 columns"):
        converted(component("GruNonlinearity", CellDim=6, RecurrentDim=3, w_h=random_values(6, 4)), 24)
    with pytest.raises(ModelFormatError, match="field <w_h>: expected a vector of 6 values"):
        converted(component("OutputGruNonlinearity", CellDim=6, w_h=random_values(5)), 18)
    with pytest.raises(ModelFormatError, match="field <Params>: expected 3 rows"):
        converted(component("LstmNonlinearity", Params=random_values(2, 4)), 20)

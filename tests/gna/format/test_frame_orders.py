"""Orders of values: transpositions, and processing models that are run by OpenVINO."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.gna.format.frame_orders import (
    OrderError,
    deinterleaved_order,
    processed_order,
    transposed_order,
    turned_parts,
)
from ov_asr_score.gna.model import GnaModel, GnaProcessing, GnaTransposition
from tests.gna.processing_models import computing, gathering, transposing
from tests.gna.small_blob import small_model


def turned(model: GnaModel) -> list[dict[str, tuple[tuple[bool, int, int], ...]]]:
    return [{name: turning.parts for name, turning in named.items()} for named in turned_parts(model)]


def test_transposition_of_parts() -> None:
    # values 0 … 5 as 2 rows of 3, then 6, 7 as they are, then 8 … 11 as 2 rows of 2
    order = transposed_order([(True, 2, 3), (False, 1, 2), (True, 2, 2)], 12)
    assert order is not None
    assert order.tolist() == [0, 3, 1, 4, 2, 5, 6, 7, 8, 10, 9, 11]


@pytest.mark.parametrize("parts", [[], [(False, 2, 6)], [(True, 1, 12)], [(True, 12, 1)], [(False, 5, 5)]])
def test_parts_that_move_nothing(parts: list[tuple[bool, int, int]]) -> None:
    assert transposed_order(parts, 12) is None


@pytest.mark.parametrize("parts", [[(True, 2, 3)], [(True, 4, 4)], [(True, 0, 12)], [(True, 2**60, 2**60)]])
def test_parts_that_do_not_fit(parts: list[tuple[bool, int, int]]) -> None:
    with pytest.raises(OrderError, match="expected parts of 12 values in all, found "):
        transposed_order(parts, 12)


def test_transpositions_of_the_header_are_for_all_without_their_own() -> None:
    own = GnaTransposition("right", ((False, 1, 16),))
    model = replace(small_model(), rotation=(2, 4, 1, 4, 4, 0), turned_inputs=(own,))
    assert turned(model) == [{"left": ((True, 2, 4),), "right": own.parts}, {}]
    model = replace(model, rotation=(2, 4, 0, 4, 4, 1))
    assert turned(model) == [{"right": own.parts}, {"first": ((True, 4, 4),), "second": ((True, 4, 4),)}]


def test_deinterleaved() -> None:
    assert deinterleaved_order(2, 3).tolist() == [0, 2, 4, 1, 3, 5]


def test_processing_by_transposition() -> None:
    order, taken = processed_order(transposing([1, 2, 1, 4], [0, 2, 3, 1]), 100)
    assert taken == 8
    assert order.tolist() == np.arange(8).reshape(2, 4).T.ravel().tolist()


def test_processing_by_gather() -> None:
    order, taken = processed_order(gathering(6, [5, 0, 0, 2]), 100)
    assert (order.tolist(), taken) == ([5, 0, 0, 2], 6)


@pytest.mark.parametrize(
    ("processing", "message"),
    [
        (computing(4), r"expected a processing model that only moves values .* found Relu"),
        (gathering(101, [0]), r"expected a processing model of 1 to 100 values, found \[1, 101\] to \[1, 1\]"),
        (gathering(4, [9]), r"expected a processing model that takes 4 values, found positions beyond them"),
        (GnaProcessing(b"", b""), r"expected an OpenVINO IR, found a text without <net>"),
        (GnaProcessing(b"<?xml version='1.0'?><net", b""), r"expected an OpenVINO IR, found none \("),
        (GnaProcessing(gathering(4, [1]).xml, b""), r"expected an OpenVINO IR, found none \("),
        (GnaProcessing(gathering(4, [1]).xml[:-40], b"\0" * 16), r"expected an OpenVINO IR, found none \("),
    ],
)
def test_processing_that_cannot_be_followed(processing: GnaProcessing, message: str) -> None:
    with pytest.raises(OrderError, match=message) as caught:
        processed_order(processing, 100)
    assert str(caught.value).isprintable()

"""Layer times, summed over requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import pytest

from ov_asr_score.profiling import LayerTime, LayerTimes, layer_times_from, total_microseconds


class Status(Enum):
    NOT_RUN = 0
    OPTIMIZED_OUT = 1
    EXECUTED = 2


@dataclass
class Record:
    node_name: str
    real_time: timedelta = timedelta(0)
    cpu_time: timedelta = timedelta(0)
    status: object = Status.EXECUTED
    node_type: str = "FullyConnected"
    exec_type: str = "brgemm_f32"


def microseconds(number: float) -> timedelta:
    return timedelta(microseconds=number)


REQUEST = [
    Record("input", status=Status.NOT_RUN),
    Record("affine1", microseconds(119), microseconds(117)),
    Record("relu1", status=Status.OPTIMIZED_OUT),
    Record("affine2", timedelta(seconds=2, microseconds=1), microseconds(3)),
]


def test_layer_times_from_records() -> None:
    assert layer_times_from(REQUEST) == [
        LayerTime("input", "FullyConnected", "brgemm_f32", "NOT_RUN", 0.0, 0.0, 0),
        LayerTime("affine1", "FullyConnected", "brgemm_f32", "EXECUTED", 119.0, 117.0, 1),
        LayerTime("relu1", "FullyConnected", "brgemm_f32", "OPTIMIZED_OUT", 0.0, 0.0, 0),
        LayerTime("affine2", "FullyConnected", "brgemm_f32", "EXECUTED", 2000001.0, 3.0, 1),
    ]


@pytest.mark.parametrize("status", ["EXECUTED", "Status.EXECUTED", Status.EXECUTED])
def test_status_from_text(status: object) -> None:
    (layer,) = layer_times_from([Record("a", status=status)])
    assert (layer.status, layer.calls) == ("EXECUTED", 1)


def test_requests_are_summed_and_sorted_by_time() -> None:
    times = LayerTimes()
    times.add(REQUEST)
    times.add(iter(REQUEST))
    times.add([Record("affine1", microseconds(2))])
    assert times.slowest_first() == [
        LayerTime("affine2", "FullyConnected", "brgemm_f32", "EXECUTED", 4000002.0, 6.0, 2),
        LayerTime("affine1", "FullyConnected", "brgemm_f32", "EXECUTED", 240.0, 234.0, 3),
    ]


def test_layers_not_run_are_optional_and_last() -> None:
    times = LayerTimes()
    times.add([*REQUEST, Record("quick")])
    assert [layer.name for layer in times.slowest_first()] == ["affine2", "affine1", "quick"]
    everything = times.slowest_first(include_not_run=True)
    assert [layer.name for layer in everything] == ["affine2", "affine1", "quick", "input", "relu1"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_layer_that_ran_once_is_executed(order: tuple[int, int]) -> None:
    records = Record("a", status=Status.NOT_RUN), Record("a", microseconds(5))
    times = LayerTimes()
    times.add(records[index] for index in order)
    (layer,) = times.slowest_first(include_not_run=True)
    assert (layer.status, layer.calls, layer.mean_microseconds) == ("EXECUTED", 1, 5.0)


def test_implementations_of_one_name_are_separate_layers() -> None:
    times = LayerTimes()
    times.add([Record("a", exec_type="jit_f32"), Record("a", exec_type="ref_f32"), Record("a", node_type="Add")])
    assert len(times.slowest_first()) == 3


def test_merge_equals_adding_requests() -> None:
    first, second, together = LayerTimes(), LayerTimes(), LayerTimes()
    other = [Record("input", microseconds(1)), Record("affine1", microseconds(10)), Record("new", microseconds(4))]
    first.add(REQUEST)
    first.add(REQUEST)
    second.add(other)
    second.add(other)
    first.merge(second.slowest_first(include_not_run=True))
    for request in (REQUEST, REQUEST, other, other):
        together.add(request)
    assert first.slowest_first(include_not_run=True) == together.slowest_first(include_not_run=True)


def test_merge_keeps_executed_status() -> None:
    times = LayerTimes()
    times.add([Record("a", microseconds(5))])
    times.merge(layer_times_from([Record("a", status=Status.NOT_RUN)]))
    assert [(layer.status, layer.calls) for layer in times.slowest_first()] == [("EXECUTED", 1)]


def test_mean_and_share() -> None:
    times = LayerTimes()
    times.add([Record("a", microseconds(30)), Record("b", microseconds(10)), Record("c", status=Status.NOT_RUN)])
    times.add([Record("a", microseconds(50)), Record("b", microseconds(10))])
    layers = times.slowest_first(include_not_run=True)
    total = total_microseconds(layers)
    assert total == 100.0
    assert [layer.mean_microseconds for layer in layers] == [40.0, 10.0, 0.0]
    assert [layer.share_of(total) for layer in layers] == [0.8, 0.2, 0.0]
    assert layers[2].share_of(0.0) == 0.0

"""Time per layer of a compiled model, summed over any number of inference requests.

Profiling records of the runtime are read by attribute, so this module needs no runtime. A GNA plugin reports its
hardware counters as records with special names; they are listed under these names like any layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

EXECUTED = "EXECUTED"
"""Status of a layer that ran at least once; the others are ``NOT_RUN`` and ``OPTIMIZED_OUT``."""

_MICROSECOND = timedelta(microseconds=1)


class ProfilingRecord(Protocol):
    """The attributes of a record of the runtime (``openvino.ProfilingInfo``) that are read.

    ``str(status)`` ends with ``EXECUTED``, ``NOT_RUN`` or ``OPTIMIZED_OUT``.
    """

    @property
    def node_name(self) -> str:
        """Name of the layer, unique within the compiled model."""

    @property
    def node_type(self) -> str:
        """Type of the layer, such as ``FullyConnected``."""

    @property
    def exec_type(self) -> str:
        """The implementation that ran, such as ``brgemm_avx512_f32``."""

    @property
    def real_time(self) -> timedelta:
        """Wall time of one request."""

    @property
    def cpu_time(self) -> timedelta:
        """Processor time of one request."""

    @property
    def status(self) -> object:
        """Whether the layer ran."""


@dataclass(frozen=True, slots=True)
class LayerTime:
    """Time spent in one layer over ``calls`` runs; layers that never ran have 0 calls."""

    name: str
    type: str
    exec_type: str
    status: str
    real_microseconds: float  # wall time of all calls together
    cpu_microseconds: float  # processor time of all calls together
    calls: int

    @property
    def mean_microseconds(self) -> float:
        """Wall time of one call in microseconds; 0 for a layer that never ran."""
        return self.real_microseconds / self.calls if self.calls else 0.0

    def share_of(self, total_microseconds: float) -> float:
        """The fraction (0 to 1) of ``total_microseconds`` spent in this layer; 0 if the total is 0."""
        return self.real_microseconds / total_microseconds if total_microseconds else 0.0


class LayerTimes:
    """Layer times summed over requests, utterances and runners."""

    def __init__(self) -> None:
        """Start without layers."""
        self._sums: dict[tuple[str, str, str], _LayerSum] = {}

    def add(self, records: Iterable[ProfilingRecord]) -> None:
        """Add the records of one request."""
        for record in records:
            status = _status_of(record)
            summed = self._sum_of(record.node_name, record.node_type, record.exec_type, status)
            summed.real += record.real_time / _MICROSECOND
            summed.cpu += record.cpu_time / _MICROSECOND
            if status == EXECUTED:
                summed.status = status
                summed.calls += 1

    def merge(self, layers: Iterable[LayerTime]) -> None:
        """Add times that are already summed; layers with equal name, type and exec type are the same."""
        for layer in layers:
            summed = self._sum_of(layer.name, layer.type, layer.exec_type, layer.status)
            summed.real += layer.real_microseconds
            summed.cpu += layer.cpu_microseconds
            if layer.calls:
                summed.status = layer.status
                summed.calls += layer.calls

    def slowest_first(self, *, include_not_run: bool = False) -> list[LayerTime]:
        """The layers by descending wall time; ``include_not_run`` appends those that never ran."""
        layers = [
            LayerTime(*identity, summed.status, summed.real, summed.cpu, summed.calls)
            for identity, summed in self._sums.items()
            if summed.calls or include_not_run
        ]
        return sorted(layers, key=lambda layer: (layer.calls == 0, -layer.real_microseconds))

    def _sum_of(self, name: str, type_: str, exec_type: str, status: str) -> _LayerSum:
        identity = name, type_, exec_type
        summed = self._sums.get(identity)
        if summed is None:
            summed = self._sums[identity] = _LayerSum(status)
        return summed


@dataclass(slots=True)
class _LayerSum:
    """Mutable sums of one layer, updated for every request; converted to a LayerTime at the end."""

    status: str
    real: float = 0.0
    cpu: float = 0.0
    calls: int = 0


def layer_times_from(records: Iterable[ProfilingRecord]) -> list[LayerTime]:
    """The layer times of one request, one per record, in the same order."""
    return [_layer_time(record) for record in records]


def total_microseconds(layers: Iterable[LayerTime]) -> float:
    """Total wall time of ``layers`` in microseconds, the denominator of shares."""
    return sum(layer.real_microseconds for layer in layers)


def _layer_time(record: ProfilingRecord) -> LayerTime:
    status = _status_of(record)
    return LayerTime(
        name=record.node_name,
        type=record.node_type,
        exec_type=record.exec_type,
        status=status,
        real_microseconds=record.real_time / _MICROSECOND,
        cpu_microseconds=record.cpu_time / _MICROSECOND,
        calls=int(status == EXECUTED),
    )


def _status_of(record: ProfilingRecord) -> str:
    return str(record.status).rpartition(".")[2]

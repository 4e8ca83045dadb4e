"""Compiled: arcs and records that no path near the best one goes through are dropped.

The extra cost of a record says how much worse the best path through it is than the best path.

Kaldi: LatticeFasterDecoder ``PruneForwardLinks``, ``PruneTokensForFrame``.

Tests: tests/decoding/token_passing/test_search_lattice.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.compiled import inlined, kernel
from ov_asr_score.decoding.token_passing.search_arrays import Float, Int, Records


@inlined
def granted(link: Records, costs: NDArray[np.float64], extra: NDArray[np.float64]) -> Float:
    """The extra cost of the source by this arc; infinite if its token became better: the arc was taken once more."""
    if link.source_cost != costs[link.source]:
        return np.inf
    return max(link.cost - costs[link.target] + extra[link.target], 0.0)


@kernel
def spread_extra(
    links: Records,
    first: Int,
    end: Int,
    costs: NDArray[np.float64],
    extra: NDArray[np.float64],
    beam: Float,
    first_record: Int,
) -> None:
    """Lower the extra costs of the sources of a frame's arcs to what the arcs grant.

    Arcs from within the frame are behind those from the frame before.
    """
    within = end
    while within > first and links[within - 1].source >= first_record:
        within -= 1
    again = True
    while again:
        again = False
        for place in range(end - 1, within - 1, -1):
            link = links[place]
            cost = granted(link, costs, extra)
            if cost <= beam and cost < extra[link.source]:
                extra[link.source] = cost
                again = True
    for place in range(first, within):
        link = links[place]
        cost = granted(link, costs, extra)
        if cost <= beam and cost < extra[link.source]:
            extra[link.source] = cost


@kernel
def prune_frames(
    links: Records,
    num_links: Int,
    records: Records,
    num_records: Int,
    costs: NDArray[np.float64],
    extra: NDArray[np.float64],
    firsts: NDArray[np.int64],
    first_frame: Int,
    last_frame: Int,
    beam: Float,
    numbers: NDArray[np.int32],
) -> tuple[Int, Int]:
    """Drop arcs and records of the frames from ``first_frame`` on that are worse than ``beam``; what was before stays.

    ``extra`` is set for the records of the last frame, which stay too, and infinite for others. ``numbers`` is room for
    as many numbers as there are records. Returns how many arcs and records there are now.
    """
    for frame in range(last_frame, first_frame - 1, -1):
        end = firsts[1, frame + 1] if frame < last_frame else num_links
        spread_extra(links, firsts[1, frame], end, costs, extra, beam, firsts[0, frame])
    first_record, last_records = firsts[0, first_frame], firsts[0, last_frame]
    kept, frame = first_record, first_frame
    for record in range(first_record, num_records):
        while frame <= last_frame and firsts[0, frame] == record:
            firsts[0, frame] = kept
            frame += 1
        if extra[record] <= beam or record >= last_records:
            numbers[record - first_record] = kept
            kept += 1
        else:
            numbers[record - first_record] = -1
    while frame <= last_frame:
        firsts[0, frame] = kept
        frame += 1
    kept_links, frame = firsts[1, first_frame], first_frame
    for place in range(firsts[1, first_frame], num_links):
        while frame <= last_frame and firsts[1, frame] == place:
            firsts[1, frame] = kept_links
            frame += 1
        link = links[place]
        source, target = np.int64(link.source), np.int64(link.target)
        if not granted(link, costs, extra) <= beam:
            continue
        if source >= first_record:
            source = np.int64(numbers[source - first_record])
        target = np.int64(numbers[target - first_record])
        if source >= 0 and target >= 0:
            links[kept_links] = link
            links[kept_links].source, links[kept_links].target = source, target
            kept_links += 1
    while frame <= last_frame:
        firsts[1, frame] = kept_links
        frame += 1
    move_records(records, costs, numbers, first_record, num_records)
    return kept_links, kept


@kernel
def move_records(
    records: Records, costs: NDArray[np.float64], numbers: NDArray[np.int32], first_record: Int, num_records: Int
) -> None:
    """Give records from ``first_record`` on their new ``numbers``, which are not above the old ones; -1: dropped."""
    for place in range(num_records - first_record):
        number = numbers[place]
        if number < 0:
            continue
        record = records[first_record + place]
        previous = record.previous
        if previous >= first_record:
            previous = numbers[previous - first_record]
        records[number].previous = previous
        records[number].ilabel, records[number].olabel = record.ilabel, record.olabel
        records[number].state = record.state
        costs[number] = costs[first_record + place]

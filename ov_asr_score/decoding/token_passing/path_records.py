"""Compiled: paths traced back through records, records that are of no use any more, costs of ending."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.compiled import allocating, kernel
from ov_asr_score.decoding.token_passing.search_arrays import Int, Records, SearchArrays


@kernel
def end_costs(graph: SearchArrays, tokens: Records, count: Int, costs: NDArray[np.float64]) -> None:
    """Fill in the cost of each token's path with the end of the utterance; infinity where no final state is."""
    for place in range(count):
        token = tokens[place]
        costs[place] = token.cost - token.look + graph.finals[token.state] + graph.ends[token.history]


@allocating
def path_to(records: Records, record: Int) -> NDArray[np.int32]:
    """Input labels, output labels and next states [3, arcs] of the path to a record, in order."""
    count, place = 0, record
    while records[place].previous >= 0:
        count += 1
        place = records[place].previous
    labels = np.empty((3, count), np.int32)
    while count > 0:
        count -= 1
        labels[0, count], labels[1, count] = records[record].ilabel, records[record].olabel
        labels[2, count] = records[record].state
        record = records[record].previous
    return labels


@allocating
def sweep_records(records: Records, used: Int, first: Int) -> Int:
    """Drop the records that no path to one from ``first`` on goes through; returns how many are left."""
    numbers = np.full(used, -1, np.int32)
    for record in range(first, used):
        place = record
        while place >= 0 and numbers[place] < 0:
            numbers[place] = 0
            place = records[place].previous
    kept = 0
    for record in range(used):
        if numbers[record] == 0:
            numbers[record] = kept
            kept += 1
    for record in range(used):  # a record may be before the one that it comes of, where no frame is between them
        number = numbers[record]
        if number >= 0:
            previous = records[record].previous
            records[number].previous = numbers[previous] if previous >= 0 else -1
            records[number].ilabel, records[number].olabel = records[record].ilabel, records[record].olabel
            records[number].state = records[record].state
    return kept

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.token_passing.record_copies import copied, doubled, joined, put
from ov_asr_score.decoding.token_passing.search_arrays import LINK, RECORD, Records


@pytest.fixture(params=[LINK, RECORD], ids=["links", "records"])
def records(request: pytest.FixtureRequest) -> Records:
    made = np.zeros(5, request.param)
    for place, name in enumerate(made.dtype.names):
        made[name] = np.arange(5) * 10 + place
    return made


def test_copies_are_apart(records: Records) -> None:
    copy = copied(records[1:4])
    assert copy.dtype == records.dtype and copy.tolist() == records[1:4].tolist()
    copy["ilabel"] = 99
    assert 99 not in records["ilabel"]
    assert copied(records[:0]).tolist() == []


def test_parts_are_joined_in_order(records: Records) -> None:
    assert joined([records[3:], records[:0], records[:2]]).tolist() == [*records[3:].tolist(), *records[:2].tolist()]


def test_room_is_behind_what_is_there(records: Records) -> None:
    wider = doubled(records)
    assert len(wider) == 10 and wider[:5].tolist() == records.tolist()
    assert doubled(np.zeros(3)).tolist()[:3] == [0, 0, 0]


def test_records_move_within_an_array(records: Records) -> None:
    expected = [*records[2:].tolist(), *records[3:].tolist()]
    put(records, records[2:])
    assert records.tolist() == expected

"""Items made ahead in a thread: their order, how far ahead, errors, and the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.job.run.read_ahead import ReadAhead


def ahead_of(source: Iterator[int], limit: int = 10, patience: float | None = None) -> ReadAhead[int]:
    return ReadAhead(source, lambda item: item, limit, "test", patience)


def test_items_come_in_order() -> None:
    ahead = ahead_of(iter(range(1000)))
    assert list(ahead) == list(range(1000))
    assert list(ahead) == []


def test_no_more_is_made_than_the_limit_allows() -> None:
    made: list[int] = []
    reached = threading.Event()

    def source() -> Iterator[int]:
        for item in (4, 4, 4, 100, 4):
            made.append(item)
            if len(made) == 3:
                reached.set()
            yield item

    ahead = ahead_of(source())
    assert reached.wait(10)
    # The third waits for room in the hands of the thread.
    assert made == [4, 4, 4]
    # An item larger than the limit passes when nothing else waits.
    assert list(ahead) == [4, 4, 4, 100, 4]


def test_an_error_comes_where_its_item_would_have_been() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise DeviceError("inference failed")

    ahead = ahead_of(source())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(DeviceError, match="inference failed"):
        next(ahead)
    assert list(ahead) == []


def test_closing_ends_the_source_where_it_waits() -> None:
    ended = threading.Event()

    def source() -> Iterator[int]:
        try:
            while True:
                yield 8
        finally:
            ended.set()

    ahead = ahead_of(source())
    assert next(ahead) == 8
    ahead.close()
    assert ended.is_set()
    assert list(ahead) == []


def test_closing_does_not_wait_for_a_source_that_hangs() -> None:
    release = threading.Event()

    def source() -> Iterator[int]:
        release.wait(60)
        yield 1

    ahead = ahead_of(source(), patience=0.01)
    ahead.close()
    assert list(ahead) == []
    release.set()


def test_one_thread_takes_from_another() -> None:
    first = ahead_of(iter(range(100)))
    second = ahead_of(item * 2 for item in first)
    assert list(second) == list(range(0, 200, 2))
    endless = ahead_of(iter(lambda: 5, None))
    second = ahead_of(item for item in endless)
    assert next(second) == 5
    endless.close()
    second.close()
    assert list(second) == []

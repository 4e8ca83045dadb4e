"""A new record loses no spelling of an old one."""

from __future__ import annotations

from tests.frozen.record import Option, merged_options


def option(name: str, *spellings: str, default: int = 0) -> Option:
    return {"name": name, "spellings": list(spellings), "off": [], "default": default}


def test_recorded_spellings_and_order_stay() -> None:
    recorded = [option("input", "--input", "--in_put", "-i"), option("gone", "--gone"), option("bs", "-bs")]
    today = [
        option("batch_size", "--batch-size", "-bs", default=1),
        option("inputs", "--input", "-i"),
        option("n", "-n"),
    ]
    assert merged_options(recorded, today) == [
        option("input", "--input", "--in_put", "-i"),
        option("gone", "--gone"),
        option("bs", "-bs", "--batch-size", default=1),
        option("n", "-n"),
    ]

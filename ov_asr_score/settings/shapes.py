"""Shapes of inputs as a user gives them."""

import re
from collections.abc import Sequence

from ov_asr_score.errors import UsageError

_SHAPE = re.compile(r"\s*(?P<name>.+?)\s*=\s*\[\s*(?P<lengths>\d+(\s*,\s*\d+)*)\s*\]\s*", re.DOTALL)


def parse_shapes(items: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Shapes by name of input from ``NAME=[1,200,40]`` texts.

    Raises UsageError for a text that is none, and for an input that is named twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for item in items:
        match = _SHAPE.fullmatch(item)
        if match is None:
            raise UsageError(f"'{item}': expected NAME=[LENGTHS], as in x=[1,200,40]")
        if match["name"] in shapes:
            raise UsageError(f"'{item}': expected one shape for the input '{match['name']}', found two")
        shapes[match["name"]] = tuple(int(length) for length in match["lengths"].split(","))
    return shapes

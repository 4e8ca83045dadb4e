from __future__ import annotations

from ov_asr_score.decoding.token_passing.first_use import EACH_TIME, ONCE, tell, telling


def test_the_one_who_asked_last_is_told() -> None:
    outer: list[str] = []
    inner: list[str] = []
    with telling(outer.append):
        with telling(inner.append):
            tell(is_kept=True)
        with telling(None):
            tell(is_kept=False)
    tell(is_kept=True)
    assert (inner, outer) == ([ONCE], [EACH_TIME])

from __future__ import annotations

from ov_asr_score.convert.frames.grids import Grid, InputWindow, Interval


def test_frames_of_a_grid() -> None:
    assert Grid(-2, 3, 4).times(6).tolist() == [-2, 1, 4, 7, 10]
    assert Grid(0, 1, 2, fixed=True).times(100).tolist() == [0, 1, 2]
    assert Grid(-2, 3, 4).moved(-1) == Grid(-3, 3, 3)
    assert Grid(0, 1, 0, fixed=True).moved(5) == Grid(5, 1, 5, fixed=True)


def test_intervals_that_have_bounds_or_differ_at_edges() -> None:
    assert Interval(None, None, None, None).is_everything
    assert not Interval(None, None, 0, None).is_everything
    assert Interval(None, None, 0, None).varies
    assert not Interval(1, 2, 1, 2).varies


def test_the_widest_context_of_any_chunk() -> None:
    window = InputWindow(5, 3, 2, 9)
    assert (window.left, window.right, window.varies) == (5, 9, True)
    assert not InputWindow(5, 3, 5, 3).varies

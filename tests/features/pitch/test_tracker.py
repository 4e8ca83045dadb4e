"""What is known of pitch in the middle of the sound, and what changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.features.pitch.computing import compute_pitch
from ov_asr_score.features.pitch.options import PitchExtractionOptions
from ov_asr_score.features.pitch.tracker import PitchTracker
from tests.features.pitch.kaldi_pitch import sound

DEFAULT = PitchExtractionOptions()
# Loud sound after quiet one, so that frames are weighed anew.
SOUND = np.concatenate([0.1 * sound("es_Annie-t0024"), sound("flite_slt-t0017"), 3 * sound("es_john-t0021")])


@pytest.mark.parametrize("changes", [{}, {"recompute_frame": 100}, {"max_frames_latency": 20}, {"snip_edges": False}])
def test_what_changes_is_told(changes: dict[str, int]) -> None:
    tracker = PitchTracker(replace(DEFAULT, **changes))  # type: ignore[arg-type]
    before, revised = tracker.rows(), 0
    for piece in np.split(SOUND, range(3000, len(SOUND), 3000)):
        tracker.take(piece)
        rows, same = tracker.rows(), min(tracker.changed_from, len(before), tracker.num_ready)
        np.testing.assert_array_equal(rows[:same], before[:same])
        assert len(rows) == tracker.num_ready
        revised += len(before) - same
        before = rows
    tracker.take(SOUND[:0], is_last=True)
    same = min(tracker.changed_from, len(before))
    np.testing.assert_array_equal(tracker.rows()[:same], before[:same])
    assert revised > 0


def test_frames_are_weighed_anew_at_the_frame_that_is_asked_for() -> None:
    # 200 frames, of which the first 100 are quiet.
    samples = np.concatenate([sound("flite_slt-t0017")[:16000] * 0.05, sound("flite_slt-t0017")[:16000]])
    found = {}
    for frame in (0, 90, 1000):
        tracker = PitchTracker(replace(DEFAULT, recompute_frame=frame))
        for piece in np.split(samples, range(1600, len(samples), 1600)):
            tracker.take(piece)
        tracker.take(samples[:0], is_last=True)
        found[frame] = tracker.rows()
    whole = compute_pitch(samples, DEFAULT)
    assert len({rows.tobytes() for rows in found.values()}) == 3

    def changes(rows: np.ndarray) -> int:
        return int((rows[:90, 1] != whole[:90, 1]).sum())

    # what is weighed by all of the sound is nearest to the whole
    assert changes(found[1000]) < min(changes(found[0]), changes(found[90]))


def test_latency_holds_rows_back_while_they_may_change() -> None:
    held = []
    tracker = PitchTracker(replace(DEFAULT, max_frames_latency=15))
    without = PitchTracker(DEFAULT)
    for piece in np.split(SOUND, range(1600, len(SOUND), 1600)):
        tracker.take(piece)
        without.take(piece)
        held.append(without.num_ready - tracker.num_ready)
    assert max(held) == 15 and min(held) < 15
    tracker.take(SOUND[:0], is_last=True)
    without.take(SOUND[:0], is_last=True)
    np.testing.assert_array_equal(tracker.rows(), without.rows())


def test_silence_that_is_weighed_anew_without_ballast() -> None:
    tracker = PitchTracker(replace(DEFAULT, nccf_ballast=0.0))
    tracker.take(np.zeros(8000, np.float32))
    tracker.take(sound("clip"), is_last=True)
    assert (
        (tracker.rows()[:40, 0] == 0).all() and np.isfinite(tracker.rows()).all() and np.ptp(tracker.rows()[:, 1]) > 0
    )


def test_ballast_beyond_single_precision_leaves_no_correlation() -> None:
    tracker = PitchTracker(replace(DEFAULT, nccf_ballast=1e30))
    tracker.take(sound("clip"), is_last=True)
    assert (tracker.rows()[:, 1] == 400).all()


def test_hours_of_sound_take_little_memory() -> None:
    tracker = PitchTracker(replace(DEFAULT, recompute_frame=50))
    for _ in range(25):
        tracker.take(SOUND)
    assert tracker.num_ready > 6000
    assert len(tracker._measured) == tracker._search.num_frames - tracker._search.first_kept < 3000
    assert len(tracker._frames._held) < 500


@pytest.mark.parametrize("changes", [{}, {"max_frames_latency": 40}, {"nccf_ballast_online": True}])
def test_what_is_forgotten_changes_nothing(changes: dict[str, int]) -> None:
    options = replace(DEFAULT, recompute_frame=50, **changes)  # type: ignore[arg-type]
    whole, short = PitchTracker(options), PitchTracker(options)
    sound_of_hours = np.concatenate([SOUND] * 8 + [np.zeros(160_000, np.float32), SOUND])
    given = 0
    for piece in np.split(sound_of_hours, range(8000, len(sound_of_hours), 8000)):
        for tracker in (whole, short):
            tracker.take(piece)
        assert (short.num_ready, short.changed_from) == (whole.num_ready, max(whole.changed_from, short._from))
        first = max(0, given - 100)  # as far as windows look back
        np.testing.assert_array_equal(short.rows(first), whole.rows(first))
        given = max(given, short.num_ready)
        short.forget(max(0, given - 100))
    assert given > 3000
    for kept in (short._rows, short._states, short._measured, short._search._before):
        assert len(kept) < 2600


def test_nothing_is_forgotten_that_is_weighed_anew() -> None:
    tracker = PitchTracker(replace(DEFAULT, recompute_frame=10_000))
    for _ in range(6):
        tracker.take(SOUND)
        tracker.forget(tracker.num_ready)
    assert tracker._from == tracker._search.first_kept == 0

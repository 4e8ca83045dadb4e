"""Live i-vectors: bit-equal to those of tables, those of Kaldi's online pipeline, weights that change, states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.ivector.adaptation_state import AdaptationState, encode_state, first_state
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.live import LiveIvectors
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from tests.ivector.references import KALDI, TWO, differences, extractor, table, utterances

Rows = NDArray[np.float32]
FEATURES = table("feats.ark")


def pieces(features: Rows, random: np.random.Generator, longest: int = 30) -> Iterator[Rows]:
    first = 0
    while first < len(features):
        size = int(random.integers(0, longest))
        yield features[first : first + size]
        first += size


def rows_of(live: LiveIvectors, features: Rows, step: int, random: np.random.Generator) -> Rows:
    """The i-vectors of every ``step``-th frame, each asked for as soon as it is ready."""
    found: list[Rows] = []
    for piece in pieces(features, random):
        live.accept(piece)
        while len(found) * step < live.frames_ready:
            found.append(live.ivector(len(found) * step))
    live.finish()
    assert live.frames_ready == len(features)
    while len(found) * step < live.frames_ready:
        found.append(live.ivector(len(found) * step))
    return np.array(found)


@pytest.mark.parametrize("options", [{}, {"ivector_period": 7, "max_count": 5.0}, {"online_cmvn_iextractor": True}])
def test_pieces_give_the_bits_of_tables(options: dict[str, Any]) -> None:
    """State from utterance to utterance included."""
    used = extractor(use_most_recent_ivector=False, **options)
    expected = list(extract_ivectors(used, utterances("spk2utt_five"), keep_states=True))
    live = LiveIvectors(used)
    random = np.random.default_rng(len(options))
    assert len(expected) == 4
    for each in expected:
        found = rows_of(live, FEATURES[each.key], used.options.ivector_period, random)
        assert np.array_equal(found, each.ivectors)
        assert each.state is not None
        assert encode_state(live.state()) == encode_state(each.state)
        live.restore(live.state())


def test_a_row_for_every_frame_gives_the_bits_of_tables() -> None:
    (expected,) = extract_ivectors(
        extractor(repeat=True), [IvectorUtterance("a", FEATURES[TWO[1]], "a")], keep_states=True
    )
    used = extractor(use_most_recent_ivector=False)
    live = LiveIvectors(used)
    found = rows_of(live, FEATURES[TWO[1]], 1, np.random.default_rng(0))
    assert np.array_equal(found, expected.ivectors)
    assert expected.state is not None and encode_state(live.state()) == encode_state(expected.state)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {}),
        ("_greedy-ivector-extractor=true", {"greedy_ivector_extractor": True}),
        ("_use-most-recent-ivector=false", {"use_most_recent_ivector": False}),
    ],
)
@pytest.mark.parametrize("chunk", ["0.18", "1.0"])
def test_ivectors_are_those_of_the_online_pipeline(name: str, options: dict[str, Any], chunk: str) -> None:
    """Of online2-wav-dump-features, which writes features, and behind them the i-vector of each frame.

    It asks for frames in their order, as soon as the sound is there: only with a greedy extractor chunks count.
    """
    expected = table(f"pipeline/chunk{chunk}{name}.ark")
    live = LiveIvectors(extractor(**options))
    found = {}
    (speaker,) = (KALDI / "spk2utt_five").read_text().splitlines()
    for key in speaker.split()[1:]:
        features = expected[key][:, :40].copy()
        rows: list[Rows] = []
        accepted = samples = 0
        while accepted < len(features):
            samples += int(16000 * float(chunk))
            ready = min((samples - 400) // 160 + 1, len(features))
            live.accept(features[accepted:ready])
            accepted = ready
            if accepted == len(features):
                live.finish()
            rows += [live.ivector(frame) for frame in range(len(rows), live.frames_ready)]
        found[key] = np.array(rows)
        live.restore(live.state())
    distances = differences(found, {key: rows[:, 40:] for key, rows in expected.items()})
    assert np.median(distances) <= 1e-5
    assert np.quantile(distances, 0.99) <= 2e-3
    assert distances.max() <= 4e-2


def test_the_newest_ivector_is_given_for_all_frames() -> None:
    live = LiveIvectors(extractor())
    live.accept(FEATURES[TWO[0]][:40])
    first = live.ivector(5)
    newer = live.ivector(30)
    assert not np.array_equal(first, newer)
    assert np.array_equal(live.ivector(5), newer)
    greedy = LiveIvectors(extractor(greedy_ivector_extractor=True))
    greedy.accept(FEATURES[TWO[0]][:40])
    assert greedy.frames_ready == 37, "the last three have no context yet"
    assert np.array_equal(greedy.ivector(0), greedy.ivector(36))
    assert greedy.state().stats.count == pytest.approx(3.7)


def weighted(used: Extractor, features: Rows, deltas: list[tuple[int, float]]) -> tuple[Rows, AdaptationState]:
    live = LiveIvectors(used)
    live.update_weights(deltas)
    live.accept(features)
    live.finish()
    return np.array([live.ivector(t) for t in range(0, len(features), 10)]), live.state()


def test_weights_give_the_ivectors_of_tables() -> None:
    used, features = extractor(use_most_recent_ivector=False), FEATURES[TWO[0]]
    weights = table("frame_weights.txt")[TWO[0]]
    (expected,) = extract_ivectors(used, [IvectorUtterance("a", features, "a", weights)], keep_states=True)
    deltas = list(enumerate(weights.tolist()))
    assert np.array_equal(weighted(used, features, deltas)[0], expected.ivectors)
    parts = [(frame, weight * part) for frame, weight in deltas for part in (0.5, 1, -0.5)]
    random = np.random.default_rng(0)
    shuffled = [parts[place] for place in random.permutation(len(parts)).tolist()]
    np.testing.assert_allclose(weighted(used, features, shuffled)[0], expected.ivectors, atol=1e-4)


@pytest.mark.parametrize("newest", [True, False])
def test_weights_that_change_later(newest: bool) -> None:
    """As a decoder changes its mind: in the end the statistics are those of the weights that are left."""
    used, features = extractor(use_most_recent_ivector=newest), FEATURES[TWO[1]]
    live = LiveIvectors(used)
    final = np.zeros(len(features), np.float32)
    random = np.random.default_rng(3)
    done = 0
    for piece in pieces(features, random):
        live.accept(piece)
        deltas = [(frame, float(random.choice([0, 1]))) for frame in range(done, live.frames_ready)]
        for frame in range(max(done - 100, 0), done, 7):
            deltas.append((frame, 1 - 2 * float(final[frame])))
        for frame, delta in deltas:
            final[frame] += delta
        done = live.frames_ready
        if deltas:
            live.update_weights(deltas)
            live.ivector(done - 1)
    assert set(final.tolist()) == {0.0, 1.0}
    expected, state = weighted(used, features[: done + 3], list(enumerate(final[: done + 3].tolist())))
    assert len(expected) > 3
    found = live.state()
    assert found.stats.count == pytest.approx(final[:done].sum() * 0.1, rel=1e-4)
    quadratic = _stats_of(used, features, final, done).stats.quadratic
    np.testing.assert_allclose(found.stats.quadratic, quadratic, atol=1e-6 * np.abs(quadratic).max())
    assert state.stats.count > 0


def _stats_of(used: Extractor, features: Rows, weights: Rows, count: int) -> AdaptationState:
    live = LiveIvectors(used)
    live.update_weights(enumerate(weights.tolist()))
    live.accept(features)
    live.ivector(count - 1)
    return live.state()


def test_weights_must_be_known() -> None:
    live = LiveIvectors(extractor())
    live.accept(FEATURES[TWO[0]])
    live.update_weights([(frame, 1.0) for frame in range(20)])
    live.ivector(19)
    with pytest.raises(OvAsrScoreError, match="frame 20: expected a weight for it, found weights up to 19"):
        live.ivector(20)
    with pytest.raises(OvAsrScoreError, match="frame -1: expected a frame from 0 on and a finite weight"):
        live.update_weights([(-1, 1.0)])
    with pytest.raises(OvAsrScoreError, match="frame 3: expected a frame from 0 on and a finite weight, found nan"):
        live.update_weights([(3, float("nan"))])
    other = LiveIvectors(extractor())
    other.accept(FEATURES[TWO[0]])
    other.ivector(3)
    with pytest.raises(OvAsrScoreError, match="expected weights of frames from the beginning"):
        other.update_weights([(4, 1.0)])


def test_frames_are_remembered_as_long_as_asked() -> None:
    features = np.tile(FEATURES[TWO[1]], (4, 1))
    live = LiveIvectors(extractor(use_most_recent_ivector=False), remembered_frames=100)
    for first in range(0, 400, 50):
        live.accept(features[first : first + 50])
        live.update_weights([(frame, 1.0) for frame in range(first, first + 50)])
        live.ivector(live.frames_ready - 1)
    assert len(live._known._rows) < 400
    live.update_weights([(300, -1.0), (399, 0.0)])
    with pytest.raises(OvAsrScoreError, match="frame 60: expected one of the last 100; it is forgotten"):
        live.ivector(60)
    live.update_weights([(100, -1.0), (400, 1.0)])
    live.accept(features[400:450])
    with pytest.raises(OvAsrScoreError, match=r"frame 100: expected a weight for one of the last \d+ frames only"):
        live.ivector(400)


def test_memory_does_not_grow_without_weights() -> None:
    features = np.tile(FEATURES[TWO[1]], (10, 1))
    live = LiveIvectors(extractor(use_most_recent_ivector=False), remembered_frames=200)
    for first in range(0, len(features), 60):
        live.accept(features[first : first + 60])
        live.ivector(live.frames_ready - 1)
    assert len(live._known._rows) <= 256 and len(live._history) <= 20


def test_what_is_refused() -> None:
    live = LiveIvectors(extractor())
    with pytest.raises(OvAsrScoreError, match="frame 0: expected one of 0 frames that are ready"):
        live.ivector(0)
    live.accept(np.zeros((0, 40), np.float32))
    with pytest.raises(ShapeMismatchError, match="features from frame 0 on: expected features of 40 columns"):
        live.accept(np.zeros((3, 39), np.float32))
    with pytest.raises(TableFormatError, match="features from frame 0 on: expected features that are finite"):
        live.accept(np.full((3, 40), np.nan, np.float32))
    live.accept(FEATURES[TWO[0]][:10])
    for frame in (-1, 7):
        with pytest.raises(OvAsrScoreError, match=f"frame {frame}: expected one of 7 frames that are ready"):
            live.ivector(frame)
    live.finish()
    live.finish()
    live.ivector(9)
    with pytest.raises(OvAsrScoreError, match="expected no features after the end of an utterance, found some"):
        live.accept(FEATURES[TWO[0]][:10])
    state = first_state(extractor())
    foreign = replace(state, cmvn=replace(state.cmvn, speaker=np.ones((2, 3))))
    with pytest.raises(ShapeMismatchError, match="state of the speaker: expected statistics of 40 columns"):
        LiveIvectors(extractor(), foreign)


def test_statistics_without_a_solution() -> None:
    state = first_state(extractor())
    wild = replace(state, stats=replace(state.stats, count=1.0, quadratic=np.full(300, 1e308)))
    live = LiveIvectors(extractor(), wild)
    live.accept(FEATURES[TWO[0]][:10])
    with pytest.raises(OvAsrScoreError, match="expected statistics that lead to an i-vector"):
        live.ivector(0)


def test_an_utterance_without_features_leaves_the_state() -> None:
    live = LiveIvectors(extractor())
    live.finish()
    assert live.frames_ready == 0
    assert encode_state(live.state()) == encode_state(first_state(extractor()))


@pytest.mark.parametrize("newest", [True, False])
def test_memory_does_not_grow_if_nobody_asks(newest: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ov_asr_score.ivector.live._MOST_WAITING", 300)
    features = np.tile(FEATURES[TWO[1]], (20, 1))
    used = extractor(use_most_recent_ivector=newest)
    silent, asking, weighing = (LiveIvectors(used, remembered_frames=200) for _ in range(3))
    for first in range(0, len(features), 60):
        for live in (silent, asking, weighing):
            live.accept(features[first : first + 60])
        asking.ivector(asking.frames_ready - 1)
        if first < 1000:
            weighing.update_weights([(frame, 1.0) for frame in range(first, first + 60)])
    assert len(features) > 2000
    for live in (silent, weighing):
        assert len(live._known._rows) < 1024 and len(live._history) <= 20 and len(live._deltas) < 400
    last = silent.frames_ready - 1
    if newest:  # the first i-vector is made where it is asked for, as where all frames were kept until then
        monkeypatch.setattr("ov_asr_score.ivector.live._MOST_WAITING", 10_000)
        asking = LiveIvectors(used)
        asking.accept(features)
    np.testing.assert_allclose(silent.ivector(last), asking.ivector(last), atol=5e-3 if newest else 1e-2)
    assert silent.state().stats.count == pytest.approx(asking.state().stats.count, rel=1e-5)
    with pytest.raises(OvAsrScoreError, match="expected a weight for it, found weights up to 1019"):
        weighing.ivector(last)

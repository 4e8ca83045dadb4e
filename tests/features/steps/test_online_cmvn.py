from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.features.steps.online_cmvn import (
    CmvnState,
    LiveCmvn,
    OnlineCmvnOptions,
    online_cmvn,
    online_cmvn_of_speaker,
)
from ov_asr_score.kaldi_io import load_array
from tests.features.steps.kaldi_post import BASE, FEATURES, Table, assert_same, in_pieces

GLOBAL = np.asarray(load_array(str(FEATURES / "post" / "cmvn_global.mat")), np.float64)
FRESH = CmvnState(GLOBAL)
ROWS = BASE["es_Annie-t0024"]
VARIANCES = OnlineCmvnOptions(norm_vars=True, cmn_window=60, global_frames=20, speaker_frames=40)


def by_speaker(options: OnlineCmvnOptions) -> Table:
    """The utterances of spk2utt in its order, with states carried over."""
    made: Table = {}
    for line in (FEATURES / "spk2utt").read_text().splitlines():
        keys = [key for key in line.split()[1:] if key in BASE]
        made |= dict(zip(keys, online_cmvn_of_speaker([BASE[key] for key in keys], GLOBAL, options), strict=True))
    return made


@pytest.mark.parametrize(
    ("name", "options"),
    [("utt", OnlineCmvnOptions()), ("w30_g10", OnlineCmvnOptions(30, speaker_frames=30, global_frames=10))],
)
def test_utterances_of_kaldi(name: str, options: OnlineCmvnOptions) -> None:
    assert_same({key: online_cmvn(rows, FRESH, options)[0] for key, rows in BASE.items()}, f"online_cmvn_{name}")


@pytest.mark.parametrize(("name", "options"), [("spk", OnlineCmvnOptions()), ("spk_vars_w60_g20_s40", VARIANCES)])
def test_speakers_of_kaldi(name: str, options: OnlineCmvnOptions) -> None:
    assert_same(by_speaker(options), f"online_cmvn_{name}")


def test_frames_by_the_definition() -> None:
    """The last frames of window, speaker and global statistics: means weighted by numbers of frames."""
    options = OnlineCmvnOptions(cmn_window=20, speaker_frames=8, global_frames=5)
    state = online_cmvn(BASE["clip"], FRESH, options)[1]
    made = online_cmvn(ROWS, state, options)[0]
    for frame in (0, 6, 11, 13, 19, 20, 40, len(ROWS) - 1):
        window = ROWS[max(frame - 19, 0) : frame + 1].astype(np.float64)
        speaker = min(20 - len(window), 8)
        whole = min(20 - len(window) - speaker, 5)
        total = window.sum(0) + speaker * BASE["clip"].mean(0, np.float64) + whole * GLOBAL[0, :-1] / GLOBAL[0, -1]
        np.testing.assert_allclose(made[frame], ROWS[frame] - total / (len(window) + speaker + whole), 1e-5, 1e-4)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("options", [OnlineCmvnOptions(25), VARIANCES, OnlineCmvnOptions(skip_dims=(0, 3))])
def test_pieces_give_the_same_bits(seed: int, options: OnlineCmvnOptions) -> None:
    state = online_cmvn(BASE["clip"], FRESH, options)[1]
    whole, after = online_cmvn(ROWS, state, options)
    live = LiveCmvn(options, state)
    np.testing.assert_array_equal(in_pieces(live, ROWS, seed), whole)
    assert after.speaker is not None and live.state().speaker is not None
    np.testing.assert_array_equal(live.state().speaker, after.speaker)


def test_columns_that_are_skipped_stay() -> None:
    for options in (OnlineCmvnOptions(skip_dims=(1, 12)), OnlineCmvnOptions(norm_vars=True, skip_dims=(1, 12))):
        made = online_cmvn(ROWS, FRESH, options)[0]
        np.testing.assert_array_equal(made[:, [1, 12]], ROWS[:, [1, 12]])
        assert (made[:, 0] != ROWS[:, 0]).all()


def test_nothing_to_normalize() -> None:
    made, state = online_cmvn(ROWS, CmvnState(), OnlineCmvnOptions(norm_means=False))
    np.testing.assert_array_equal(made, ROWS)
    assert state.speaker is not None and state.speaker[0, -1] == len(ROWS)


def test_the_state_holds_all_frames_of_the_speaker() -> None:
    state = online_cmvn(BASE["clip"], FRESH)[1]
    state = online_cmvn(ROWS, state)[1]
    both = np.concatenate((BASE["clip"], ROWS)).astype(np.float64)
    assert state.speaker is not None
    np.testing.assert_allclose(state.speaker[0], [*both.sum(0), len(both)], 1e-12)
    np.testing.assert_allclose(state.speaker[1], [*(both**2).sum(0), 0], 1e-12)
    untouched = LiveCmvn(OnlineCmvnOptions(), state).state()
    assert untouched.speaker is state.speaker and untouched.frozen is None


def test_frozen_statistics_stay() -> None:
    live = LiveCmvn(VARIANCES, FRESH)
    before = live.accept(ROWS[:30])
    live.freeze()
    after = live.accept(ROWS[29:50])
    np.testing.assert_array_equal(after[0], before[-1])
    slope = (after[20] - after[0]) / (ROWS[49] - ROWS[29])
    np.testing.assert_allclose(after, after[0] + slope * (ROWS[29:50] - ROWS[29]), 1e-4, 1e-4)
    following = LiveCmvn(VARIANCES, live.state())
    np.testing.assert_array_equal(following.accept(ROWS[29:50]), after)
    state = following.state()
    assert state.speaker is not None and state.speaker[0, -1] == 51 + 21  # counted, though not used


def test_freezing_before_the_first_frame() -> None:
    with pytest.raises(OvAsrScoreError, match="expected a frame"):
        LiveCmvn(OnlineCmvnOptions(), FRESH).freeze()


def test_blocks_of_long_utterances(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = online_cmvn(ROWS, FRESH, VARIANCES)[0]
    monkeypatch.setattr("ov_asr_score.features.steps.online_cmvn.BLOCK_ROWS", 7)
    np.testing.assert_array_equal(online_cmvn(ROWS, FRESH, VARIANCES)[0], whole)


def test_statistics_that_do_not_fit() -> None:
    with pytest.raises(ShapeMismatchError, match="2 x 13 for features of 12 columns, found 2 x 14"):
        online_cmvn(ROWS[:, :12], FRESH)
    with pytest.raises(OvAsrScoreError, match="expected global CMVN statistics to begin with"):
        online_cmvn(ROWS, CmvnState())
    with pytest.raises(OvAsrScoreError, match="a count of 0"):
        online_cmvn(ROWS, CmvnState(np.zeros((2, 14))))
    with pytest.raises(ShapeMismatchError, match="skip_dims 13: expected numbers below the width 13"):
        online_cmvn(ROWS, FRESH, OnlineCmvnOptions(skip_dims=(13,)))
    live = LiveCmvn(OnlineCmvnOptions(), FRESH)
    live.accept(ROWS)
    with pytest.raises(ShapeMismatchError, match="13 columns as before, found 12"):
        live.accept(ROWS[:, :12])


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(UsageError) as caught:
        OnlineCmvnOptions(norm_means=False, norm_vars=True)
    assert caught.value.fields == ("norm_vars", "norm_means")
    with pytest.raises(UsageError, match="cmn_window 0"):
        OnlineCmvnOptions(0)

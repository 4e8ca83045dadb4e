from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import (
    FileAccessError,
    MissingUtteranceError,
    OvAsrScoreError,
    ShapeMismatchError,
    TableFormatError,
    UsageError,
)
from ov_asr_score.features.steps.cmvn import apply_cmvn, cmvn_stats
from ov_asr_score.features.steps.deltas import add_deltas
from ov_asr_score.features.steps.feature_chain import FeatureChain
from ov_asr_score.features.steps.splice import splice_frames
from ov_asr_score.features.steps.transforms import transform
from ov_asr_score.kaldi_io import load_array
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from tests.features.steps.kaldi_post import BASE, FEATURES, UTT2SPK, assert_same, in_pieces, table

POST = FEATURES / "post"
AFFINE = str(POST / "lda_affine.txt")
ROWS = BASE["es_Annie-t0024"]
KEY = "es_Annie-t0024"
LDA = FeatureSteps(
    cmvn="online",
    cmvn_stats=str(POST / "cmvn_global.mat"),
    cmn_window=50,
    splice=(1, 1),
    transforms=(AFFINE,),
    subsample=(3, 1),
)


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        (FeatureSteps(select_columns="0,3-5,12"), "select"),
        (FeatureSteps(delta_order=2), "deltas"),
        (FeatureSteps(delta_order=2, delta_window=3), "deltas_window3"),
        (FeatureSteps(delta_order=2, delta_truncate=5), "deltas_truncate5"),
        (FeatureSteps(splice=(4, 4)), "splice_default"),
        (FeatureSteps(delta_order=2, transforms=(AFFINE,)), "transform_affine"),
        (FeatureSteps(transforms=(f"ark:{POST / 'spk_trans.txt'}",)), "transform_per_spk"),
        (FeatureSteps(subsample=(3, 1)), "subsample3_offset1"),
        (FeatureSteps(subsample=(-2, 0)), "subsample-2"),
        (FeatureSteps(cmvn="speaker", cmvn_stats=f"ark:{POST / 'cmvn_spk.ark'}"), "cmvn_spk_applied"),
    ],
)
def test_single_steps_of_kaldi(steps: FeatureSteps, name: str) -> None:
    with FeatureChain(steps) as chain:
        assert not chain.needs_collection and chain.can_be_live
        expected = table(f"post/{name}.ark")
        made = {key: chain.apply(key, UTT2SPK[key], rows) for key, rows in BASE.items() if key in expected}
        assert_same(made, name, 1e-5)
        live = {key: in_pieces(chain.live(key, UTT2SPK[key]), BASE[key], 4) for key in made}
    for key, rows in made.items():
        np.testing.assert_array_equal(live[key], rows)


def test_the_order_is_that_of_the_recipes() -> None:
    steps = FeatureSteps(
        select_columns="0-11",
        cmvn="utterance",
        norm_vars=True,
        delta_order=1,
        splice=(0, 1),
        transforms=(AFFINE, str(POST / "second")),
        subsample=(2, 0),
    )
    chosen = ROWS[:, :12]
    rows = add_deltas(apply_cmvn(chosen, cmvn_stats(chosen), True), 1)
    random = np.random.default_rng(0)
    lda = random.standard_normal((4, 49)).astype(np.float32)
    second = random.standard_normal((3, 4)).astype(np.float32)
    expected = transform(transform(splice_frames(rows, 0, 1), lda), second)[::2]
    with pytest.MonkeyPatch.context() as patch:
        matrices = {AFFINE: lda, str(POST / "second"): second}
        patch.setattr(
            "ov_asr_score.features.steps.feature_chain.load_doubles", lambda name, allow_commands: matrices[name]
        )
        chain = FeatureChain(steps)
    np.testing.assert_array_equal(chain.apply("a", "", ROWS), expected)


@pytest.mark.parametrize("seed", range(8))
def test_pieces_give_the_same_bits(seed: int) -> None:
    with FeatureChain(LDA) as chain, FeatureChain(LDA) as other:
        for key in ("clip", KEY):
            live = chain.live(key, "one")
            assert live.delay == 1
            np.testing.assert_array_equal(in_pieces(live, BASE[key], seed), other.apply(key, "one", BASE[key]))


def test_two_passes_for_speakers() -> None:
    with FeatureChain(FeatureSteps(cmvn="speaker", feature_utt2spk=str(FEATURES / "utt2spk"))) as chain:
        assert chain.needs_collection and not chain.can_be_live
        with pytest.raises(UsageError, match="frames cannot be normalized before all utterances"):
            chain.live(KEY)
        for key, rows in BASE.items():
            chain.collect(key, "", rows)
        chain.collect(KEY, "", ROWS[:0])  # an utterance without frames is left for apply to refuse
        assert_same({key: chain.apply(key, "", rows) for key, rows in BASE.items()}, "cmvn_spk_applied")
        with pytest.raises(MissingUtteranceError, match="utt2spk: expected the speaker of utterance 'x', found none"):
            chain.apply("x", "", ROWS)


def test_nothing_asked_for() -> None:
    with FeatureChain(FeatureSteps()) as chain:
        np.testing.assert_array_equal(chain.apply(KEY, "", ROWS), ROWS)
        np.testing.assert_array_equal(in_pieces(chain.live(KEY), ROWS, 0), ROWS)
        assert len(chain.apply(KEY, "", ROWS[:0])) == 0 and len(chain.live(KEY).finish()) == 0


def test_the_steps_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "cmvn_opts").write_text("--norm-means=false\n")
    (tmp_path / "splice_opts").write_text("--left-context=1 --right-context=1\n")
    (tmp_path / "final.mat").write_bytes((POST / "lda_affine.txt").read_bytes())
    with FeatureChain(FeatureSteps(like_dir=str(tmp_path))) as chain:
        expected = transform(splice_frames(ROWS, 1, 1), load_array(AFFINE))
        np.testing.assert_array_equal(chain.apply(KEY, "", ROWS), expected)


def test_tables_of_transforms_by_utterance() -> None:
    name = f"ark:{POST / 'spk_trans.txt'}"
    with FeatureChain(FeatureSteps(transforms=(name,), transform_by="utterance")) as chain:
        made = chain.apply("spkA", "someone", ROWS)
        with pytest.raises(MissingUtteranceError, match=f"transform {name}: .*expected a matrix for utterance '{KEY}'"):
            chain.apply(KEY, "spkA", ROWS)
    with FeatureChain(FeatureSteps(transforms=(name,))) as chain:
        np.testing.assert_array_equal(chain.apply("spkA", "", ROWS), made)  # no speaker: by utterance
        np.testing.assert_array_equal(chain.apply(KEY, "spkA", ROWS), made)
        with pytest.raises(MissingUtteranceError, match="expected a matrix for speaker 'x', found none"):
            chain.apply(KEY, "x", ROWS)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (FeatureSteps(transforms=(AFFINE,)), "transform .*lda_affine.txt: transform of 20 x 40: .* found 13"),
        (FeatureSteps(select_columns="13"), "columns: column 13: expected one below the width 13"),
        (LDA, None),
        (FeatureSteps(delta_order=1, delta_truncate=14), "deltas: expected at least 14 columns"),
        (
            FeatureSteps(subsample=(3, 999)),
            "expected at least one frame of features, found none; no frame is left of it",
        ),
    ],
)
def test_errors_name_utterance_and_step(steps: FeatureSteps, message: str | None) -> None:
    with FeatureChain(steps) as chain:
        if message is None:
            chain.apply(KEY, "", ROWS)
            return
        with pytest.raises(OvAsrScoreError, match=f"^utterance '{KEY}': {message}"):
            chain.apply(KEY, "", ROWS)
        with pytest.raises(OvAsrScoreError, match=f"^utterance '{KEY}': {message}"):
            in_pieces(chain.live(KEY), ROWS, 2)


def test_frames_that_are_not_finite() -> None:
    rows = ROWS.astype(np.float64)
    rows[20, 3], rows[21, 4] = np.inf, np.nan
    with FeatureChain(LDA) as chain, warnings.catch_warnings():
        warnings.simplefilter("error")
        made = chain.apply(KEY, "", rows)
        live = chain.live(KEY)
        np.testing.assert_array_equal(np.concatenate((live.accept(rows), live.finish())), made)
    assert made.dtype == np.float32 and np.isfinite(made[:5]).all() and np.isnan(made[8:]).all()


def test_utterances_without_frames() -> None:
    with FeatureChain(LDA) as chain:
        for empty in (ROWS[:0], np.zeros((0, 0), np.float32)):
            with pytest.raises(ShapeMismatchError, match=r"^utterance 'a': expected at least one frame of features"):
                chain.apply("a", "", empty)
        live = chain.live("a")
        assert live.accept(ROWS[:0]).shape == (0, 20)
        with pytest.raises(ShapeMismatchError, match="expected at least one frame"):
            live.finish()


def test_what_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="delta_window: expected delta_order"):
        FeatureChain(FeatureSteps(delta_window=2))
    with pytest.raises(UsageError, match="delta_order 1000: expected a number from 0 to 999"):
        FeatureChain(FeatureSteps(delta_order=1000))
    with pytest.raises(UsageError, match="select_columns '1,x': expected numbers and ranges"):
        FeatureChain(FeatureSteps(select_columns="1,x"))
    with pytest.raises(FileAccessError, match="missing"):
        FeatureChain(FeatureSteps(transforms=(str(tmp_path / "missing"),)))
    (tmp_path / "text").write_text("nothing\n")
    with pytest.raises(TableFormatError, match=r"text: at byte 0: expected '\['"):
        FeatureChain(FeatureSteps(transforms=(str(tmp_path / "text"),)))


def test_transforms_of_one_row(tmp_path: Path) -> None:
    row = " ".join(str(number) for number in range(13))
    (tmp_path / "row").write_text(f"[ {row} ]\n")
    (tmp_path / "table").write_text(f"one [ {row} ]\n")
    expected = transform(ROWS, np.arange(13, dtype=np.float32)[None])
    for name in (str(tmp_path / "row"), f"ark:{tmp_path / 'table'}"):
        with FeatureChain(FeatureSteps(transforms=(name,))) as chain:
            np.testing.assert_array_equal(chain.apply("one", "", ROWS), expected)


def test_a_state_of_ones_own() -> None:
    """Of online CMVN: the bits of utterances that continue each other, without a trace in the chain."""
    with FeatureChain(LDA) as chain, FeatureChain(LDA) as other:
        state = None
        for key in ("clip", KEY):
            live = chain.live_from(state, key, "one")
            np.testing.assert_array_equal(in_pieces(live, BASE[key], 3), other.apply(key, "one", BASE[key]))
            state = live.cmvn_state()
            assert state is not None and state.speaker is not None
        anew = in_pieces(chain.live_from(None, "clip", "one"), BASE["clip"], 3)
        np.testing.assert_array_equal(in_pieces(chain.live("clip", "one"), BASE["clip"], 3), anew)
    with FeatureChain(FeatureSteps(delta_order=2, splice=(1, 3))) as chain:
        live = chain.live_from(None, KEY)
        assert (live.delays, live.delay) == ((("deltas", 4), ("splicing", 3)), 7)
        assert live.cmvn_state() is None
        with pytest.raises(UsageError, match="state: expected none of online CMVN"):
            chain.live_from(state, KEY)

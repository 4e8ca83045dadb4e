from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, MissingUtteranceError, TableFormatError, UsageError
from ov_asr_score.features.steps.cmvn_kinds import CmvnStep, cmvn_step
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from tests.features.steps.kaldi_post import BASE, FEATURES, UTT2SPK, Table, assert_same, in_pieces

POST = FEATURES / "post"
GLOBAL = str(POST / "cmvn_global.mat")
ROWS = BASE["es_Annie-t0024"]


def applied(step: CmvnStep | None) -> Table:
    """Each utterance normalized; those of a speaker in the order of the table, which is that of spk2utt."""
    assert step is not None
    if step.needs_collection:
        for key, rows in BASE.items():
            step.collect(key, UTT2SPK[key], rows)
    return {key: step.apply(key, UTT2SPK[key], rows) for key, rows in BASE.items()}


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        (FeatureSteps(cmvn="utterance"), "cmvn_utt_applied"),
        (FeatureSteps(cmvn="utterance", norm_vars=True, skip_dims=(0, 3)), "cmvn_utt_skip_dims"),
        (FeatureSteps(cmvn="utterance", cmvn_stats=f"ark:{POST / 'cmvn_utt.ark'}"), "cmvn_utt_applied"),
        (FeatureSteps(cmvn="speaker", norm_vars=True), "cmvn_spk_norm_vars"),
        (FeatureSteps(cmvn="speaker", cmvn_stats=f"ark:{POST / 'cmvn_spk.ark'}"), "cmvn_spk_applied"),
        (FeatureSteps(cmvn="global", cmvn_stats=GLOBAL), "cmvn_global_applied"),
        (FeatureSteps(cmvn="global", cmvn_stats=str(POST / "cmvn_global.txt")), "cmvn_global_applied"),
        (FeatureSteps(cmvn="sliding", center=True, norm_vars=True, cmn_window=300), "sliding_center_300"),
        (FeatureSteps(cmvn="sliding", cmn_window=50, min_cmn_window=20), "sliding_center_false_norm_vars_false"),
    ],
)
def test_statistics_of_kaldi(steps: FeatureSteps, name: str) -> None:
    step = cmvn_step(steps)
    assert_same(applied(step), name, 1e-5)
    assert step is not None
    step.close()


def test_online_cmvn_carries_speakers_over() -> None:
    names = {"cmn_window": 60, "global_frames": 20, "speaker_frames": 40}
    made = applied(cmvn_step(FeatureSteps(cmvn="online", cmvn_stats=GLOBAL, norm_vars=True, **names)))  # type: ignore[arg-type]
    order = [key for line in (FEATURES / "spk2utt").read_text().splitlines() for key in line.split()[1:]]
    assert_same({key: made[key] for key in order if key in made}, "online_cmvn_spk_vars_w60_g20_s40")


def test_online_cmvn_without_speakers_begins_anew() -> None:
    step = cmvn_step(FeatureSteps(cmvn="online", cmvn_stats=GLOBAL))
    assert step is not None
    assert_same({key: step.apply(key, "", rows) for key, rows in BASE.items()}, "online_cmvn_utt")


def test_live_online_cmvn_hands_over_when_it_finishes() -> None:
    steps = FeatureSteps(cmvn="online", cmvn_stats=GLOBAL)
    batch, live = cmvn_step(steps), cmvn_step(steps)
    assert batch is not None and live is not None
    for key in ("clip", "es_Annie-t0024"):
        expected = batch.apply(key, "one", BASE[key])
        np.testing.assert_array_equal(in_pieces(live.live(key, "one"), BASE[key], 3), expected)


@pytest.mark.parametrize("kind", ["none", None])
def test_no_cmvn(kind: str | None) -> None:
    assert cmvn_step(FeatureSteps(cmvn=kind)) is None  # type: ignore[arg-type]
    assert cmvn_step(FeatureSteps(cmvn="speaker", norm_means=False)) is None


@pytest.mark.parametrize("kind", ["utterance", "speaker"])
def test_frames_that_depend_on_later_ones_are_not_live(kind: str) -> None:
    step = cmvn_step(FeatureSteps(cmvn=kind))  # type: ignore[arg-type]
    assert step is not None
    with pytest.raises(UsageError, match="frames cannot be normalized before") as caught:
        step.live("a", "b")
    assert caught.value.fields == ("cmvn", "cmvn_stats")


def test_collected_speakers_are_live() -> None:
    step = cmvn_step(FeatureSteps(cmvn="speaker"))
    assert step is not None
    step.collect("a", "one", ROWS)
    np.testing.assert_array_equal(in_pieces(step.live("a", "one"), ROWS, 1), step.apply("a", "one", ROWS))
    with pytest.raises(MissingUtteranceError, match="expected CMVN statistics of speaker 'two', found none"):
        step.apply("a", "two", ROWS)


def test_given_statistics_are_live() -> None:
    step = cmvn_step(FeatureSteps(cmvn="utterance", cmvn_stats=f"ark:{POST / 'cmvn_utt.ark'}"))
    assert step is not None
    expected = step.apply("es_Annie-t0024", "", ROWS)
    np.testing.assert_array_equal(in_pieces(step.live("es_Annie-t0024", ""), ROWS, 1), expected)
    with pytest.raises(MissingUtteranceError, match=r"cmvn_utt\.ark: expected a matrix for utterance 'x', found none"):
        step.apply("x", "", ROWS)
    step.close()


def test_speakers_that_are_not_known() -> None:
    for steps in (
        FeatureSteps(cmvn="speaker"),
        FeatureSteps(cmvn="speaker", cmvn_stats=f"ark:{POST / 'cmvn_spk.ark'}"),
    ):
        step = cmvn_step(steps)
        assert step is not None
        with pytest.raises(UsageError, match="the speaker of utterance 'a'") as caught:
            step.apply("a", "", ROWS)
        assert caught.value.fields == ("feature_utt2spk",)
        step.close()


def test_files_that_are_no_statistics(tmp_path: Path) -> None:
    path = tmp_path / "stats"
    path.write_text("nothing")
    for kind in ("global", "online"):
        with pytest.raises(TableFormatError, match="stats: at byte 0: expected '\\['"):
            cmvn_step(FeatureSteps(cmvn=kind, cmvn_stats=str(path)))
        with pytest.raises(FileAccessError, match="missing"):
            cmvn_step(FeatureSteps(cmvn=kind, cmvn_stats=str(tmp_path / "missing")))

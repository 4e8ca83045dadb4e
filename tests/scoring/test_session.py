"""The recipe from a job to something that scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.job import run_job
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.scoring.session import open_model_with_tables, start_session
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.score_job import ScoreJob
from tests.tiny_model import NUM_FEATURES, tiny_features, tiny_scores, write_table


@pytest.fixture
def features(folder: Path) -> dict[str, Any]:
    features = tiny_features(0, 3, 5)
    write_table("feats.ark", features)
    return features


def test_a_session_scores_the_tables_of_a_job(tiny_model: str, features: dict[str, Any]) -> None:
    session = start_session(open_model_with_tables(ScoreJob(model=tiny_model, inputs="feats.ark")))
    assert session.first is not None
    assert session.first.key == "utt2"  # the first that has frames
    assert [table.specifier for table in session.tables.inputs] == ["feats.ark"]
    scores = {scored.key: scored.scores["scores"] for scored in session.scorer.score(session.utterances)}
    assert list(scores) == list(features)
    np.testing.assert_array_equal(scores["utt3"], tiny_scores(features["utt3"]))


def test_outputs_are_those_that_tables_ask_for(tiny_model: str, features: dict[str, Any]) -> None:
    job = ScoreJob(model=tiny_model, inputs="feats.ark", outputs=["hidden=h.ark"])
    opened = open_model_with_tables(job)
    assert opened.options.outputs == ("hidden",)
    assert [opened.model.outputs[number].name for number in opened.model.wanted] == ["hidden"]
    assert not Path("h.ark").exists()


def test_one_output_under_two_names_is_refused(tiny_model: str, features: dict[str, Any]) -> None:
    job = ScoreJob(model=tiny_model, inputs="feats.ark", outputs={"scores": "a.ark", "scores_layer": "b.ark"})
    with pytest.raises(UsageError, match="layer 'scores_layer' is given twice; 'scores' is another name of it"):
        open_model_with_tables(job)


def test_features_are_needed_unless_they_come_from_elsewhere(tiny_model: str) -> None:
    with pytest.raises(UsageError, match=r"^inputs: expected a table of features, found none") as caught:
        open_model_with_tables(ScoreJob(model=tiny_model))
    assert caught.value.fields == ("inputs",)
    opened = open_model_with_tables(ScoreJob(model=tiny_model), needs_features=False)
    assert list(opened.read()) == []
    frames = np.ones((2, NUM_FEATURES), np.float32)
    session = start_session(opened, iter([Utterance("array", {"feats": frames}, 2)]))
    (scored,) = session.scorer.score(session.utterances)
    np.testing.assert_array_equal(scored.scores["scores"], tiny_scores(frames))


def test_arrays_that_do_not_fit_are_named_by_their_utterance(tiny_model: str) -> None:
    opened = open_model_with_tables(ScoreJob(model=tiny_model), needs_features=False)
    narrow = Utterance("narrow", {"feats": np.ones((2, 1), np.float32)}, 2)
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'narrow': input 'feats'"):
        start_session(opened, iter([narrow]))


def test_utterances_without_frames_are_not_enough_for_a_trial(tiny_model: str, folder: Path) -> None:
    write_table("empty.ark", tiny_features(0))
    opened = open_model_with_tables(ScoreJob(model=tiny_model, inputs="empty.ark"))
    assert start_session(opened).first is None
    with pytest.raises(TableFormatError, match=r"empty\.ark: expected an utterance that has frames, found none"):
        start_session(opened, needs_frames=True)


def test_what_does_not_fit_is_skipped_where_that_is_asked(tiny_model: str, folder: Path) -> None:
    table = {"narrow": np.ones((2, 1), np.float32), **tiny_features(2), "wide": np.ones((2, 9), np.float32)}
    write_table("feats.ark", table)
    skipped: list[str] = []
    opened = open_model_with_tables(
        ScoreJob(model=tiny_model, inputs="feats.ark"), skip=lambda key, error: skipped.append(key)
    )
    session = start_session(opened)
    assert [scored.key for scored in session.scorer.score(session.utterances)] == ["utt1"]
    assert skipped == ["narrow", "wide"]


def test_a_run_reads_the_kind_of_its_model_once(
    tiny_model: str, features: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def counting(path: str) -> Any:
        opened.append(path)
        return open_path(path)

    monkeypatch.setattr("ov_asr_score.ov_model.file_kind.open_path", counting)
    report = run_job(ScoreJob(model=tiny_model, inputs="feats.ark"))
    assert report.model["kind"] == "OpenVINO IR"
    assert opened == [tiny_model]

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.comparison import Limits
from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.report.data.run import UtteranceReport
from tests.command_line import DATA, MODELS, names_in
from tests.tiny_model import tiny_features, tiny_scores, write_table

FEATURES = tiny_features(3, 0, 5)


@pytest.fixture
def feats(folder: Path) -> str:
    return write_table("feats.ark", FEATURES)


def test_a_job_without_a_terminal(tiny_model: str, feats: str) -> None:
    seen: list[UtteranceReport] = []
    job = ScoreJob(model=tiny_model, inputs=[feats], outputs={"hidden": "h.ark", "scores": "s.ark"}, notes=["hello"])
    report = run_job(job, seen.append)
    assert report.verdict == "ok"
    assert [(each.key, each.frames, each.scores) for each in seen] == [
        (key, len(matrix), {"scores": 3, "hidden": 3}) for key, matrix in FEATURES.items()
    ]
    assert (report.totals.utterances, report.totals.frames) == (3, 8)
    assert report.totals.requests == sum(each.requests for each in seen)
    assert report.notes[0] == "hello"
    assert report.command is None
    for key, scores in read_table("s.ark"):
        np.testing.assert_array_equal(scores, tiny_scores(FEATURES[key]) if scores.size else scores)


def test_a_reference_by_another_name_of_the_same_output(tiny_model: str, feats: str) -> None:
    write_table("r.ark", {key: tiny_scores(matrix) for key, matrix in FEATURES.items() if len(matrix)})
    job = ScoreJob(
        model=tiny_model,
        inputs=[feats],
        outputs=["scores=s.ark"],
        references=["scores_layer:0=r.ark"],
        limits=Limits(max_error=0),
        allow_missing=True,
    )
    report = run_job(job)
    assert (report.verdict, report.comparison["scores_layer:0"].frames) == ("ok", 8)


@pytest.mark.parametrize("option", ["outputs", "references"])
def test_one_output_under_two_names_is_wrong_use(tiny_model: str, feats: str, option: str) -> None:
    job = ScoreJob(model=tiny_model, inputs=[feats], **{option: {"scores": "a.ark", "scores_layer": "b.ark"}})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="layer 'scores_layer' is given twice; 'scores' is another name of it"):
        run_job(job)


@pytest.mark.parametrize(
    ("error", "when"), [(KeyboardInterrupt, "utt1"), (KeyboardInterrupt, "utt3"), (RuntimeError, "utt1")]
)
def test_whatever_stops_it_nothing_is_left_behind(
    tiny_model: str, feats: str, folder: Path, error: type[BaseException], when: str
) -> None:
    def stop(utterance: UtteranceReport) -> None:
        if utterance.key == when:
            assert len(names_in(folder)) == 5
            raise error

    job = ScoreJob(
        model=tiny_model, inputs=[feats], outputs={"scores": "s.npz", "hidden": "ark,scp:h.ark,h.scp"}, report="r.json"
    )
    with pytest.raises(error) as raised:
        run_job(job, stop)
    assert names_in(folder) == ["feats.ark"]  # while the traceback, and so every frame in it, is still alive
    assert raised.traceback


def test_an_older_output_stays_when_a_run_fails(tiny_model: str, feats: str, folder: Path) -> None:
    (folder / "s.ark").write_bytes(b"older")
    (folder / "feats.ark").write_bytes((folder / "feats.ark").read_bytes()[:-1])
    with pytest.raises(OvAsrScoreError, match=r"^feats\.ark: utterance 'utt3'"):
        run_job(ScoreJob(model=tiny_model, inputs=[feats], outputs=["s.ark"]))
    assert (folder / "s.ark").read_bytes() == b"older"
    assert names_in(folder) == ["feats.ark", "s.ark"]


def test_an_export_scores_nothing(tiny_model: str, feats: str, folder: Path) -> None:
    job = ScoreJob(model=tiny_model, inputs=[feats], outputs=["s.ark"], references=["r.ark"], export_model="m.blob")
    report = run_job(job)
    assert (report.verdict, report.totals.utterances) == ("ok", 0)
    assert report.notes[-1] == "exported to m.blob; nothing was scored"
    assert names_in(folder) == ["feats.ark", "m.blob", "m.blob.json"]


def test_scores_that_are_not_finite_are_noted_five_times(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", {f"utt{number}": np.array([[0, 0, 0, np.inf]], np.float32) for number in range(7)})
    report = run_job(ScoreJob(model=tiny_model, inputs=["feats.ark"]))
    notes = [note for note in report.notes if note.startswith("not finite: output scores of utterance ")]
    assert len(notes) == 5


def test_missing_references_never_stop_the_scoring(folder: Path) -> None:
    data = DATA / "lstm_mem"
    references = dict(read_table(str(data / "scores_f32.ark")))
    keys = list(references)
    del references[keys[0]], references[keys[2]]
    write_table("references.ark", references | {"spare": references[keys[1]]})
    job = ScoreJob(
        model=str(MODELS / "lstm_mem.xml"),
        inputs=[str(data / "features.ark")],
        outputs=["scores.ark"],
        references=["references.ark"],
    )
    report = run_job(job)
    assert report.verdict == "failed"
    assert report.missing_keys == {"references.ark": [keys[0], keys[2]]}
    assert report.extra_keys == {"references.ark": ["spare"]}
    assert list(dict(read_table("scores.ark"))) == keys


def test_by_position_and_by_key(folder: Path) -> None:
    data = DATA / "two_inputs"
    vectors = list(read_table(str(data / "ivectors_utterance.ark")))
    write_table("renamed.ark", {f"x{number}": vector for number, (_, vector) in enumerate(vectors)})
    write_table("reversed.ark", dict(vectors[::-1]))
    limits, model = Limits(max_error=1e-4), str(MODELS / "two_inputs.xml")
    references = [f"score={data}/score_utterance.ark"]
    for name, pair in (("renamed.ark", "position"), ("reversed.ark", "key")):
        inputs = [f"features={data}/features.ark,ivector={name}"]
        job = ScoreJob(model=model, inputs=inputs, references=references, limits=limits, pair=pair)  # type: ignore[arg-type]
        assert run_job(job).verdict == "ok"


def test_the_report_on_disk_is_the_report_in_hand(tiny_model: str, feats: str, folder: Path) -> None:
    report = run_job(ScoreJob(model=tiny_model, inputs=[feats], report="r.json", command=["a", "b"]))
    on_disk = json.loads((folder / "r.json").read_text())
    assert on_disk["command"] == ["a", "b"]
    assert on_disk["totals"]["total_seconds"] == report.totals.total_seconds
    assert on_disk["plan"] == report.plan

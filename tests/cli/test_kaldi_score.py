"""``score`` with Kaldi models: options, i-vectors, blobs, reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.command_line import MODELS, names_in, run
from tests.kaldi_texts import (
    IVECTOR_WIDTH,
    PRIORS,
    WIDTH,
    acoustic_nnet3,
    ivector_nnet3,
    ivector_scores,
    recurrent_nnet3,
    spliced_nnet3,
    spliced_scores,
    states,
    write_model,
)
from tests.tiny_model import write_table

NUMBERS = np.random.default_rng(5)
LENGTHS = {"spk1-utt1": 12, "spk1-utt2": 1, "spk2-utt1": 23}
FEATURES = {key: NUMBERS.standard_normal((length, WIDTH)).astype(np.float32) for key, length in LENGTHS.items()}
KEYS = tuple(FEATURES)
VECTORS = {key: NUMBERS.standard_normal(IVECTOR_WIDTH).astype(np.float32) for key in (*KEYS, "spk3-utt1")}
SPEAKERS = {key: NUMBERS.standard_normal(IVECTOR_WIDTH).astype(np.float32) for key in ("spk1", "spk2", "spk3")}
ONLINE = {
    key: NUMBERS.standard_normal((-(-length // 10), IVECTOR_WIDTH)).astype(np.float32)
    for key, length in (LENGTHS | {"spk3-utt1": 5}).items()
}


@pytest.fixture
def spliced(folder: Path) -> tuple[str, ...]:
    model = write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))
    return ("score", "-m", model, "-i", write_table(folder / "feats.ark", FEATURES))


@pytest.fixture
def with_ivectors(folder: Path) -> tuple[str, ...]:
    """A model that takes i-vectors, and tables of every kind of them."""
    model = write_model(folder / "final.raw", ivector_nnet3())
    write_table("vectors.ark", VECTORS)
    write_table("speakers.ark", SPEAKERS)
    write_table("online.ark", ONLINE)
    (folder / "utt2spk").write_text("".join(f"{key} {key[:4]}\n" for key in KEYS))
    return ("score", "-m", model, "-i", write_table(folder / "feats.ark", FEATURES))


def scored(*arguments: str, output: str = "scores.ark") -> dict[str, Any]:
    outcome = run(*arguments, "-o", output, "--quiet")
    assert outcome.code == 0, outcome.stderr
    return dict(read_table(output))


def assert_scores(found: dict[str, Any], expected: Any) -> None:
    assert tuple(found) == KEYS
    for key, features in FEATURES.items():
        np.testing.assert_allclose(found[key], expected(features), rtol=0, atol=1e-5, err_msg=key)


# Options


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), spliced_scores),
        (("--use-priors=true",), lambda x: spliced_scores(x) - np.log(PRIORS)),
        (("--use-priors=true", "--use-priors=false"), spliced_scores),
        (("--frame-subsampling-factor=3",), lambda x: spliced_scores(x, 3)),
        (("--frame_subsampling_factor=3", "--frames-per-chunk=4"), lambda x: spliced_scores(x, 3)),
        (("--frames-per-chunk", "5", "--batch-compute=true"), spliced_scores),
        (("--output-name", "output-half"), lambda x: spliced_scores(x) / 2),
        (("--acoustic-scale=0.1", "--apply-exp=true"), lambda x: np.exp(spliced_scores(x) / 10)),
        (("--time=frame",), spliced_scores),
        (("--time", "frame", "--frames-per-request", "3"), spliced_scores),
    ],
)
def test_options_in_the_spelling_of_kaldi(spliced: tuple[str, ...], options: tuple[str, ...], expected: Any) -> None:
    assert_scores(scored(*spliced, *options), expected)


def test_priors_from_counts(spliced: tuple[str, ...], folder: Path) -> None:
    (folder / "counts").write_text(" [ 50 30 20 ]\n")
    found = scored(*spliced, "--class-frame-counts=counts", "--prior-scale=0.8")
    assert_scores(found, lambda x: spliced_scores(x) - 0.8 * np.log([0.5, 0.3, 0.2]))


def test_several_outputs(spliced: tuple[str, ...]) -> None:
    outcome = run(*spliced, "--output-name=output,output-half", "-o", "output=w.ark,output-half=h.ark", "--quiet")
    assert outcome.code == 0, outcome.stderr
    assert_scores(dict(read_table("w.ark")), spliced_scores)
    assert_scores(dict(read_table("h.ark")), lambda x: spliced_scores(x) / 2)


def test_the_factor_beside_the_model(spliced: tuple[str, ...], folder: Path) -> None:
    (folder / "frame_subsampling_factor").write_text("2\n")
    assert_scores(scored(*spliced), lambda x: spliced_scores(x, 2))
    assert_scores(scored(*spliced, "--frame-subsampling-factor=1"), spliced_scores)


def test_chunks_matter_to_recurrent_models(folder: Path) -> None:
    model = write_model(folder / "final.raw", recurrent_nnet3())
    arguments = ("score", "-m", model, "-i", write_table(folder / "feats.ark", FEATURES))
    assert_scores(scored(*arguments), states)
    chunks = scored(*arguments, "--frames-per-chunk=5")
    assert_scores(chunks, lambda x: np.concatenate([states(x[first : first + 5]) for first in range(0, len(x), 5)]))


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--chunk-size=5",), 2, "--chunk-size=5: is for nnet2 models and models that give one vector per utterance, "),
        (("--apply-log",), 2, "--apply-log=true: is for nnet1 and nnet2 models, "),
        (("--ensure-exact-final-context",), 2, "expected --batch-compute with it"),
        (("--frames-per-chunk=0.5",), 2, "--frames-per-chunk"),
        (("--online-ivectors=ark:x", "--online-ivector-period=10"), 2, "the model has no input 'ivector'; its inputs"),
        (("--ivectors=ark:x",), 2, "--ivectors: the model has no input 'ivector'; its inputs are 'input'"),
        (("-cw_l", "2"), 2, "repeats the edges of utterances itself"),
        (("-o", "tdnn1=x.ark"), 3, "--output-name makes nodes of a Kaldi model its outputs"),
        (("-o", "output-haf=x.ark"), 3, "the model has no layer 'output-haf'; did you mean 'output-half'"),
        (("--frames-per-chunks=5",), 2, "--frames-per-chunks"),
    ],
)
def test_what_cannot_be_is_one_line(
    spliced: tuple[str, ...], options: tuple[str, ...], code: int, message: str, folder: Path
) -> None:
    outcome = run(*spliced, *options)
    assert outcome.code == code, outcome.stderr
    assert message in outcome.stderr
    assert names_in(folder) == ["feats.ark", "final.mdl"]


def test_options_are_refused_for_other_models(folder: Path) -> None:
    features = write_table(folder / "feats.ark", {"a": np.zeros((2, 440), np.float32)})
    outcome = run("score", "-m", MODELS / "dnn_digits.xml", "-i", features, "--use-priors=true")
    assert outcome.code == 2
    assert outcome.error == f"--use-priors=true: applies to Kaldi models only, and {MODELS}/dnn_digits.xml is not one"


# I-vectors


def test_a_vector_per_utterance(with_ivectors: tuple[str, ...]) -> None:
    for options in (("--ivectors=ark:vectors.ark",), ("--ivectors", "vectors.ark", "--frames-per-chunk=5")):
        found = scored(*with_ivectors, *options)
        for key in KEYS:
            np.testing.assert_allclose(found[key], ivector_scores(FEATURES[key], VECTORS[key]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("utt2spk", ["utt2spk", "ark:utt2spk", "ark,t:utt2spk", "ivector=ark:utt2spk"])
def test_a_vector_per_speaker(with_ivectors: tuple[str, ...], utt2spk: str) -> None:
    found = scored(*with_ivectors, "--ivectors=ark:speakers.ark", f"--utt2spk={utt2spk}")
    for key in KEYS:
        np.testing.assert_allclose(found[key], ivector_scores(FEATURES[key], SPEAKERS[key[:4]]), rtol=0, atol=1e-5)


def test_online_vectors_follow_the_chunks(with_ivectors: tuple[str, ...]) -> None:
    online = ("--online-ivectors=ark:online.ark", "--online-ivector-period=10")
    found = scored(*with_ivectors, *online, "--frames-per-chunk=8")
    for key, features in FEATURES.items():
        parts = []
        for first in range(0, len(features), 8):
            chunk = features[first : first + 8]
            row = min((first + (len(chunk) - 1) // 2) // 10, len(ONLINE[key]) - 1)
            parts.append(ivector_scores(chunk, ONLINE[key][row]))
        np.testing.assert_allclose(found[key], np.concatenate(parts), rtol=0, atol=1e-5)


def test_one_online_vector_for_an_utterance_is_noted(with_ivectors: tuple[str, ...]) -> None:
    online = (*with_ivectors, "--online-ivectors=ark:online.ark", "--online-ivector-period=10")
    note = "note: each utterance is scored with one online i-vector, that of its middle; Kaldi's programs take one"
    assert note in run(*online).stdout
    for arguments in ((*online, "--frames-per-chunk=8"), (*with_ivectors, "--ivectors=ark:vectors.ark")):
        assert "i-vector, that of its middle" not in run(*arguments).stdout


def test_our_own_words_for_the_same(with_ivectors: tuple[str, ...]) -> None:
    arguments = [*with_ivectors[:-1], "input=feats.ark", "-i", "ivector=online.ark", "--ivector-period", "10"]
    ours = scored(*arguments, "--allow-missing")
    kaldi = scored(*with_ivectors, "--online-ivectors=online.ark", "--online-ivector-period=10")
    for key in KEYS:
        np.testing.assert_array_equal(ours[key], kaldi[key])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no table for input ivector; the model has 2 inputs; i-vectors go to --ivectors, or to --online-ivectors"),
        (("--ivectors=a", "--online-ivectors=b"), "--ivectors, --online-ivectors: expected one of them, found both"),
        (("--online-ivectors=online.ark",), "--online-ivectors: expected --online-ivector-period with it"),
        (("--ivectors=vectors.ark", "--online-ivector-period=10"), "expected --online-ivectors with it"),
        (
            ("--online-ivectors=online.ark", "--online-ivector-period=10", "--utt2spk=utt2spk"),
            "--utt2spk: is for --ivectors; those of --online-ivectors are per utterance",
        ),
        (("-i", "ivector=vectors.ark", "--ivectors=vectors.ark"), "either all tables have a layer"),
        (("--ivectors=vectors.ark", "--ivector-period=10"), "--ivector-period: the model has no other input"),
    ],
)
def test_ivectors_that_do_not_fit_together(
    with_ivectors: tuple[str, ...], options: tuple[str, ...], message: str
) -> None:
    outcome = run(*with_ivectors, *options)
    assert outcome.code == 2, outcome.stderr
    assert message in outcome.error


def test_ivectors_given_in_both_words(with_ivectors: tuple[str, ...]) -> None:
    outcome = run(*with_ivectors[:-1], "input=feats.ark,ivector=vectors.ark", "--ivectors=vectors.ark")
    assert outcome.code == 2
    assert outcome.error == "-i/--input, --ivectors: input 'ivector' is given twice"


def test_ivectors_that_are_missing_are_told(with_ivectors: tuple[str, ...]) -> None:
    write_table("few.ark", {key: VECTORS[key] for key in KEYS[:2]})
    outcome = run(*with_ivectors, "--ivectors=few.ark", "-o", "scores.ark")
    assert outcome.code == 3
    assert "few.ark: 1 missing utterance: 'spk2-utt1'" in outcome.error
    assert tuple(scored(*with_ivectors, "--ivectors=few.ark", "--allow-missing")) == KEYS[:2]


def test_kaldi_words_for_an_ir_with_that_input(folder: Path) -> None:
    data = MODELS.parent / "data/two_inputs"
    outcome = run(
        *("score", "-m", MODELS / "two_inputs.xml", "-i", data / "features.ark"),
        *("--online-ivectors", f"ark:{data}/ivectors_online.ark", "--online-ivector-period=10"),
        *("-r", f"score={data}/score_online.ark", "--max-error=1e-4"),
    )
    assert outcome.code == 0, outcome.stderr


# Blobs


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--frames-per-chunk=5",),
        ("--frames-per-chunk=6", "--batch-compute", "--extra-left-context=2", "--extra-left-context-initial=0"),
        ("--frame-subsampling-factor=3",),
        ("--time=frame", "--frames-per-request=4"),
    ],
)
def test_a_blob_scores_as_its_model(folder: Path, options: tuple[str, ...]) -> None:
    model = write_model(folder / "final.raw", recurrent_nnet3())
    features = write_table(folder / "feats.ark", FEATURES)
    outcome = run("score", "-m", model, "-wg", "model.blob", "--quiet", *options)
    assert outcome.code == 0, outcome.stderr
    expected = scored("score", "-m", model, "-i", features, *options)
    found = scored("score", "-rg", "model.blob", "-i", features, output="imported.ark")
    assert tuple(found) == KEYS
    for key in KEYS:
        np.testing.assert_array_equal(found[key], expected[key])
    note = json.loads((folder / "model.blob.json").read_text())
    given = {each if "=" in each else f"{each}=true" for each in options}
    assert set(note["conversion"]["options"].split()) == given


def test_a_blob_with_ivectors(with_ivectors: tuple[str, ...]) -> None:
    assert run(*with_ivectors[:3], "-wg", "model.blob", "--frames-per-chunk=8").code == 0
    online = ("--online-ivectors=online.ark", "--online-ivector-period=10")
    expected = scored(*with_ivectors, *online, "--frames-per-chunk=8")
    found = scored("score", "-rg", "model.blob", *with_ivectors[3:], *online, output="imported.ark")
    for key in KEYS:
        np.testing.assert_array_equal(found[key], expected[key])


def test_options_of_a_blob_are_those_that_it_was_made_with(spliced: tuple[str, ...], folder: Path) -> None:
    assert run(*spliced[:3], "-wg", "model.blob", "--frames-per-chunk=5").code == 0
    imported = ("score", "-rg", "model.blob", *spliced[3:])
    assert_scores(scored(*imported, "--frames-per-chunk=5"), spliced_scores)
    outcome = run(*imported, "--frames-per-chunk=6")
    assert outcome.code == 2
    assert "--frames-per-chunk=6: model.blob was converted with --frames-per-chunk=5" in outcome.error
    note = json.loads((folder / "model.blob.json").read_text())
    note["conversion"]["frames_per_chunk"] = "many"
    (folder / "model.blob.json").write_text(json.dumps(note))
    outcome = run(*imported)
    assert outcome.code == 3
    assert "frames_per_chunk: expected int, found 'many'; the metadata are damaged" in outcome.error


# Reports


def test_the_report_says_what_was_converted(spliced: tuple[str, ...], folder: Path) -> None:
    outcome = run(*spliced, "--report=report.json", "--frames-per-chunk=4", "--frame-subsampling-factor=3")
    assert outcome.code == 0
    report = json.loads((folder / "report.json").read_text())
    model = report["model"]
    assert model["kind"] == "Kaldi nnet3 model"
    assert model["summary"] in outcome.stdout
    assert "contexts 2 and 1 frames, a row of scores for every 3 frames, chunks of 6 frames" in model["summary"]
    conversion = model["conversion"]
    assert conversion["options"] == "--frame-subsampling-factor=3 --frames-per-chunk=4"
    assert (conversion["left_context"], conversion["right_context"], conversion["frames_per_chunk"]) == (2, 1, 6)
    assert conversion["from_cache"] is False
    assert report["plan"]["mode"] == "chunks"
    # frames are those of the features, whatever the rows of scores
    assert report["totals"]["frames"] == sum(LENGTHS.values())
    assert [utterance["frames"] for utterance in report["utterances"]] == list(LENGTHS.values())


def test_verbose_lines_count_frames_of_features(spliced: tuple[str, ...]) -> None:
    outcome = run(*spliced, "-v", "--frame-subsampling-factor=3")
    lines = [line.split() for line in outcome.stdout.splitlines() if line.endswith(KEYS)]
    assert [(int(line[0]), line[-1]) for line in lines] == list(zip(LENGTHS.values(), KEYS, strict=True))
    assert "  frame subsampling factor: 3" in outcome.stdout


def test_an_ir_tells_its_origin_in_the_report(spliced: tuple[str, ...], folder: Path) -> None:
    assert run("convert", spliced[2], "-o", "model.xml", "--quiet").code == 0
    assert run("score", "-m", "model.xml", *spliced[3:], "--report=report.json", "-bs", "8").code == 0
    report = json.loads((folder / "report.json").read_text())
    assert report["model"]["kind"] == "OpenVINO IR, converted from a Kaldi nnet3 model"
    assert report["model"]["conversion"]["source"] == "final.mdl"
    assert report["plan"]["reason"] == "converted from a Kaldi model for whole utterances"
    assert report["plan"]["utterances_per_request"] == 8


def test_comparison_with_scores_of_kaldi(spliced: tuple[str, ...], folder: Path) -> None:
    expected = {key: spliced_scores(features, 3).astype(np.float32) for key, features in FEATURES.items()}
    write_table("reference.ark", expected)
    compared = (*spliced, "-r", "reference.ark", "--max-error=1e-5")
    assert run(*compared, "--frame-subsampling-factor=3").code == 0
    assert run(*compared).code == 1


def test_files_of_options_are_not_written_over(spliced: tuple[str, ...], folder: Path) -> None:
    (folder / "counts").write_text("[ 50 30 20 ]")
    outcome = run(*spliced, "--class-frame-counts=counts", "-o", "counts")
    assert outcome.code == 2
    assert "is the same file as that of --class-frame-counts" in outcome.error

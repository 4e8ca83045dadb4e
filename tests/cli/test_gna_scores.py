"""GNA in software from the command line: blobs, compiled models, exports, modes, reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from ov_asr_score.openvino_api import opset, ov
from tests.command_line import DATA, MODELS, run
from tests.tiny_model import write_table

BLOBS = Path(__file__).parents[1] / "gna" / "data"
# Inputs of Intel's blobs, and the scores that Intel's library gave for them, by model and utterance.
INTEL = np.load(next(BLOBS.rglob("intel_scores.npz")))
INPUTS = {"dnn_digits.q16": "dnn_digits", "lstm_mem.q8": "in40", "tdnn_al.q8": "in64", "lstm_mem.q8.wbp": "in40"}
INPUTS |= {"tdnn_mem.q8": "in40", "splice_mem.q16.Wm": "in40", "tdnn_al.q16.q": "in64"}
DNN = ("-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark")
DNN_REFERENCE = DATA / "dnn_digits/kaldi_loglik.ark"
LSTM = ("-m", MODELS / "lstm_mem.xml", "-i", DATA / "lstm_mem/features.ark")
EXACT = ("-d", "GNA_SW_EXACT")


def tables(name: str) -> tuple[str, str]:
    """Features and Intel's scores of a blob, as tables."""
    arrays = {kind: {f"utt{n}": INTEL[f"{kind}/{n}"] for n in (0, 1)} for kind in (INPUTS[name], name)}
    return write_table("in.ark", arrays[INPUTS[name]]), write_table("intel.ark", arrays[name])


def scores_of(path: str) -> dict[str, Any]:
    return dict(read_table(path))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", INPUTS)
def test_blobs_give_what_intels_library_gave_bit_for_bit(name: str) -> None:
    features, expected = tables(name)
    outcome = run("score", "-rg", next(BLOBS.rglob(f"{name}.gna")), *EXACT, "-i", features, "-o", "out.ark")
    assert outcome.code == 0, outcome.stderr
    found = scores_of("out.ark")
    for key, scores in scores_of(expected).items():
        np.testing.assert_array_equal(found[key], scores)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("options", [("-bs", "1"), ("-bs", "3", "--requests", "2"), ("--requests", "1")])
def test_lanes_and_requests_change_no_bit(options: tuple[str, ...]) -> None:
    features, _ = tables("lstm_mem.q8")
    blob = ("-rg", BLOBS / "lstm_mem.q8.gna", *EXACT, "-i", features)
    assert run("score", *blob, "-o", "one.ark").code == 0
    assert run("score", *blob, *options, "-r", "one.ark", "--max-error", "0").code == 0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("bits", ["8", "16"])
@pytest.mark.parametrize("model", [DNN, LSTM], ids=["dnn", "lstm"])
def test_export_and_import_give_the_same_scores(model: tuple[Any, ...], bits: str) -> None:
    assert run("score", *model, *EXACT, "-qb", bits, "-o", "whole.ark").code == 0
    assert run("score", *model, *EXACT, "-qb", bits, "-wg", "model.gna").code == 0
    outcome = run("score", "-rg", "model.gna", *EXACT, *model[2:], "-r", "whole.ark", "--max-error", "0")
    assert outcome.code == 0, outcome.stderr
    assert run("inspect", "model.gna").code == 0


@pytest.mark.usefixtures("folder")
def test_a_blob_for_eight_frames_gives_the_same_scores() -> None:
    assert run("score", *DNN, *EXACT, "-o", "whole.ark").code == 0
    assert run("score", *DNN, *EXACT, "-bs", "8", "-wg", "eight.gna").code == 0
    assert "vectors per request: 8" in run("inspect", "eight.gna").stdout
    assert run("score", "-rg", "eight.gna", *EXACT, *DNN[2:], "-r", "whole.ark", "--max-error", "0").code == 0


@pytest.mark.usefixtures("folder")
def test_quantized_scores_are_near_those_of_kaldi() -> None:
    # Intel's plugin: 0.033 and 0.046; the limits are twice what was measured.
    for bits, rms in (("16", "0.001"), ("8", "0.056")):
        outcome = run("score", *DNN, *EXACT, "-qb", bits, "-r", DNN_REFERENCE, "--max-rms-error", rms)
        assert outcome.code == 0, outcome.stdout
    assert run("score", *DNN, *EXACT, "-qb", "8", "-r", DNN_REFERENCE, "--max-rms-error", "0.001").code == 1


@pytest.mark.parametrize("model", ["models/nnet3_chain_tdnnf/final.mdl", "models/nnet3_tdnn/final.mdl"])
def test_floats_with_the_layers_of_gna_are_kaldis_scores(model: str) -> None:
    reference = DATA / "kaldi" / f"{Path(model).parent.name}.ark"
    device = "HETERO:GNA_SW_FP32,CPU" if "nnet3_tdnn" in model else "GNA_SW_FP32"
    arguments = ("-m", MODELS.parent / model, "-d", device, "-i", DATA / "kaldi/hires.ark", "-r", reference)
    assert run("score", *arguments, "--max-error", "1e-4").code == 0


def test_parts_that_gna_cannot_do_run_on_the_cpu() -> None:
    arguments = ("-m", MODELS / "nnet3_tdnn/final.mdl", "-i", DATA / "kaldi/hires.ark")
    reference = ("-r", DATA / "kaldi/nnet3_tdnn.ark", "--max-rms-error", "0.003")
    outcome = run("score", *arguments, *EXACT)
    assert outcome.code == 3
    assert "LogSoftmax" in outcome.error
    assert "HETERO:GNA_SW_EXACT,CPU" in outcome.error
    outcome = run("score", *arguments, "-d", "HETERO:GNA_SW_EXACT,CPU", *reference)
    assert outcome.code == 0, outcome.stderr
    assert "Where layers run" in outcome.stdout
    assert "1     CPU  output.log-softmax" in outcome.stdout


@pytest.mark.usefixtures("folder")
def test_what_no_wanted_output_needs_does_not_matter() -> None:
    tables = (DATA / "two_inputs/features.ark", DATA / "two_inputs/ivectors_utterance.ark")
    arguments = ("score", "-m", MODELS / "two_inputs.xml", "-i", f"features={tables[0]},ivector={tables[1]}")
    outputs = ("-o", "bottleneck=b.ark", "-o", "Add_12=a.ark")
    assert "LogSoftmax" in run(*arguments, *EXACT, "-o", "score=s.ark").error
    assert run(*arguments, *outputs).code == 0
    references = ("-r", "bottleneck=b.ark", "-r", "Add_12=a.ark", "--max-rms-error", "0.001")
    for names in (references, (*references[2:4], *references[:2], *references[4:])):
        outcome = run(*arguments, *EXACT, *names)
        assert outcome.code == 0, outcome.stderr + outcome.stdout


@pytest.mark.usefixtures("folder")
def test_modes() -> None:
    outcome = run("score", *LSTM, "-d", "GNA_AUTO", "-o", "auto.ark")
    assert outcome.code == 0
    assert "this OpenVINO has no GNA plugin, so it is computed in software" in outcome.stdout
    assert run("score", *LSTM, "-d", "GNA_HW_WITH_SW_FBACK", "-r", "auto.ark", "--max-error", "0").code == 0
    assert "GNA_HW_WITH_SW_FBACK and GNA_SW_EXACT" in run("score", *LSTM, "-d", "GNA_HW").error
    assert "did you mean GNA_SW_EXACT?" in run("score", *LSTM, "-d", "GNA_SW").error
    for device in ("AUTO:GNA_SW_EXACT,CPU", "MULTI:GNA_SW_EXACT,CPU", "HETERO:CPU,GNA_SW_EXACT"):
        assert run("score", *LSTM, "-d", device).error.endswith("expected HETERO:GNA_SW_EXACT,CPU")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (
            ("-d", "GNA_SW_EXACT", "--precision", "bf16", "--config", "NUM_STREAMS=2"),
            "without effect on GNA_SW_EXACT in software: precision bf16, property NUM_STREAMS",
        ),
        (
            ("-d", "GNA_SW_FP32", "-qb", "8", "-sf", "3"),
            "without effect on GNA_SW_FP32, which computes in floats: -qb -sf",
        ),
    ],
)
def test_settings_without_effect_are_named(arguments: tuple[str, ...], note: str) -> None:
    assert f"note: {note}\n" in run("score", *LSTM, *arguments).stdout


@pytest.mark.usefixtures("folder")
def test_a_blob_keeps_its_integers_and_says_so() -> None:
    features, _ = tables("lstm_mem.q8")
    blob = ("score", "-rg", BLOBS / "lstm_mem.q8.gna", "-i", features, *EXACT)
    plain, asked = run(*blob), run(*blob, "-qb", "16", "-sf", "3")
    assert "note: without effect on a blob, whose integers are set: -qb -sf" in asked.stdout
    assert "without effect" not in plain.stdout


@pytest.mark.usefixtures("folder")
def test_an_exported_blob_has_no_precision_of_floats() -> None:
    outcome = run("score", "-m", MODELS / "dnn_digits.xml", *EXACT, "-wg", "x.gna")
    assert "has no scale factor: 1 is used; give features or a scale factor" in outcome.stdout
    shown = run("inspect", "x.gna").stdout
    assert "16 bit in 4 operations" in shown
    assert "f32" not in shown


@pytest.mark.usefixtures("folder")
def test_what_blobs_cannot_be_asked_for() -> None:
    features, _ = tables("lstm_mem.q8")
    blob = ("score", "-rg", BLOBS / "lstm_mem.q8.gna", "-i", features)
    assert "give -d GNA_SW_EXACT" in run(*blob).error
    assert "a blob holds integers only" in run(*blob, "-d", "GNA_SW_FP32").error
    assert "computes in floats" in run("score", *LSTM, "-d", "GNA_SW_FP32", "-wg", "x.gna").error
    assert "is for two devices" in run("score", *LSTM, "-d", "HETERO:GNA_SW_EXACT,CPU", "-wg", "x.gna").error
    assert "at most 8 frames" in run("score", *DNN, *EXACT, "-bs", "9", "-wg", "x.gna").error
    assert not Path("x.gna").exists()
    assert "--gna-report" in run(*blob, *EXACT, "--gna-report").error


@pytest.mark.usefixtures("folder")
def test_a_damaged_blob_is_one_line() -> None:
    content = (BLOBS / "lstm_mem.q8.gna").read_bytes()
    features, _ = tables("lstm_mem.q8")
    Path("cut.gna").write_bytes(content[:5000])
    outcome = run("score", "-rg", "cut.gna", *EXACT, "-i", features, "-o", "out.ark")
    assert outcome.code == 3
    assert outcome.error.startswith("cut.gna: ")
    assert " at byte " in outcome.error
    assert not Path("out.ark").exists()


@pytest.mark.usefixtures("folder")
def test_a_blob_that_was_exchanged_is_noticed() -> None:
    assert run("score", *LSTM, *EXACT, "-wg", "a.gna").code == 0
    shutil.copy(BLOBS / "lstm_mem.q8.gna", "a.gna")
    assert "does not match the digest" in run("score", "-rg", "a.gna", *EXACT, *LSTM[2:]).error


def test_times_of_layers_have_their_names() -> None:
    outcome = run("score", *LSTM, *EXACT, "-pc")
    assert outcome.code == 0
    assert "score (Affine, int16_int16)" in outcome.stdout
    blob = run("score", "-rg", BLOBS / "lstm_mem.q8.gna", *EXACT, *LSTM[2:], "-pc")
    assert "operation 2 (" in blob.stdout


# Scale factors


@pytest.mark.usefixtures("folder")
def test_scale_factors_come_from_as_many_utterances_as_asked() -> None:
    quiet = np.full((4, 440), 0.5, np.float32)
    features = write_table("loud.ark", {"a": quiet, "b": 8 * quiet})
    model = ("-m", MODELS / "dnn_digits.xml", "-i", features, *EXACT)

    def factor(*options: str) -> str:
        assert run("score", *model, *options, "-wg", "model.gna").code == 0
        line = next(line for line in run("inspect", "model.gna").stdout.splitlines() if "element-bytes=2" in line)
        return line.partition("scale-factor=")[2].partition(",")[0]

    assert factor() == factor("--scale-factor-utterances", "1") == "32768"
    assert factor("--scale-factor-utterances", "all") == factor("--scale-factor-utterances", "2") == "4096"
    assert factor("-sf", "100") == factor("-sf", "input=100") == factor("-sf", "input:100") == "100"
    assert "input 'input': 3,520 values were beyond" in run("score", *model, "-sf", "70000").stdout
    assert "were beyond" not in run("score", *model, "--scale-factor-utterances", "all").stdout
    assert "nosuch" in run("score", *model, "-sf", "nosuch=3").error
    outcome = run("score", *model[:2], "-i", "ark:-", *EXACT, "--scale-factor-utterances", "all", stdin=b"")
    assert "can be read only once" in outcome.error


# Where accuracy goes


@pytest.mark.usefixtures("folder")
def test_the_report_tells_what_every_layer_lost() -> None:
    outcome = run("score", *LSTM, *EXACT, "-qb", "8", "--gna-report", "--report", "report.json")
    assert outcome.code == 0
    assert "SNR dB" in outcome.stdout
    found = json.loads(Path("report.json").read_text())["gna"]
    assert found["layers"][0]["kind"] == "input"
    assert found["layers"][-1]["name"] == "score"
    assert all(layer["count"] for layer in found["layers"])
    assert min(layer["signal_to_noise"] for layer in found["layers"]) > 30.0
    assert found["first_below"] == ""


@pytest.mark.usefixtures("folder")
def test_the_report_names_the_layer_where_it_went_wrong_and_what_to_do() -> None:
    outcome = run("score", *LSTM, *EXACT, "-sf", "30000", "--gna-report")
    assert outcome.code == 0
    assert "first layer below 30 dB: input" in outcome.stdout
    assert "are clipped; a smaller scale factor" in outcome.stdout
    outcome = run("score", *LSTM, *EXACT, "-pwl_me", "20", "--gna-report")
    assert "off by up to 20 %: a smaller limit" in outcome.stdout.replace("\n", " ")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("loudness", [0.0, 0.01])
@pytest.mark.parametrize(
    ("model", "features", "device"),
    [
        ("tdnn_al.xml", "tdnn_al/features.ark", "GNA_SW_EXACT"),
        ("nnet3_tdnn/final.mdl", "kaldi/hires.ark", "HETERO:GNA_SW_EXACT,CPU"),
    ],
)
def test_a_quiet_first_utterance_spoils_no_other(model: str, features: str, device: str, loudness: float) -> None:
    table = scores_of(str(DATA / features))
    first = next(iter(table.values()))
    write_table("quiet.ark", {"first": first * np.float32(loudness)} | table)
    arguments = ("score", "-m", MODELS / model, "-i", "quiet.ark")
    assert run(*arguments, "-o", "float.ark", "--quiet").code == 0
    compared = (*arguments, "-d", device, "-r", "float.ark", "--max-error", "0.05", "--scale-factor-utterances", "all")
    outcome = run(*compared)
    assert outcome.code == 0, outcome.stdout
    assert "steps" not in outcome.stdout


@pytest.mark.usefixtures("folder")
def test_a_first_utterance_that_tells_nothing_is_noted() -> None:
    table = scores_of(str(DATA / "lstm_mem/features.ark"))
    write_table("quiet.ark", {"first": table["utt00"] * np.float32(0)} | table)
    quiet = ("score", "-m", MODELS / "lstm_mem.xml", "-i", "quiet.ark")
    note = "note: input 'input' reaches 0 of 32767 steps (scale factor 1) in the first utterance"
    assert note in run(*quiet, *EXACT).stdout
    assert "(scale factor 2048)" in run(*quiet, *EXACT, "-sf", "2048").stdout
    for options in ((*EXACT, "--scale-factor-utterances", "2"), ("-d", "GNA_SW_FP32")):
        assert "steps" not in run(*quiet, *options).stdout
    assert "steps" not in run("score", *LSTM, *EXACT, "-sf", "2048").stdout


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("device", ["HETERO:GNA_SW_EXACT,CPU", "HETERO:GNA_SW_FP32,CPU", "GNA_SW_EXACT"])
def test_rows_that_know_each_other_are_refused(device: str) -> None:
    feats = opset.parameter([-1, 4], np.float32, name="feats")
    mean = opset.reduce_mean(feats, opset.constant(np.array([0], np.int64)), keep_dims=True)
    scores = opset.matmul(opset.subtract(feats, mean), opset.constant(np.eye(4, dtype=np.float32)), False, False)
    ov.save_model(ov.Model([scores], [feats], "centred"), "m.xml", compress_to_fp16=False)
    write_table("in.ark", {"utt": np.arange(12, dtype=np.float32).reshape(3, 4)})
    outcome = run("score", "-m", "m.xml", "-i", "in.ark", "-d", device)
    assert outcome.code == 3
    assert "its frames depend on each other" in outcome.error


@pytest.mark.usefixtures("folder")
def test_a_part_that_reads_the_inputs_is_as_exact_as_a_whole_model() -> None:
    errors = {}
    for device in ("GNA_SW_EXACT", "HETERO:GNA_SW_EXACT,CPU"):
        assert run("score", *DNN, "-d", device, "-r", DNN_REFERENCE, "--report", "r.json", "--quiet").code == 0
        (difference,) = json.loads(Path("r.json").read_text())["comparison"].values()
        errors[device] = difference["rms"]
    assert errors["HETERO:GNA_SW_EXACT,CPU"] == pytest.approx(errors["GNA_SW_EXACT"])


@pytest.mark.usefixtures("folder")
def test_parts_take_one_frame_at_a_time() -> None:
    feats = opset.parameter([8, 4], np.float32, name="feats")
    ov.save_model(ov.Model([opset.softmax(feats, 1)], [feats], "eight"), "m.xml", compress_to_fp16=False)
    write_table("in.ark", {"utt": np.ones((3, 4), np.float32)})
    assert run("score", "-m", "m.xml", "-i", "in.ark").code == 0
    outcome = run("score", "-m", "m.xml", "-i", "in.ark", "-d", "HETERO:GNA_SW_EXACT,CPU")
    assert outcome.code == 3
    assert outcome.error.startswith("m.xml: input 'feats' [8,4]: HETERO:GNA_SW_EXACT,CPU takes one frame at a time")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("device", ["GNA_SW_EXACT", "GNA_SW_FP32", "HETERO:GNA_SW_EXACT,CPU"])
def test_models_of_chunks_are_refused_in_one_line(device: str) -> None:
    model = MODELS / "nnet3_tdnn" / "final.mdl"
    assert run("convert", model, "--frames-per-chunk", "50", "-o", "chunks.xml").code == 0
    outcome = run("score", "-m", "chunks.xml", "-d", device, "-i", DATA / "kaldi/hires.ark", "-o", "out.ark")
    assert outcome.code == 3
    assert outcome.error.startswith("chunks.xml: one frame gives no values of output 'output'")
    assert not Path("out.ark").exists()

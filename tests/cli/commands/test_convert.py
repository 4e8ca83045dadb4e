from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score import __version__
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.source_file import file_digest
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.ov_model.ir_file import read_openvino_model
from tests.command_line import DATA, MODELS, ROOT, names_in, run
from tests.kaldi_texts import (
    PRIORS,
    WIDTH,
    acoustic_nnet2,
    acoustic_nnet3,
    ivector_nnet3,
    nnet1,
    nnet1_activations,
    nnet2_scores,
    spliced_nnet3,
    spliced_scores,
    write_model,
)
from tests.tiny_model import write_table

FEATURES = {"utt1": np.random.default_rng(1).standard_normal((7, WIDTH)).astype(np.float32)}


@pytest.fixture
def mdl(folder: Path) -> str:
    return write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))


def scores_of(model: str, *options: str, key: str = "utt1") -> NDArray[Any]:
    write_table("feats.ark", FEATURES)
    outcome = run("score", "-m", model, "-i", "feats.ark", "-o", "scores.ark", "--quiet", *options)
    assert outcome.code == 0, outcome.stderr
    return dict(read_table("scores.ark"))[key]


def test_an_ir_that_scores_as_the_kaldi_model(mdl: str, folder: Path) -> None:
    outcome = run("convert", mdl, "-o", "model.xml")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert names_in(folder) == ["final.mdl", "model.bin", "model.xml"]
    found = scores_of("model.xml")
    np.testing.assert_allclose(found, spliced_scores(FEATURES["utt1"]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(found, scores_of(mdl, "--no-cache"), rtol=0, atol=1e-6)


def test_the_summary_says_what_was_made(mdl: str) -> None:
    lines = run("convert", mdl, "--output", "model.xml", "--frames-per-chunk=20").stdout.splitlines()
    told = {line.strip() for line in lines}
    assert {
        "source: final.mdl",
        f"sha256: {file_digest(Path(mdl))}",
        "kind: nnet3",
        "left context: 2",
        "right context: 1",
        "frames per chunk: 20",
        "options: --frames-per-chunk=20",
        "path: model.xml",
        f"input: [?,?,{WIDTH}]",
        "output: [?,?,3]",
    } <= told
    assert any(line.startswith("parameters: ") for line in told)
    assert any(line.startswith("seconds: 0.") for line in told)


def test_quiet_says_nothing(mdl: str) -> None:
    outcome = run("convert", mdl, "-o", "model.xml", "--quiet")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_facts_go_with_the_ir(mdl: str, folder: Path) -> None:
    (folder / "frame_subsampling_factor").write_text("3\n")
    run("convert", mdl, "-o", "model.xml", "--use-priors=true", "--extra_left_context=4")
    facts = read_facts(read_openvino_model("model.xml"))
    assert facts is not None
    assert (facts.source, facts.source_sha256) == ("final.mdl", file_digest(Path(mdl)))
    assert (facts.time, facts.generation, facts.left_context, facts.right_context) == ("utterance", 3, 2, 1)
    assert (facts.frame_subsampling_factor, facts.extra_left_context, facts.delay) == (3, 4, 0)
    assert facts.options == "--extra-left-context=4 --use-priors=true"
    assert facts.version == __version__


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("nnet3", ("--use-priors=true",), lambda x: spliced_scores(x) - np.log(PRIORS)),
        ("nnet3", ("--use-priors", "--prior-scale=0.5"), lambda x: spliced_scores(x) - 0.5 * np.log(PRIORS)),
        ("nnet3", ("--apply-exp=true", "--acoustic-scale=0.1"), lambda x: np.exp(0.1 * spliced_scores(x))),
        ("nnet3", ("--frame-subsampling-factor=3",), lambda x: spliced_scores(x, 3)),
        ("nnet3", ("--output-name=output-half",), lambda x: 0.5 * spliced_scores(x)),
        ("nnet3", ("--frames-per-chunk", "2"), spliced_scores),
        ("nnet2", (), nnet2_scores),
        ("nnet2", ("--apply-log=true",), lambda x: np.log(nnet2_scores(x))),
        ("nnet2", ("--pad-input=false",), lambda x: nnet2_scores(x)[1:-1]),
        ("nnet2", ("--chunk-size=3",), nnet2_scores),
        ("nnet1", ("--no-softmax=true",), nnet1_activations),
    ],
)
def test_options_become_part_of_the_model(text: str, options: tuple[str, ...], expected: object, folder: Path) -> None:
    texts = {"nnet3": acoustic_nnet3(spliced_nnet3()), "nnet2": acoustic_nnet2(), "nnet1": nnet1()}
    model = write_model(folder / "final.kaldi", texts[text])
    assert run("convert", model, "-o", "model.xml", *options).code == 0
    wanted = expected(FEATURES["utt1"])  # type: ignore[operator]
    np.testing.assert_allclose(scores_of("model.xml"), wanted, rtol=0, atol=1e-5)
    np.testing.assert_allclose(scores_of(model, *options), wanted, rtol=0, atol=1e-5)


def test_frames_in_order_give_the_same_scores(mdl: str) -> None:
    assert run("convert", mdl, "-o", "model.xml", "--time=frame", "--frames-per-request=4").code == 0
    facts = read_facts(read_openvino_model("model.xml"))
    assert facts is not None
    assert (facts.time, facts.frames_per_request) == ("frame", 4)
    assert facts.delay >= 1
    assert facts.options == "--time=frame --frames-per-request=4"
    np.testing.assert_allclose(scores_of("model.xml"), spliced_scores(FEATURES["utt1"]), rtol=0, atol=1e-5)


def test_weights_as_f16_are_half_the_size(mdl: str, folder: Path) -> None:
    run("convert", mdl, "-o", "model.xml")
    outcome = run("convert", mdl, "-o", "small.xml", "--compress-to-fp16")
    assert ", f16)" in outcome.stdout
    assert (folder / "small.bin").stat().st_size < (folder / "model.bin").stat().st_size
    difference = np.abs(scores_of("small.xml") - spliced_scores(FEATURES["utt1"])).max()
    assert 1e-6 < difference < 1e-2


def test_an_earlier_ir_is_replaced_whole_or_not_at_all(mdl: str, folder: Path) -> None:
    run("convert", mdl, "-o", "model.xml")
    before = (folder / "model.xml").read_bytes(), (folder / "model.bin").read_bytes()
    assert run("convert", mdl, "-o", "model.xml", "--output-name", "nowhere").code == 3
    assert ((folder / "model.xml").read_bytes(), (folder / "model.bin").read_bytes()) == before
    assert run("convert", mdl, "-o", "model.xml", "--acoustic-scale=2", "--quiet").code == 0
    np.testing.assert_allclose(scores_of("model.xml"), 2 * spliced_scores(FEATURES["utt1"]), rtol=0, atol=1e-5)
    assert not [name for name in names_in(folder) if name.startswith(".")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("-o", "model.onnx"),
            2,
            "-o/--output model.onnx: expected a name that ends in .xml; the weights go beside it as .bin",
        ),
        (("-o", "nowhere/model.xml"), 3, "nowhere/model.xml: no such folder nowhere"),
        (("-o", "model.xml", "--feature-transform=final.mdl"), 2, "--feature-transform=final.mdl: is for nnet1 models"),
        (("-o", "model.xml", "--frames-per-chunk=-1"), 2, "--frames-per-chunk=-1: expected 0 or more frames"),
        (("-o", "model.xml", "--class-frame-counts=counts"), 3, "counts: no such file"),
        (("-o", "model.xml", "--output-name=outptu"), 3, "no node 'outptu' to take scores from; outputs are output"),
        (("-o", "model.xml", "--output-name=outptu"), 3, "lists all nodes; did you mean 'output'?"),
        (("-o", "model.xml", "--output-name=input"), 3, "; 'input' is an input, its values are those of its table"),
        (("-o", "model.xml", "--use-priors=maybe"), 2, "--use-priors"),
        (("-o", "model.xml", "--online-ivectors=ark:x"), 2, "--online-ivectors"),
        (("-o", "model.xml", "--time=never"), 2, "--time"),
        ((), 2, "--output"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: tuple[str, ...], code: int, message: str, mdl: str, folder: Path
) -> None:
    outcome = run("convert", mdl, *arguments)
    assert outcome.code == code, outcome.stderr
    assert message in outcome.stderr
    assert names_in(folder) == ["final.mdl"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODELS / "dnn_digits.xml", "is OpenVINO IR already; expected a Kaldi model"),
        (DATA / "dnn_digits/features.ark", "is a Kaldi archive; expected a Kaldi model"),
        ("nowhere.mdl", "nowhere.mdl: no such file"),
        (ROOT / "pyproject.toml", "is a text file that begins with '[build-system]'; expected a Kaldi, OpenVINO IR or"),
    ],
)
def test_other_files_are_refused(model: str | Path, message: str, folder: Path) -> None:
    outcome = run("convert", model, "-o", "model.xml")
    assert outcome.code == 3
    assert message in outcome.error
    assert names_in(folder) == []


def test_nothing_is_written_over_what_is_read(folder: Path) -> None:
    model = write_model(folder / "model.bin", spliced_nnet3())
    counts = write_model(folder / "counts.xml", "[ 1 2 3 ]")
    outcome = run("convert", model, "-o", "model.xml")
    assert outcome.code == 2
    assert "-o/--output model.bin: is the same file as that of MODEL" in outcome.error
    assert run("convert", model, "-o", "counts.xml", "--class-frame-counts", counts).code == 2
    assert names_in(folder) == ["counts.xml", "model.bin"]


def test_models_with_ivectors_have_a_second_input(folder: Path) -> None:
    model = write_model(folder / "final.raw", ivector_nnet3())
    outcome = run("convert", model, "-o", "model.xml")
    assert "  ivector: [?,2]" in outcome.stdout
    facts = read_facts(read_openvino_model("model.xml"))
    assert facts is not None
    assert facts.ivector_inputs == "ivector"


def test_help_loads_no_runtime() -> None:
    program = (
        "import sys; from ov_asr_score.cli.app import main\n"
        "try: main(['convert', '--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded:', sorted({'numpy', 'openvino', 'kaldiio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "loaded: []" in done.stdout

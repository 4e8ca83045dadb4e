"""The objective of a model on examples: options, kinds, errors, limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ov_asr_score.errors import (
    ModelFormatError,
    OvAsrScoreError,
    ShapeMismatchError,
    TableFormatError,
    UnknownNameError,
    UnsupportedModelError,
    UsageError,
)
from ov_asr_score.job.egs_prob import run_egs_prob
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.settings.egs_prob import ChainSettings, EgsProbJob
from tests.egs.chain.examples import DATA as CHAIN_DATA
from tests.egs.example_texts import GOLDEN, nnet2_examples, nnet3_examples
from tests.egs.make_archives import DATA, MODELS
from tests.egs.make_kaldi_figures import golden_model, nnet2_model
from tests.egs.test_archives import CHAIN_MODEL

IVECTORS = str(MODELS["ivectors"])
FEATURES = "<NnetIo> input <I1V> 3 <I1> 0 -1 0 <I1> 0 0 0 <I1> 0 1 0  [\n 1 2\n 3 4\n 5 6 ]\n</NnetIo> "
LABELS = "<NnetIo> output <I1V> 1 <I1> 0 0 0 rows=1 dim=2 [ 1 1 ] </NnetIo> "
TINY = """input-node name=input dim=2
component-node name=affine component=affine input=Append(Offset(input, -1), Offset(input, 1))
output-node name=output input=affine objective=linear

<NumComponents> 1 <ComponentName> affine <AffineComponent> <LearningRate> 0.001 <LinearParams>  [
  1 0 0 1
  0 1 -1 {value} ]
<BiasParams>  [ 0.5 -0.5 ]
</AffineComponent> </Nnet3>
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    model = tmp_path / "tiny.raw"
    model.write_text("<Nnet3> \n" + TINY.format(value=0))
    return model


def job(model: str | Path, *tables: Path, **more: object) -> EgsProbJob:
    return EgsProbJob(str(model), [f"ark:{table}" for table in tables], **more)  # type: ignore[arg-type]


def egs_of(folder: Path, *parts: str, name: str = "a.egs") -> Path:
    path = folder / name
    path.write_text(f"a <Nnet3Eg> <NumIo> {len(parts)} {''.join(parts)}</Nnet3Eg> \n")
    return path


def test_by_hand(tiny: Path, tmp_path: Path) -> None:
    """Scores of frame 0 are 1*1 + 1*6 + 0.5 and 1*2 - 1*5 - 0.5."""
    found = run_egs_prob(job(tiny, egs_of(tmp_path, FEATURES, LABELS)))
    (output,) = found.outputs
    assert (output.per_frame, output.frames, output.accuracy) == (-3.5, 1, 0)
    assert (output.figure, found.kind, found.examples, found.sequences, found.graphs) == (
        *("log-likelihood", "nnet3"),
        *(1, 1, 1),
    )
    assert (found.verdict, found.failures, found.notes) == ("ok", [], [])


def test_report_file(tiny: Path, tmp_path: Path) -> None:
    run_egs_prob(job(tiny, egs_of(tmp_path, FEATURES, LABELS), report=str(tmp_path / "report.json")))
    assert json.loads((tmp_path / "report.json").read_text())["outputs"][0]["per_frame"] == -3.5
    with pytest.raises(UsageError, match=r"report .*tiny.raw: is the same file as that of model"):
        run_egs_prob(job(tiny, egs_of(tmp_path, FEATURES, LABELS), report=str(tiny)))


@pytest.mark.parametrize(
    ("limits", "failures"),
    [
        ({"min_log_prob": -3.5, "min_accuracy": 0.0}, []),
        ({"min_log_prob": -3.4}, ["output: -3.5 per frame, expected -3.4 or more"]),
        ({"min_accuracy": 0.1}, ["output: an accuracy of 0, expected 0.1 or more"]),
    ],
)
def test_limits(limits: dict[str, object], failures: list[str], tiny: Path, tmp_path: Path) -> None:
    found = run_egs_prob(job(tiny, egs_of(tmp_path, FEATURES, LABELS), **limits))
    assert found.failures == failures
    assert found.verdict == ("failed" if failures else "ok")


def test_without_weight_or_examples(tiny: Path, tmp_path: Path) -> None:
    """Kaldi's programs end with an error, too."""
    none = egs_of(tmp_path, FEATURES, LABELS.replace("[ 1 1 ]", "[ ]"))
    assert run_egs_prob(job(tiny, none)).failures == ["the examples have no labels with a weight above 0"]
    none.write_text("")
    found = run_egs_prob(job(tiny, none))
    assert (found.failures, found.outputs, found.examples) == (["no examples"], [], 0)


@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        ([FEATURES], UnknownNameError, "expected an output of .*tiny.raw .output., found none"),
        ([LABELS], UnknownNameError, "expected an input of .*tiny.raw .input., found none"),
        ([FEATURES, LABELS.replace("output", "outputs")], UnknownNameError, "has 'outputs', .*did you mean 'output'"),
        ([FEATURES, LABELS.replace("dim=2", "dim=7")], ShapeMismatchError, "labels for 7 classes, output 'output' of"),
        ([FEATURES.replace("\n", " 0\n", 3), LABELS], ShapeMismatchError, "'input' has 3 columns, .*tiny.raw takes 2"),
        (
            [FEATURES, LABELS.replace("<I1> 0 0", "<I1> 0 4")],
            UnsupportedModelError,
            "tiny.raw: output 'output' cannot be computed at frame 4 from input -1..1; does the example belong",
        ),
        (
            [FEATURES, LABELS.replace("<I1> 0 0", "<I1> 0 2000000000")],
            UnsupportedModelError,
            "expected frames near each other, found t from -1 to 2000000000",
        ),
        ([FEATURES.replace("0 1 0", "0 1 1"), LABELS], UnsupportedModelError, "an index x that is not 0"),
        ([FEATURES.replace("0 1 0", "0 0 0"), LABELS], TableFormatError, "two rows for frame 0 of sequence 0"),
    ],
)
def test_what_does_not_fit(
    parts: list[str], kind: type[OvAsrScoreError], message: str, tiny: Path, tmp_path: Path
) -> None:
    if "3 columns" in message:
        parts = [FEATURES.replace("1 2", "1 2 0").replace("3 4", "3 4 0").replace("5 6", "5 6 0"), LABELS]
    egs = egs_of(tmp_path, *parts)
    with pytest.raises(kind, match=message) as caught:
        run_egs_prob(job(tiny, egs))
    assert str(caught.value).startswith(f"{egs}: example 'a' at byte 2: ")


def test_other_kinds(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"an example of nnet2; .*tiny.raw is a network of nnet3"):
        run_egs_prob(job(tiny, DATA / "nnet2.egs"))
    with pytest.raises(UnsupportedModelError, match=r"an example of nnet3; .* is a network of nnet2"):
        run_egs_prob(job(MODELS["nnet2"], DATA / "ivectors.egs"))
    with pytest.raises(TableFormatError, match="expected an example of nnet3 as before it, found one of nnet2"):
        run_egs_prob(job(tiny, egs_of(tmp_path, FEATURES, LABELS), DATA / "nnet2.egs"))
    nnet1 = next(path for path in sorted((GOLDEN / "nnet1").glob("*/*")) if path.suffix == ".nnet")
    with pytest.raises(UnsupportedModelError, match="a network of nnet1, which has no examples"):
        run_egs_prob(job(nnet1, DATA / "nnet2.egs"))


def test_an_input_that_the_example_lacks(tmp_path: Path) -> None:
    rows = "".join(f"<I1> 0 {t} 0 " for t in range(-9, 10))
    features = f"<NnetIo> input <I1V> 19 {rows} [\n" + "1 2 3 4\n" * 18 + "1 2 3 4 ]\n</NnetIo> "
    with pytest.raises(UnsupportedModelError, match=r"cannot be computed at frame 0 from input -9\.\.9, no ivector"):
        run_egs_prob(job(IVECTORS, egs_of(tmp_path, features, LABELS)))


def test_chain_examples_need_a_denominator(tmp_path: Path) -> None:
    model = tmp_path / "identity.raw"
    model.write_text(CHAIN_MODEL)
    with pytest.raises(UsageError, match=r"an example of chain training, .* give den_fst") as caught:
        run_egs_prob(job(model, CHAIN_DATA / "real.cegs"))
    assert caught.value.fields == ("den_fst",)
    without_xent = CHAIN_MODEL.replace("output-node name=output-xent input=log_softmax\n", "")
    model.write_text(without_xent)
    settings = ChainSettings(str(CHAIN_DATA / "den.fst"))
    assert len(run_egs_prob(job(model, CHAIN_DATA / "real.cegs", chain=settings)).outputs) == 1
    settings = ChainSettings(str(CHAIN_DATA / "den.fst"), xent_regularize=0.1)
    with pytest.raises(UnknownNameError, match=r"has 'output-xent', .* has output; did you mean 'output'"):
        run_egs_prob(job(model, CHAIN_DATA / "real.cegs", chain=settings))


def test_chain_accuracy_limit(tmp_path: Path) -> None:
    model = tmp_path / "identity.raw"
    model.write_text(CHAIN_MODEL)
    settings = ChainSettings(str(CHAIN_DATA / "den.fst"))
    found = run_egs_prob(job(model, CHAIN_DATA / "real.cegs", chain=settings, min_accuracy=0.5))
    assert found.failures == ["output: no accuracy, expected 0.5 or more"]


def test_weights_that_are_not_finite(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text("<Nnet3> \n" + TINY.format(value="nan"))
    egs = egs_of(tmp_path, FEATURES, LABELS)
    with pytest.raises(ModelFormatError, match="expected finite weights"):
        run_egs_prob(job(tiny, egs))
    found = run_egs_prob(job(tiny, egs, allow_nonfinite=True, min_log_prob=-100.0))
    assert found.failures == ["output: nan per frame, expected -100 or more"]
    assert "weights are not finite" in found.notes[0]


def test_features_that_are_not_finite(tiny: Path, tmp_path: Path) -> None:
    """OpenVINO's ReLU makes 0 of NaN, so that figures may be finite all the same."""
    egs = egs_of(tmp_path, FEATURES.replace("5 6", "nan 6"), LABELS)
    assert run_egs_prob(job(tiny, egs)).notes == [
        f"features that are not finite in 1 example, first in {egs}: example 'a' at byte 2; figures may be finite "
        "where Kaldi's are nan"
    ]


def test_random_layers_of_nnet2_are_told_of(tmp_path: Path) -> None:
    model, egs = tmp_path / "dropout.txt", tmp_path / "egs"
    model.write_text(nnet2_model("dropout"))
    egs.write_text(nnet2_examples(load_network(model), "dropout"))
    assert run_egs_prob(job(model, egs)).notes == [
        "nnet-compute-prob leaves AdditiveNoiseComponent and DropoutComponent random, so that its log differs from this"
    ]


def test_scores_that_are_no_probabilities(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="has values below 0; expected probabilities"):
        run_egs_prob(job(GOLDEN / "nnet2/affine/model.raw", nnet2_of("affine", tmp_path)))


def nnet2_of(name: str, folder: Path) -> Path:
    path = folder / "nnet2.egs"
    path.write_text(nnet2_examples(load_network(GOLDEN / "nnet2" / name / "model.raw"), name))
    return path


def test_many_structures_and_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures do not depend on how many examples go together, nor on how many graphs are kept."""
    model = golden_model("nnet3", "statistics")
    egs = tmp_path / "egs"
    egs.write_text(nnet3_examples(load_network(model), "many", 12))
    together = run_egs_prob(job(model, egs))
    monkeypatch.setattr("ov_asr_score.job.egs_prob._BATCH_BYTES", 1)
    monkeypatch.setattr("ov_asr_score.scoring.examples.example_scorer._MOST_KEPT", 2)
    monkeypatch.setattr("ov_asr_score.scoring.examples.example_scorer._FRAMES_PER_REQUEST", 1)
    alone = run_egs_prob(job(model, egs))
    assert together.sequences == alone.sequences > 12
    assert together.graphs > 2
    for one, other in zip(together.outputs, alone.outputs, strict=True):
        assert one.per_frame == pytest.approx(other.per_frame, rel=1e-6)
        assert (one.frames, one.accuracy) == (other.frames, other.accuracy)

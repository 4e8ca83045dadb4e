"""Inner nodes of Kaldi models, asked for by name: those of the setting ``output_name``, beside other outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score import library
from ov_asr_score.errors import OvAsrScoreError, UnknownNameError, UsageError
from ov_asr_score.job import run_job
from ov_asr_score.job.resume.run_identity import run_identity
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import InputNode
from ov_asr_score.scoring.kaldi_nodes import with_asked_nodes
from ov_asr_score.scoring.scorer_options import scorer_options
from ov_asr_score.scoring.session import open_model_with_tables
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob
from tests.command_line import MODELS, ROOT, names_in, run
from tests.job.suites import checked, only_result, write_suite
from tests.kaldi_texts import (
    WIDTH,
    activation3,
    affine3,
    nnet1,
    nnet1_activations,
    nnet3,
    recurrent_nnet3,
    write_model,
)
from tests.tiny_model import write_table

GOLDEN = ROOT / "tests" / "golden"
FEATURES = {"u1": np.array([[1, 1], [2, -1]], np.float32)}
AFFINE = [[3, 7, 11], [0, 2, 4]]  # after the rectifier it is the same
SCORES = [[13, 38], [10, 26]]


@pytest.fixture
def dotted(folder: Path) -> str:
    """A network with Kaldi's usual names; the component of its last node has a name of its own."""
    text = nnet3(
        [
            "input-node name=input dim=2",
            "component-node name=h.affine component=h.affine input=input",
            "component-node name=h.relu component=h.relu input=h.affine",
            "dim-range-node name=h.half input-node=h.relu dim-offset=1 dim=2",
            "component-node name=o.affine component=prefinal input=h.relu",
            "output-node name=output input=o.affine objective=linear",
        ],
        {
            "h.affine": affine3(np.array([[1, 2], [3, 4], [5, 6]]), np.zeros(3)),
            "h.relu": activation3("RectifiedLinearComponent", 3),
            "prefinal": affine3(np.array([[1, 0, 0], [0, 1, 1]]), np.array([10, 20])),
        },
    )
    write_table("feats.ark", FEATURES)
    return write_model(folder / "tiny.raw", text)


def table(path: str) -> Any:
    return dict(read_table(path))["u1"]


@pytest.mark.parametrize("time", ["auto", "utterance", "frame"])
def test_nodes_beside_the_final_output(dotted: str, time: str) -> None:
    asked = "h.relu=r.ark,h.half=ark:half.ark", "-o", "output=s.ark", "-o", "o.affine=a.ark"
    outcome = run("score", "-m", dotted, "-i", "feats.ark", "-o", *asked, "--time", time, "--quiet")
    assert outcome.code == 0, outcome.stderr
    np.testing.assert_array_equal(table("r.ark"), AFFINE)
    np.testing.assert_array_equal(table("half.ark"), np.array(AFFINE)[:, 1:])
    np.testing.assert_array_equal(table("s.ark"), SCORES)
    np.testing.assert_array_equal(table("a.ark"), SCORES)  # the same values under both names


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "h.relu=r.ark"),
        ("-o", "h.relu:0=r.ark"),
        ("-o", "r.ark", "-oname", "h.relu"),
        ("-o", "r.ark", "--output-name", "h.relu"),
        ("-o", "h.relu=r.ark,output=s.ark", "--output-name", "h.relu,output"),
        ("-o", "h.relu=r.ark", "--output-name", "output"),
        ("-o", "r.ark", "-r", "h.relu=known.ark"),
    ],
)
def test_every_way_to_ask_for_a_node(dotted: str, arguments: tuple[str, ...]) -> None:
    write_table("known.ark", {"u1": np.array(AFFINE, np.float32)})
    outcome = run("score", "-m", dotted, "-i", "feats.ark", *arguments, "--quiet")
    assert outcome.code == 0, outcome.stderr
    np.testing.assert_array_equal(table("r.ark"), AFFINE)


def test_a_node_is_compared_with_its_references(dotted: str) -> None:
    write_table("known.ark", {"u1": np.array(AFFINE, np.float32) + 0.25})
    report = run_job(ScoreJob(model=dotted, inputs="feats.ark", references="h.relu=known.ark"))
    assert report.comparison["h.relu"].max_abs == 0.25


def test_nodes_from_python(dotted: str) -> None:
    for outputs in (("h.relu", "output"), ["output", "h.relu"]):
        (scored,) = library.score(dotted, arrays=FEATURES, outputs=outputs)
        np.testing.assert_array_equal(scored.scores["h.relu"], AFFINE)
        np.testing.assert_array_equal(scored.scores["output"], SCORES)
    (scored,) = library.score(dotted, "feats.ark", outputs=("h.relu",))
    assert list(scored.scores) == ["h.relu"]
    with pytest.raises(UnknownNameError, match=r"no node 'h\.rleu'; did you mean 'h\.relu'"):
        next(library.score(dotted, arrays=FEATURES, outputs=("h.rleu",)))


@pytest.mark.parametrize("references", ['["h.relu=known.ark"]', '{ "h.relu" = "known.ark" }', '"h.relu=ark:known.ark"'])
def test_nodes_in_suites(dotted: str, folder: Path, references: str) -> None:
    def suite(limits: str) -> Path:
        lines = f'[[case]]\nname = "a"\nmodel = "{dotted}"\ninputs = "feats.ark"\nreferences = {references}\n'
        return write_suite(folder, f"{lines}limits = {{ {limits} }}\n", model="")

    write_table("known.ark", {"u1": np.array(AFFINE, np.float32) + 0.5})
    result = only_result(suite("max_error = 0.5"))
    assert (result.status, result.max_error) == ("passed", 0.5)
    result = only_result(suite("max_error = 0.4"), update=True)
    assert (result.status, result.max_error) == ("passed", 0)
    np.testing.assert_array_equal(table("known.ark"), AFFINE)


@pytest.mark.parametrize("key", ["inputs", "references"])
def test_a_suite_asks_for_layers_that_are_there(dotted: str, folder: Path, key: str) -> None:
    write_table("known.ark", {"u1": np.array(SCORES, np.float32)})
    lines = {"inputs": '"feats.ark"', "references": '"known.ark"'}
    lines[key] = '"h.rleu=known.ark"'
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    text = f'[[case]]\nname = "a"\nmodel = "{dotted}"\n{text}limits = {{ max_error = 0 }}\n'
    (result,) = checked(write_suite(folder, text, model="")).results
    assert result.status == "error"
    assert "the model has no layer 'h.rleu'" in result.reasons[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "h.rleu=x.ark",
            "-o/--output 'h.rleu=x.ark': the model has no layer 'h.rleu'; did you mean 'h.relu'?; --output-name makes "
            "nodes of a Kaldi model its outputs; if 'h.rleu=x.ark' is a file name, write ark:h.rleu=x.ark",
        ),
        ("h.relu=ark:x.ark,h.hafl=ark:y.ark", "the model has no layer 'h.hafl'; did you mean 'h.half'?"),
        (
            "input=x.ark",
            "-o/--output: tiny.raw has no node 'input' that computes scores; 'input' is an input, its values are those "
            "of its table",
        ),
        (
            "prefinal=x.ark",
            "-o/--output: tiny.raw has no node 'prefinal' that computes scores; 'prefinal' is a component; did you "
            "mean its node 'o.affine'?",
        ),
        ("dir/h.relu=x.ark", "the model has no layer 'dir/h.relu'; did you mean 'h.relu'"),
    ],
)
def test_what_is_no_node_writes_nothing(dotted: str, folder: Path, asked: str, message: str) -> None:
    outcome = run("score", "-m", "tiny.raw", "-i", "feats.ark", "-o", asked)
    assert outcome.code == 3
    assert message in outcome.error
    assert outcome.error.count("\n") == 0
    assert names_in(folder) == ["feats.ark", "tiny.raw"]


def test_a_file_name_with_an_equal_sign(dotted: str) -> None:
    for asked in ("ark:h.relu=x.ark", "./h.relu=x.ark"):
        assert run("score", "-m", dotted, "-i", "feats.ark", "-o", asked, "--quiet").code == 0
        np.testing.assert_array_equal(table("ark:h.relu=x.ark"), SCORES)
        Path("h.relu=x.ark").unlink()


def _cases() -> list[tuple[Path, dict[str, Any]]]:
    return [
        (GOLDEN / "nnet3" / "bidirectional" / "model.raw", {}),
        (GOLDEN / "nnet2" / "acoustic_model" / "model.mdl", {}),
        (MODELS / "nnet3_tdnn" / "final.mdl", {}),
        (MODELS / "nnet3_chain_tdnnf" / "final.mdl", {}),
        (MODELS / "nnet3_chain_tdnnf" / "final.mdl", {"frames_per_chunk": 21}),
        (
            MODELS / "nnet1_dnn" / "final.nnet",
            {"feature_transform": str(MODELS / "nnet1_dnn" / "final.feature_transform")},
        ),
    ]


@pytest.mark.parametrize(("model", "options"), _cases())
def test_scores_of_nodes_are_those_of_output_name(model: Path, options: dict[str, Any]) -> None:
    network = load_network(model)
    width = network.inputs[0].dim
    arrays = {"a": np.random.default_rng(1).standard_normal((37, width)).astype(np.float32)}
    arrays |= {"b": arrays["a"][:5]}
    others = {node.name: np.zeros((1, node.dim), np.float32) for node in network.inputs if node.name != "input"}
    values: dict[str, Any] = {key: {"input": array, **others} for key, array in arrays.items()}
    names = [node.name for node in network.nodes if not isinstance(node, InputNode)]
    for name in (names[0], names[len(names) // 2], names[-2], names[-1]):
        kaldi = KaldiOptions(output_name=name, **options)
        try:
            expected = list(library.score(model, arrays=values, kaldi=kaldi))
        except OvAsrScoreError as error:
            with pytest.raises(type(error)):
                list(library.score(model, arrays=values, kaldi=KaldiOptions(**options), outputs=(name,)))
            continue
        found = list(library.score(model, arrays=values, kaldi=KaldiOptions(**options), outputs=(name,)))
        assert [scored.key for scored in found] == ["a", "b"]
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours.scores[name], theirs.scores[name])


def test_a_model_is_converted_once_and_kept_by_its_nodes(
    dotted: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ov_asr_score.ov_model.conversion_cache.WORTH_KEEPING_SECONDS", -1.0)
    for outputs, expected in ((("h.relu",), AFFINE), (("output",), SCORES), (("h.relu",), AFFINE)):
        (scored,) = library.score(dotted, arrays=FEATURES, outputs=outputs, conversion_cache="cache")
        np.testing.assert_array_equal(scored.scores[outputs[0]], expected)
    assert len(names_in(folder / "cache")) == 2


def test_nothing_changes_where_no_node_is_asked_for(
    dotted: str, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ScoreJob(model=dotted, inputs="feats.ark", outputs="output=s.ark", references="output=ark:r=1.ark")
    options = scorer_options(job)

    def fail(*_: object) -> None:
        raise AssertionError("the model is read")

    monkeypatch.setattr("ov_asr_score.scoring.kaldi_nodes.load_whole_network", fail)
    assert with_asked_nodes(job, options) == (options, frozenset())
    other = ScoreJob(model=tiny_model, outputs="hidden=h.ark")
    assert with_asked_nodes(other, scorer_options(other)) == (scorer_options(other), frozenset())


def test_nodes_join_those_of_output_name(dotted: str) -> None:
    job = ScoreJob(
        model=dotted,
        inputs="feats.ark",
        outputs=["output=s.ark,h.relu=r.ark"],
        references={"h.half": "x"},
        kaldi=KaldiOptions(output_name="o.affine, output"),
    )
    options, nodes = with_asked_nodes(job, scorer_options(job))
    assert options.kaldi.output_name == "o.affine,output,h.relu,h.half"
    assert nodes == {"h.affine", "h.relu", "h.half", "o.affine", "output"}
    assert [port.name for port in open_model_with_tables(job).model.loaded.outputs] == [
        *("o.affine", "output", "h.relu", "h.half")
    ]


def test_nodes_of_references_decide_with_what_a_run_goes_on(folder: Path) -> None:
    model = write_model(folder / "recurrent.raw", recurrent_nnet3())
    write_table("feats.ark", {"u1": np.zeros((3, WIDTH), np.float32)})
    job = ScoreJob(model=model, inputs="feats.ark", outputs="output=s.ark", references="state=r.ark")
    identity = run_identity(job, open_model_with_tables(job).tables)
    alone = ScoreJob(model=model, inputs="feats.ark", outputs="output=s.ark")
    assert identity != run_identity(alone, open_model_with_tables(alone).tables)


def test_components_of_older_models_are_their_nodes(folder: Path) -> None:
    model = write_model(folder / "final.nnet", nnet1())
    features = np.random.default_rng(2).standard_normal((4, WIDTH)).astype(np.float32)
    (scored,) = library.score(model, arrays={"u1": features}, outputs=("component1.AffineTransform",))
    found = scored.scores["component1.AffineTransform"]
    np.testing.assert_allclose(found, nnet1_activations(features), rtol=0, atol=1e-5)


def test_a_node_that_an_option_removes_is_refused(folder: Path) -> None:
    model = write_model(folder / "final.nnet", nnet1())
    arrays = {"u1": np.zeros((4, WIDTH), np.float32)}
    kaldi = KaldiOptions(no_softmax=True)
    with pytest.raises(
        UsageError, match=r"scores of 'component2\.Softmax' are asked for, and no_softmax, which removes"
    ):
        next(library.score(model, arrays=arrays, outputs=("component2.Softmax",), kaldi=kaldi))

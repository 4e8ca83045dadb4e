"""Networks of nnet3 whose nodes do not fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import DimRangeNode, OutputNode
from tests.kaldi_model.model_files import FOLDER

NODES = FOLDER / "nnet3_descriptors.txt"

DAMAGE = [
    # node, what stands in its line, what comes in its place, what is said
    ("output", "input=out ", "input=nothing ", "reads 'nothing', which is no node of the network"),
    ("output", "input=out ", "input=output-xent ", "reads the output node 'output-xent'"),
    ("relu", "component=relu", "component=absent", "component 'absent' is not in the file"),
    ("relu", "Failover(norm, ", "Failover(part, ", "parts of Failover have different widths: 2, 4"),
    ("norm", "Const(0.25, 4)", "Const(0.25, 5)", "parts of Sum have different widths: 4, 5"),
    ("norm", "Sum(mix, Const(0.25, 4))", "part", "parts of Sum have different widths: 2, 4"),
    (
        "mix",
        "Switch(part, Offset(part, 1))",
        "lda",
        "'mix' (TdnnComponent) expects 4 columns, its input has 6",
    ),
    ("mix", "Offset(part, 1)", "Offset(part, 30000)", "expected offsets of at most 20000 frames, found 30000"),
    ("mix", "Offset(part, 1)", "Offset(part", "expected ',', found ')'"),
    ("part", "dim-offset=1", "dim-offset=3", "columns 3 to 4 of 'lda', which has 4"),
    ("part", "dim-offset=1", "dim-offset=-1", "columns -1 to 0 of 'lda', which has 4"),
    (
        "part",
        "input-node=lda",
        "input-node=absent",
        "columns of an input-node or component-node, found 'absent'",
    ),
    ("part", "input-node=lda", "input-node=output", "found the output-node 'output'"),
    ("part", "input-node=lda", "input-node=part", "found the dim-range-node 'part'"),
    ("part", "dim=2", "dim=0", "columns 1 to 0 of 'lda', which has 4"),
    ("part", "dim=2", "dim=two", "expected an integer after dim=, found 'two'"),
    ("input", "dim=3", "dim=0", "expected a dim from 1 to 1048576, found 0"),
    ("input", "dim=3", "dim=3 dimension=4", "found the setting 'dimension'"),
    ("input", "dim=3", "dim=", "expected dim=…, found none"),
    ("input", "dim=3", "dim=4", "component 'lda' (FixedAffineComponent) expects 11 columns, its input has 14"),
    ("output", "objective=linear", "objective=cubic", "expected objective linear or quadratic, found 'cubic'"),
    ("out", "component=out ", "", "expected component=…, found none"),
    ("out", "component-node", "compound-node", "expected input-node, component-node, dim-range-node or output-node"),
]


def changed_line(text: str, node: str, old: str, new: str) -> tuple[str, int]:
    """The text with a change in the line of a node, and the byte where that line begins."""
    match = re.search(rf"^\S+ name={re.escape(node)} .*$", text, re.MULTILINE)
    assert match
    line = match[0].replace(old, new, 1)
    assert line != match[0]
    return text[: match.start()] + line + text[match.end() :], match.start()


@pytest.mark.parametrize(("node", "old", "new", "message"), DAMAGE)
def test_damage(tmp_path: Path, node: str, old: str, new: str, message: str) -> None:
    text, at = changed_line(NODES.read_text(), node, old, new)
    path = tmp_path / "x.raw"
    path.write_text(text)
    with pytest.raises(ModelFormatError) as failure:
        load_network(path)
    said = str(failure.value)
    assert message in said
    place = rf"{re.escape(str(path))}: (node '\S+' )?at byte (\d+): "
    match = re.match(place, said)
    assert match, said
    if f"'{node}'" in match[0] or not match[1]:
        assert int(match[2]) == at
    assert "\n" not in said


@pytest.mark.parametrize("kind", ["output-node", "input-node"])
def test_nodes_that_must_be_there(tmp_path: Path, kind: str) -> None:
    text = re.sub(rf"^{kind} .*\n", "", NODES.read_text(), flags=re.MULTILINE)
    (tmp_path / "x.raw").write_text(text)
    with pytest.raises(ModelFormatError, match="expected at least one input-node and one output-node"):
        load_network(tmp_path / "x.raw")


def test_priors_of_the_wrong_size(tmp_path: Path) -> None:
    text = (FOLDER / "nnet3_usual_am.txt").read_text()
    (tmp_path / "x.mdl").write_text(text.replace("[ 0.125 0.25 0.5 0.125 ]", "[ 0.125 0.25 0.5 ]"))
    network = load_network(tmp_path / "x.mdl")  # nnet3-compute looks at them with --use-priors only
    assert network.priors is not None and len(network.priors) == 3


def test_comments_and_blanks_in_the_configuration(tmp_path: Path) -> None:
    text = (
        NODES.read_text()
        .replace("dim-range-node ", "# a comment\n  dim-range-node\t  ")
        .replace(" dim=3", "  dim=3  # x")
    )
    (tmp_path / "x.raw").write_text(text)
    assert load_network(tmp_path / "x.raw").nodes == load_network(NODES).nodes


def test_text_behind_the_first_token(tmp_path: Path) -> None:
    (tmp_path / "x.raw").write_text(NODES.read_text().replace("<Nnet3> \n", "<Nnet3> input-node name=x dim=3\n"))
    with pytest.raises(ModelFormatError, match=r"expected a line break after <Nnet3>, found 'input-node name=x di…'"):
        load_network(tmp_path / "x.raw")


def test_a_configuration_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "x.raw").write_text(NODES.read_text().split("\n\n")[0])
    with pytest.raises(
        ModelFormatError, match=r"at byte \d+: expected a line of the network's configuration, found the"
    ):
        load_network(tmp_path / "x.raw")
    (tmp_path / "x.raw").write_bytes(b"<Nnet3> \n" + b"x" * (3 << 20))
    with pytest.raises(ModelFormatError, match="no line break in 1048576 bytes"):
        load_network(tmp_path / "x.raw")


def test_several_outputs_and_columns_of_a_node() -> None:
    network = load_network(NODES)
    assert [(node.name, node.objective) for node in network.outputs] == [
        ("output", "linear"),
        ("output-xent", "quadratic"),
    ]
    assert network.node("part") == DimRangeNode("part", "lda", 1, 2)
    assert isinstance(network.node("output-xent"), OutputNode)
    assert network.node("absent") is None

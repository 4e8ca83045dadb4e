"""What cannot be converted is told in one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UnsupportedModelError

_NORM = "<Dim> 2 <BlockDim> 2 <Epsilon> 0.001 <TargetRms> 1 <TestMode> F <Count> {} <StatsMean> [ 0 0 ]\n"
_COMPONENTS = {
    "norm": f"<BatchNormComponent> {_NORM.format(0)}<StatsVar> [ 1 1 ]\n</BatchNormComponent>",
    "chain": "<CompositeComponent> <MaxRowsProcess> 9 <NumComponents> 2 <NoOpComponent> <Dim> 2 <BackpropScale> 1 "
    f"</NoOpComponent> <BatchNormComponent> {_NORM.format(7)}<StatsVar> [ 1 1 ]\n</BatchNormComponent> "
    "</CompositeComponent>",
    "same": "<NoOpComponent> <Dim> 2 <BackpropScale> 1 </NoOpComponent>",
}


def written(path: Path, *nodes: str) -> Path:
    """A model of nodes ``name component input`` behind each other, of two columns."""
    lines = ["<Nnet3> ", "input-node name=input dim=2"]
    for line in nodes:
        name, component, source = line.split(" ", 2)
        lines.append(f"component-node name={name} component={component} input={source}")
    lines += [f"output-node name=output input={nodes[-1].split()[0]}", "", f"<NumComponents> {len(_COMPONENTS)} "]
    lines += [f"<ComponentName> {name} {text} " for name, text in _COMPONENTS.items()]
    path.write_text("\n".join([*lines, "</Nnet3> "]))
    return path


def test_one_message_names_all(tmp_path: Path) -> None:
    path = written(
        tmp_path / "model.raw",
        "a norm input",
        "b chain a",
        "c same Sum(b,IfDefined(ReplaceIndex(c,t,0)))",
        "d same Sum(c,Offset(d,0))",
        "e norm d",
    )
    with pytest.raises(UnsupportedModelError) as caught:
        convert_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: cannot be converted: 'a' (BatchNormComponent at byte ")
    for part in (
        "has no statistics (count 0)",
        "'b' (CompositeComponent at byte ",
        "part 2 (BatchNormComponent) is in training mode",
        "'c' (NoOpComponent at byte ",
        "Round or ReplaceIndex inside of a recurrence",
        "depends on itself without a delay",
        "'e' (BatchNormComponent at byte ",
    ):
        assert part in message
    assert "\n" not in message


def test_nodes_that_nothing_needs_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "model.raw", "a norm input", "b chain a", "c same input")
    assert len(convert_file(path).outputs) == 1

"""Summaries against the outputs of nnet3-info, nnet3-am-info, nnet-am-info, raw-nnet-info and nnet-info."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network_summary import ComponentSummary, NetworkSummary, summarize_network
from tests.kaldi_model.model_files import ALL, FOLDER, info_of, name_of

GENERATION_3 = [path for path in ALL if path.name.startswith("nnet3")]
GENERATION_2 = [path for path in ALL if path.name.startswith("nnet2")]


def summary_of(path: Path) -> NetworkSummary:
    return summarize_network(load_network(path))


def figures(info: str) -> dict[str, str]:
    """The lines ``name: value`` or ``name value`` in front of the nodes and components."""
    found: dict[str, str] = {}
    for name, value in re.findall(r"^([a-z-]+):? (-?[\d.e+-]+)\b.*$", info, re.MULTILINE):
        found.setdefault(name, value)  # nested networks come later
    return found


def components_of(summary: NetworkSummary) -> dict[str, ComponentSummary]:
    return {component.name: component for component in summary.components}


@pytest.mark.parametrize("path", GENERATION_3, ids=name_of)
def test_figures_of_nnet3(path: Path) -> None:
    summary, printed = summary_of(path), figures(info_of(path))
    output = next(output for output in summary.outputs if output.name == "output")
    assert str(summary.num_parameters) == printed["num-parameters"]
    assert str(summary.modulus) == printed["modulus"]
    assert (str(output.left_context), str(output.right_context)) == (printed["left-context"], printed["right-context"])
    assert summary.is_acoustic_model == ("am" in path.name)
    assert summary.binary == (path.suffix != ".txt")
    if summary.is_acoustic_model:
        assert str(summary.inputs["input"]) == printed["input-dim"]
        assert str(summary.ivector_dim or -1) == printed["ivector-dim"]
        assert str(summary.num_pdfs) == str(output.dim) == printed["num-pdfs"]
        assert str(summary.priors.dim if summary.priors else 0) == printed["prior-dimension"]
        assert summary.stored_contexts == (output.left_context, output.right_context)
    if summary.priors:
        figures_of_priors = (summary.priors.sum, summary.priors.min, summary.priors.max)
        assert [f"{figure:g}" for figure in figures_of_priors] == [
            printed[f"prior-{name}"] for name in ("sum", "min", "max")
        ]


@pytest.mark.parametrize("path", GENERATION_3, ids=name_of)
def test_lines_of_nodes(path: Path) -> None:
    lines = [line for line in info_of(path).splitlines() if "-node name=" in line]
    summary = summary_of(path)
    assert list(summary.node_lines.values()) == lines
    assert all(f" name={name} " in line for name, line in summary.node_lines.items())


@pytest.mark.parametrize("path", GENERATION_3, ids=name_of)
def test_components_of_nnet3(path: Path) -> None:
    printed = re.findall(r"^component name=(\S+) type=(\w+),? (.*)$", info_of(path), re.MULTILINE)
    summary = summary_of(path)
    assert [(component.name, component.type) for component in summary.components] == [
        (name, kind) for name, kind, _ in printed
    ]
    compared = 0
    for component, (_, _, settings) in zip(summary.components, printed, strict=True):
        if component.type == "CompositeComponent":
            continue
        values = dict(re.findall(r"(?:^|[ ,])([a-z_-]+)=([^ ,\[]+)", settings))
        expected = {"input-dim": component.input_dim, "output-dim": component.output_dim, **component.settings}
        if "input-dim" not in values:
            expected["dim"] = component.input_dim
        for name in values.keys() & expected.keys():
            if isinstance(expected[name], bool):
                assert str(expected[name]).lower() == values[name], (component.name, name)
            elif isinstance(expected[name], int | float):
                assert float(str(expected[name])) == pytest.approx(float(values[name]), rel=2e-4), (
                    component.name,
                    name,
                )
            compared += isinstance(expected[name], bool | int | float)
        means = re.findall(r"([a-z-]+)-\{mean,stddev\}=([^ ,]+),([^ ,]+)", settings)
        for name, mean, stddev in means:
            both = [float(str(component.settings[f"{name}-{figure}"])) for figure in ("mean", "stddev")]
            assert both == pytest.approx([float(mean), float(stddev)], rel=2e-3, abs=1e-6), (component.name, name)
            compared += 2
    assert compared > 3 * len(printed) / 2


@pytest.mark.parametrize("path", GENERATION_2, ids=name_of)
def test_figures_of_nnet2(path: Path) -> None:
    summary, printed = summary_of(path), figures(info_of(path))
    (output,) = summary.outputs
    assert str(summary.num_components) == printed["num-components"]
    assert (str(output.left_context), str(output.right_context)) == (printed["left-context"], printed["right-context"])
    assert (str(summary.inputs["input"]), str(output.dim)) == (printed["input-dim"], printed["output-dim"])
    assert str(summary.num_parameters) == printed["parameter-dim"]
    lines = re.findall(
        r"^component (\d+) : (\w+), (?:input-)?dim ?= ?(\d+)(?:, output-dim ?= ?(\d+))?", info_of(path), re.M
    )
    assert len(lines) == summary.num_components
    for component, (number, kind, input_dim, output_dim) in zip(summary.components, lines, strict=True):
        assert component.name == f"component{number}.{kind}"
        assert (component.input_dim, component.output_dim) == (int(input_dim), int(output_dim or input_dim))


def test_priors_of_nnet2() -> None:
    summary = summary_of(FOLDER / "nnet2_am.mdl")
    assert "prior dimension: 4, prior sum: 1, prior min: 0.125" in info_of(FOLDER / "nnet2_am.mdl")
    assert summary.priors is not None
    assert (summary.priors.dim, summary.priors.sum, summary.priors.min) == (4, 1, 0.125)
    assert (summary.num_pdfs, summary.is_acoustic_model) == (4, True)


@pytest.mark.parametrize("name", ["nnet1_every.nnet", "nnet1_every.txt"])
def test_figures_of_nnet1(name: str) -> None:
    summary, info = summary_of(FOLDER / name), info_of(FOLDER / name)
    printed = figures(info)
    assert str(summary.num_components) == printed["num-components"]
    assert (str(summary.inputs["input"]), str(summary.outputs[0].dim)) == (printed["input-dim"], printed["output-dim"])
    assert f"number-of-parameters {summary.num_parameters / 1e6:g} millions" in info
    assert summary.outputs[0].problem == "depends on the whole utterance"


def nnet1_lines(components: tuple[ComponentSummary, ...]) -> list[str]:
    """The first part of the lines that nnet-info prints, nested networks behind their component."""
    lines = [f"num-components {len(components)}"]
    for number, component in enumerate(components, 1):
        dims = f"input-dim {component.input_dim}, output-dim {component.output_dim}"
        lines.append(f"component {number} : <{component.type}>, {dims}")
        # nnet-info prints the selector of <MultiBasisComponent> last, which comes first in the file
        chains = component.nested
        for chain in chains[1:] + chains[:1] if component.type == "MultiBasisComponent" else chains:
            lines += nnet1_lines(chain)
    return lines


def test_components_of_nnet1_with_those_inside() -> None:
    printed = re.findall(
        r"num-components \d+|component \d+ : <\w+>, input-dim \d+, output-dim \d+", info_of(FOLDER / "nnet1_every.nnet")
    )
    summary = summary_of(FOLDER / "nnet1_every.nnet")
    assert nnet1_lines(summary.components) == printed
    assert len(printed) > summary.num_components + 1


def test_settings_of_nnet1() -> None:
    components = components_of(summary_of(FOLDER / "nnet1_every.nnet"))
    assert components["component1.Splice"].settings == {"frame-offsets": [-1, 0, 2]}
    assert components["component9.Dropout"].settings == {"dropout-rate": 0.25}
    # nnet-info: w_gifo_x_ ( … mean -0.0142421, stddev 0.0596377 …)
    lstm = components["component12.LstmProjected"].settings
    assert (lstm["cell-dim"], lstm["cell-clip"]) == (3, 50)
    assert lstm["w-gifo-x-rms"] == pytest.approx((0.0142421**2 + 0.0596377**2) ** 0.5, rel=1e-3)
    assert components["component26.BlockSoftmax"].settings == {"block-dims": [1, 3]}


@pytest.mark.parametrize("path", [path for path in ALL if path.suffix != ".info"], ids=name_of)
def test_offsets_are_where_components_begin(path: Path) -> None:
    content = path.read_bytes()
    pending = list(summary_of(path).components)
    assert pending
    for component in pending:
        assert content[component.offset :].startswith(f"<{component.type}> ".encode()), component.name
        pending.extend(inner for chain in component.nested for inner in chain)


def test_settings_that_tell_what_a_component_computes() -> None:
    components = components_of(summary_of(FOLDER / "nnet3_components.raw"))
    assert components["tdnn"].settings["time-offsets"] == [-1, 2]
    assert components["tdnn"].settings["bias"] == "none"
    assert components["cnn"].settings["offsets"] == [[-1, 0], [-1, 1], [0, 0], [0, 1], [1, 0], [1, 1]]
    assert components["cnn"].settings["required-time-offsets"] == [0]
    assert components["sum-group"].settings == {"sizes": [1, 3]}
    assert components["permute"].settings == {"column-map": [3, 1, 0, 2]}
    assert components["stats"].settings == {"input-period": 1, "output-period": 3, "include-variance": True}
    assert components["normalize"].settings == {"block-dim": 2, "target-rms": 0.5, "add-log-stddev": True}
    composite = components["composite"]
    assert [inner.type for inner in composite.nested[0]] == [
        "AffineComponent",
        "RectifiedLinearComponent",
        "PerElementScaleComponent",
    ]
    assert composite.num_parameters == sum(inner.num_parameters for inner in composite.nested[0]) == 18
    assert components["constant"].num_parameters == 3
    assert components["fixed-constant"].num_parameters == 0
    assert components["batch-norm"].num_parameters == 0
    nnet2 = components_of(summary_of(FOLDER / "nnet2_am.mdl"))
    assert nnet2["component0.SpliceComponent"].settings == {"const-component-dim": 1, "context": [-2, 0, 1]}
    assert nnet2["component3.SpliceComponent"].settings["context"] == [-1, 0, 1, 2]


def test_contexts_of_every_output() -> None:
    outputs = {output.name: output for output in summary_of(FOLDER / "nnet3_descriptors.raw").outputs}
    assert [outputs["output"].left_context, outputs["output"].right_context] == [4, 6]
    # output-xent reads four frames later; nnet3-info after `nnet3-copy --edits='remove-output-nodes name=output;
    # rename-node old-name=output-xent new-name=output'` says left-context: 0, right-context: 10
    assert [outputs["output-xent"].left_context, outputs["output-xent"].right_context] == [0, 10]
    assert outputs["output-xent"].objective == "quadratic"

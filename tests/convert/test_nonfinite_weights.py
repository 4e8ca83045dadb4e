"""A parameter that is not finite is named, or no score depends on it: tried with every field of every component."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.tensors.nonfinite_constants import all_constants
from ov_asr_score.errors import ModelFormatError, OvAsrScoreError
from ov_asr_score.kaldi_model.component_checks import component_problem
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.kaldi_model.validation import check_network
from ov_asr_score.openvino_api import ov
from tests.kaldi_texts import activation3, affine3, nnet3

GOLDEN = Path(__file__).parents[1] / "golden"


def golden_networks() -> Iterator[KaldiNetwork]:
    for folder in sorted(GOLDEN.glob("nnet[123]/*")):
        for path in sorted(folder.glob("model.*"))[:1]:
            yield load_network(path)


def content(model: ov.Model) -> object:
    """Everything that scores depend on: operations with attributes, and constants."""
    operations = [
        (node.get_type_name(), sorted((name, repr(value)) for name, value in node.get_attributes().items()))
        for node in model.get_ordered_ops()
        if node.get_type_name() not in ("Constant", "TensorIterator", "Loop")
    ]
    return operations, [node.data.tobytes() for node in all_constants(model)]


def poisons(value: object) -> list[Any]:
    """The value with NaN in front, and with infinity at its end."""
    if isinstance(value, float):
        return [np.nan, np.inf]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
        return []
    broken, infinite = value.copy(), value.copy()
    broken.reshape(-1)[0], infinite.reshape(-1)[-1] = np.nan, np.inf
    return [broken, infinite]


def poisoned(network: KaldiNetwork, name: str, field: str, value: Any) -> ov.Model | None:
    """The converted network with another value in a field; None where that is refused as damage."""
    component = network.components[name]
    changed = replace(component, fields={**component.fields, field: value})
    if component_problem(changed, network.generation):
        return None
    try:
        checked = check_network(replace(network, components={**network.components, name: changed}))
        return convert_network(checked, ConvertOptions())
    except OvAsrScoreError:
        return None


def found_in(model: ov.Model) -> str:
    facts = read_facts(model)
    assert facts is not None
    return facts.nonfinite_weights


def test_every_field_is_named_or_of_no_importance() -> None:
    seen, named = set[tuple[object, ...]](), 0
    for network in golden_networks():
        try:
            model = convert_network(network, ConvertOptions())
        except OvAsrScoreError:
            continue
        assert found_in(model) == "", network.source
        sound = None
        for name, component in network.components.items():
            for field, value in component.fields.items():
                key = (network.generation, component.type, field)
                if key in seen or not poisons(value):
                    continue
                seen.add(key)
                sound = content(model) if sound is None else sound
                for poison in poisons(value):
                    other = poisoned(network, name, field, poison)
                    if other is None or (field == "P" and poison == np.inf):  # the order of a norm may be infinite
                        continue
                    found = found_in(other)
                    named += bool(found)
                    if found:
                        assert f"component '{name}' at byte {component.offset}: field <{field}>" in found, key
                    else:
                        assert content(other) == sound, key
    assert named > 100


def two_outputs(weights: list[list[float]], other_weights: list[list[float]]) -> str:
    nodes = [
        "input-node name=input dim=2",
        "component-node name=h component=h input=input",
        "component-node name=r component=r input=h",
        "component-node name=x component=x input=r",
        "output-node name=output input=r",
        "output-node name=output-xent input=x",
    ]
    components = {
        "h": affine3(np.array(weights), np.zeros(2)),
        "r": activation3("RectifiedLinearComponent", 2),
        "x": affine3(np.array(other_weights), np.zeros(2)),
    }
    return nnet3(nodes, components)


def test_only_what_scores_are_computed_from_counts(tmp_path: Path) -> None:
    path = tmp_path / "final.raw"
    path.write_text(two_outputs([[1, 2], [3, 4]], [[1, np.nan], [0, 1]]))
    assert found_in(convert_file(path)) == ""
    network = load_network(path)
    found = found_in(convert_network(network, ConvertOptions(outputs=("output-xent",))))
    assert found == f"component 'x' at byte {network.components['x'].offset}: field <LinearParams>: [0, 1] is NaN"


def test_refused_unless_allowed(tmp_path: Path) -> None:
    path = tmp_path / "final.raw"
    path.write_text(two_outputs([[1, 2], [3, np.inf]], [[1, np.nan], [0, 1]]))
    with pytest.raises(
        ModelFormatError, match=r"final\.raw: component 'h' at byte \d+: field <LinearParams>: \[1, 1\]"
    ):
        convert_file(path)
    assert "[1, 1] is inf" in found_in(convert_file(path, allow_nonfinite=True))


def test_products_that_overflow_are_named_by_their_constant(tmp_path: Path) -> None:
    nodes = [
        "input-node name=input dim=2",
        "component-node name=a component=a input=input",
        "component-node name=b component=b input=a",
        "output-node name=output input=b",
    ]
    large = affine3(np.full((2, 2), 3e38), np.zeros(2))
    path = tmp_path / "final.raw"
    path.write_text(nnet3(nodes, {"a": large, "b": large}))
    model = convert_file(path, allow_nonfinite=True)
    assert found_in(model).startswith("constant '")

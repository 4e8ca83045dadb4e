"""The table of component types: complete records, each type in one place."""

from __future__ import annotations

import ast
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

import ov_asr_score
from ov_asr_score.kaldi_model.components.type_table import (
    FAMILIES,
    NNET1_MARKERS,
    component_types,
    find_type,
    type_names,
)
from ov_asr_score.kaldi_model.network import Generation

PACKAGE = Path(ov_asr_score.__file__).parent
GENERATIONS: tuple[Generation, ...] = (1, 2, 3)
# Folders whose files say what a type is; no other file may name a type.
FAMILY_FOLDERS = ("kaldi_model/components", "convert/layers")
# Operations of OpenVINO that have the names of types of nnet1.
OPERATIONS = {
    "convert/tensors/images.py": {"Sigmoid", "Tanh"},
    "convert/tensors/last_softmax.py": {"Softmax"},
    "device/attention_layers.py": {"Softmax"},
    "gna/graphs/reading/activations.py": {"Sigmoid", "Tanh"},
    "gna/graphs/reading/model_reader.py": {"Softmax"},
}
FAMILY_NAMES = (
    *("activation", "affine", "attention", "composite", "constant", "convolution", "elementwise", "grouping"),
    *("normalization", "pooling", "rare", "recurrent", "splicing", "statistics"),
)
# These are read behind the fields.
READ_APART = {"FrameWeight", "LinearParams", "BiasParams"}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_type_has_one_record(generation: Generation) -> None:
    names = [kind.name for kind in chain.from_iterable(FAMILIES) if generation in kind.generations]
    assert sorted(names) == type_names(generation)


def test_numbers_of_types() -> None:
    assert [len(component_types(generation)) for generation in GENERATIONS] == [27, 29, 46]
    assert find_type(3, "LstmProjected") is None


def test_markers_of_nnet1() -> None:
    assert NNET1_MARKERS["lstmprojected"] == NNET1_MARKERS["lstmprojectedstreams"] == "LstmProjected"
    assert set(NNET1_MARKERS.values()) == set(type_names(1))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_records_name_fields_that_are_read(generation: Generation) -> None:
    for kind in component_types(generation):
        read = {*kind.fields, *(name for name, _ in (*kind.values, *kind.tail))}
        assert set(kind.required) <= set(kind.fields), kind.name
        if kind.name in ("FramePoolingComponent", "TimeHeightConvolutionComponent"):
            read |= READ_APART
        assert set(kind.trained) <= read, kind.name
        assert set(kind.shown) <= read, kind.name
        assert generation == 1 or not (kind.values or kind.tail), kind.name


def names_in(path: Path) -> set[str]:
    """Types that stand as texts of their own in a file of Python."""
    types = {name for generation in GENERATIONS for name in type_names(generation)}
    texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    return types & {text for text in texts if isinstance(text, str)}


def test_types_are_named_by_their_family_only() -> None:
    families = [PACKAGE / folder for folder in FAMILY_FOLDERS]
    others = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent not in families]
    assert len(others) > 100
    named = {str(path.relative_to(PACKAGE)): names_in(path) for path in others}
    assert {path: found for path, names in named.items() if (found := names - OPERATIONS.get(path, set()))} == {}


def test_a_type_stands_in_one_file() -> None:
    homes: dict[tuple[Generation, str], list[str]] = {}
    for path in sorted((PACKAGE / "kaldi_model" / "components").glob("*.py")):
        for generation in GENERATIONS:
            for name in names_in(path) & set(type_names(generation)):
                homes.setdefault((generation, name), []).append(path.name)
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
    assert {name for _, name in homes} == {name for generation in GENERATIONS for name in type_names(generation)}


def test_families_have_the_same_names_on_both_sides() -> None:
    """What a type is stands in components/<family>.py, what it becomes in convert/layers/<family>.py."""
    reading = {family: names_of_records(f"kaldi_model.components.{family}", "TYPES") for family in FAMILY_NAMES}
    converting = {family: names_of_records(f"convert.layers.{family}", "LAYERS") for family in FAMILY_NAMES}
    assert reading == converting


def names_of_records(module: str, table: str) -> set[tuple[Generation, str]]:
    """Generation and name of the records in a table of a family."""
    records = getattr(import_module(f"ov_asr_score.{module}"), table)
    return {(generation, record.name) for record in records for generation in record.generations}

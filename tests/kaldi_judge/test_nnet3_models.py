"""Changed models of nnet3, without Kaldi: what is read is written again, and the same seed gives the same changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_model.loading import load_network
from tests.kaldi_judge.nnet3_models import changed_nnet3_model, nnet3_starts
from tests.kaldi_judge.nnet3_networks import random_network
from tests.kaldi_judge.nnet3_text import split_model
from tests.kaldi_judge.nnet3_ways import change
from tests.kaldi_judge.start_models import GOLDEN

INIT = """#!/bin/sh
exit 1
"""


@pytest.mark.parametrize(
    "case", ["append", "composite", "time_height", "attention", "lstm_nonlinearity", "old_permute"]
)
def test_both_forms_are_those_of_the_model(case: str, tmp_path: Path) -> None:
    folder = GOLDEN / "nnet3" / case
    model = split_model((folder / "model.txt").read_text())
    (tmp_path / "model.txt").write_text(model.text())
    (tmp_path / "model.raw").write_bytes(model.binary())
    expected = load_network(folder / "model.txt")
    for name in ("model.txt", "model.raw"):
        found = load_network(tmp_path / name)
        assert found.nodes == expected.nodes
        assert list(found.components) == list(expected.components)
        for component in found.components.values():
            fields = expected.components[component.name].fields
            assert component.fields.keys() == fields.keys()
            for field, value in component.fields.items():
                # Numbers of the binary form are in single precision.
                there, wanted = (np.asarray(each, np.float32) for each in (value, fields[field]))
                np.testing.assert_array_equal(there, wanted, err_msg=f"{component.name} {field}")


def test_models_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    (tmp_path / "nnet3-init").write_text(INIT)
    (tmp_path / "nnet3-init").chmod(0o755)
    starts = nnet3_starts()
    assert {start.program for start in starts} == {"nnet3-compute", "nnet3-xvector-compute"}
    first, again = ([changed_nnet3_model(starts, 7, number, tmp_path) for number in range(60)] for _ in range(2))
    assert [model.data for model in first] == [model.data for model in again]
    assert len({model.data for model in first}) > 50
    assert any(model.binary for model in first)
    assert all(model.changes for model in first)


def test_changes_of_lines_and_fields_are_made() -> None:
    numbers = np.random.default_rng(1)
    text = (GOLDEN / "nnet3" / "append" / "model.txt").read_text()
    ways = set()
    for _ in range(400):
        model = split_model(text)
        try:
            change(model, numbers)
        except ValueError:
            continue
        ways |= {note.partition(":")[0] for note in model.notes}
    assert {"descriptor", "number_in_line", "layout_of_line", "scalar", "array", "components", "old_field"} <= ways


def test_random_networks_read_nodes_that_there_are() -> None:
    for seed in range(200):
        lines = random_network(np.random.default_rng(seed), 4).splitlines()
        names = {line.split("name=")[1].split()[0] for line in lines}
        components = {line.split("name=")[1].split()[0] for line in lines if line.startswith("component ")}
        used = {line.split("component=")[1].split()[0] for line in lines if line.startswith("component-node")}
        assert {"input", "output"} <= names
        assert used == components

"""Blobs of every form from the command line: their scores, what is noted of them, their description, their export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.kaldi_io import read_table
from tests.command_line import run
from tests.gna.blob_forms import WIDTH, forms, peephole_scores
from tests.gna.small_blob import small_model
from tests.tiny_model import write_table

FORMS = forms()
EXACT = ("-d", "GNA_SW_EXACT")
KEYS, FRAMES = ("utt0", "utt1"), 5

Table = dict[str, NDArray[np.float32]]


def table(width: int) -> Table:
    rng = np.random.default_rng(width)
    return {key: rng.standard_normal((FRAMES, width)).astype(np.float32) for key in KEYS}


def turned(values: Table, rows: int, columns: int) -> Table:
    return {key: x.reshape(len(x), rows, columns).transpose(0, 2, 1).reshape(len(x), -1) for key, x in values.items()}


def score(blob: str, left: Table, right: Table) -> tuple[list[Table], str]:
    """Both outputs of a blob of the small model, and what is printed."""
    inputs = f"{write_table('left.ark', left)},{write_table('right.ark', right)}"
    outcome = run("score", "-rg", blob, *EXACT, "-i", inputs, "-o", "first.ark,second.ark")
    assert outcome.code == 0, outcome.stderr
    return [dict(read_table(name)) for name in ("first.ark", "second.ark")], outcome.stdout


def assert_equal(found: Table, expected: Table) -> None:
    assert found.keys() == expected.keys()
    for key in found:
        np.testing.assert_array_equal(found[key], expected[key])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", ["turned", "processed"])
def test_orders_of_values(form: str) -> None:
    """Scores are those of the model without orders, for values that were put in order beforehand."""
    Path("plain.gna").write_bytes(write_blob(small_model()))
    Path("form.gna").write_bytes(FORMS[form])
    left, right = table(8), table(16)
    found, shown = score("form.gna", left, right)
    if form == "turned":
        parts = turned({key: x[:, :4] for key, x in left.items()}, 2, 2)
        ordered = {key: np.concatenate([parts[key], x[:, 4:]], axis=1) for key, x in left.items()}
    else:
        ordered = turned(left, 2, 4)
    (first, second), _ = score("plain.gna", ordered, right)
    assert_equal(found[0], first)
    assert_equal(found[1], turned(second, 4, 2) if form == "turned" else {key: x[:, ::-1] for key, x in second.items()})
    assert ("input 'left' is transposed, as the blob says" in shown) is (form == "turned")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", ["peephole", "in place"])
def test_states_as_weights(form: str) -> None:
    Path("form.gna").write_bytes(FORMS[form])
    rng = np.random.default_rng(2)
    most = 12 if form == "in place" else 30000
    frames = {key: rng.integers(-most, most, (FRAMES, WIDTH)) for key in KEYS}
    features = write_table("x.ark", {key: x.astype(np.float32) for key, x in frames.items()})
    outcome = run("score", "-rg", "form.gna", *EXACT, "-i", features, "-o", "out.ark")
    assert outcome.code == 0, outcome.stderr
    kind = "in place" if form == "in place" else "earlier"
    assert_equal(dict(read_table("out.ark")), {key: peephole_scores(kind, x) for key, x in frames.items()})


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", FORMS)
def test_forms_are_shown_and_written(form: str) -> None:
    Path("form.gna").write_bytes(FORMS[form])
    shown = run("inspect", "form.gna")
    assert shown.code == 0, shown.stderr
    model = read_blob(FORMS[form], "form.gna")
    assert f"format: GNAM 2.{model.version[1]}" in shown.stdout
    assert "cannot be run" not in shown.stdout
    assert ("processing: " in shown.stdout or "processing=" in shown.stdout) is (form == "processed")
    inputs = ",".join(
        write_table(f"{index}.ark", table(endpoint.shape[1])) for index, endpoint in enumerate(model.inputs)
    )
    outcome = run("score", "-rg", "form.gna", *EXACT, "-i", inputs, "-wg", "again.gna")
    assert outcome.code == 0, outcome.stderr
    again = read_blob(Path("again.gna").read_bytes(), "again.gna")
    assert (again.inputs, again.outputs, again.operations) == (model.inputs, model.outputs, model.operations)

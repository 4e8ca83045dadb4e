from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.command_line import DATA, names_in, run, run_process
from tests.tiny_model import Table, tiny_features, write_table

FEATURES = tiny_features(3, 1)


@pytest.fixture(autouse=True)
def feats(folder: Path) -> None:
    """The table that is copied."""
    write_table("feats.ark", FEATURES)


def assert_same(specifier: str, table: Table = FEATURES) -> None:
    found = dict(read_table(specifier))
    assert list(found) == list(table)
    for key, array in table.items():
        np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize(
    ("target", "again"),
    [("ark,t:x", "ark:x"), ("ark,scp:x.ark,x.scp", "scp:x.scp"), ("x.npz", "x.npz"), ("x.ark.gz", "x.ark.gz")],
)
def test_every_form(target: str, again: str) -> None:
    outcome = run("copy-table", "feats.ark", target)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "copied 2 entries\n")
    assert_same(again)


def test_a_filter_between_two_pipes(folder: Path) -> None:
    features = (folder / "feats.ark").read_bytes()
    outcome = run_process("copy-table", "ark:-", "ark:-", "--quiet", stdin=features)
    assert (outcome.code, outcome.stdout_bytes, outcome.stderr) == (0, features, "")
    text = run("copy-table", "ark:-", "ark,t:-", stdin=features).stdout_bytes
    assert text.startswith(b"utt1  [\n")
    assert run("copy-table", "ark:-", "ark:-", stdin=text).stdout_bytes == features


def test_types_stay_unless_another_is_asked_for() -> None:
    double: Table = {"utt1": np.array([[1 / 3, 2]]), "utt2": np.array([[0.1]])}
    write_table("double.ark", double, dtype=np.float64)
    assert run("copy-table", "double.ark", "copy.ark").code == 0
    assert_same("copy.ark", double)
    assert run("copy-table", "double.ark", "copy.ark", "--output-precision", "f32").code == 0
    assert {array.dtype for _, array in read_table("copy.ark")} == {np.dtype(np.float32)}
    assert run("copy-table", "feats.ark", "copy.ark", "--output-precision", "f64").code == 0
    assert {array.dtype for _, array in read_table("copy.ark")} == {np.dtype(np.float64)}
    integers: Table = {"utt1": np.array([1, 2, 3], np.int32)}
    write_table("ali.ark", integers)
    assert run("copy-table", "ali.ark", "ark,t:copy.txt").code == 0
    assert_same("ark:copy.txt", integers)


def test_compression() -> None:
    assert run("copy-table", DATA / "lstm_mem/features.ark", "small.ark", "--compression-method", "2").code == 0
    plain, small = (dict(read_table(name)) for name in (str(DATA / "lstm_mem/features.ark"), "small.ark"))
    assert Path("small.ark").stat().st_size < (DATA / "lstm_mem/features.ark").stat().st_size / 2
    for key, matrix in plain.items():
        np.testing.assert_allclose(small[key], matrix, atol=0.1)


@pytest.mark.parametrize("target", ["feats.ark", "ark,t:./feats.ark", "ark,scp:feats.ark,feats.scp", "ark,scp:x,x"])
def test_the_source_is_not_written_over(folder: Path, target: str) -> None:
    before = (folder / "feats.ark").read_bytes()
    outcome = run("copy-table", "feats.ark", target)
    assert (outcome.code, "is the same file" in outcome.error) == (2, True)
    assert (names_in(folder), (folder / "feats.ark").read_bytes()) == (["feats.ark"], before)


def test_skipping_what_is_damaged() -> None:
    write_table("ark,scp:feats.ark,feats.scp", FEATURES)
    script = Path("feats.scp")
    script.write_text(script.read_text().replace("utt1 feats.ark:5", "utt1 gone.ark:5"))
    outcome = run("copy-table", "scp:feats.scp", "copy.ark")
    assert outcome.code == 3
    assert "gone.ark" in outcome.error
    assert "copy.ark" not in names_in(Path())
    outcome = run("copy-table", "scp:feats.scp", "copy.ark", "--on-error", "skip")
    assert outcome.code == 1
    assert outcome.stderr.splitlines()[-1] == "copied 1 entry, skipped 1"
    assert outcome.stderr.startswith("skipped: utt1: ")
    assert_same("copy.ark", {"utt2": FEATURES["utt2"]})


def test_an_empty_table_is_copied_and_fails_as_in_kaldi(folder: Path) -> None:
    (folder / "empty.ark").touch()
    outcome = run("copy-table", "empty.ark", "copy.ark", "--quiet")
    assert outcome.code == 1
    assert outcome.error == "empty.ark: holds no entries; an empty table was written"
    assert (folder / "copy.ark").read_bytes() == b""


@pytest.mark.parametrize(("source", "target"), [("ark:echo |", "x.ark"), ("feats.ark", "ark:| cat > stolen")])
def test_commands_run_only_when_allowed(folder: Path, source: str, target: str) -> None:
    assert "--allow-commands" in run("copy-table", source, target).error
    assert names_in(folder) == ["feats.ark"]
    run("copy-table", "ark:cat feats.ark |", "ark:| cat > copied", "--allow-commands")
    assert_same("ark:copied")


@pytest.mark.parametrize("specifier", ["ark,x:y", "scp,ark:a,b", " feats.ark", "x.scp", ""])
def test_a_bad_specifier_is_wrong_use(folder: Path, specifier: str) -> None:
    outcome = run("copy-table", "feats.ark", specifier)
    assert (outcome.code, bool(outcome.error)) == (2, True)
    assert names_in(folder) == ["feats.ark"]

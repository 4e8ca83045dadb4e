from __future__ import annotations

import os
from pathlib import Path

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.job.outputs.overwriting import (
    check_files,
    files_read,
    files_written,
    input_files_read,
    model_files_read,
)
from ov_asr_score.scoring.utterances.joining import InputTable
from ov_asr_score.settings.path_map import NO_PATH_MAP


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """One archive, two scripts that point into it, a link to it, a FIFO."""
    (folder / "feats.ark").write_bytes(b"utt1 [ 1 ]\n")
    (folder / "feats.scp").write_text("utt1 feats.ark:5\nutt2 cat x |\n")
    (folder / "link.ark").symlink_to("feats.ark")
    os.mkfifo(folder / "fifo")


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("feats.ark", ["feats.ark"]),
        ("ark:feats.ark:5", ["feats.ark"]),
        ("scp:feats.scp", ["feats.scp", "cat x |", "feats.ark"]),
        ("scp:missing.scp", ["missing.scp"]),
        ("ark:cat feats.ark |", ["cat feats.ark |"]),
        ("-", ["-"]),
    ],
)
def test_files_behind_a_table_that_is_read(specifier: str, expected: list[str]) -> None:
    found = [path for _, path in files_read("inputs", specifier)]
    assert found[:1] + sorted(found[1:]) == expected


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [("x.npz", ["x.npz"]), ("ark,scp:a,b", ["a", "b"]), ("scp:feats.scp", ["feats.scp"]), ("ark,t:-", ["-"])],
)
def test_files_of_a_table_that_is_written(specifier: str, expected: list[str]) -> None:
    assert [path for _, path in files_written("outputs", specifier)] == expected


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (["feats.ark"], ["feats.ark"]),
        (["feats.ark"], ["./nothing/../feats.ark"]),
        (["feats.ark"], ["link.ark"]),
        (["link.ark"], ["feats.ark"]),
        ([], ["new", "new"]),
        ([], ["-", "-"]),
        ([], ["-", ""]),
        (["not-there-yet"], ["not-there-yet"]),
    ],
)
def test_one_file_for_two_things_is_refused(read: list[str], written: list[str]) -> None:
    with pytest.raises(
        UsageError, match=r"^outputs .* is the same file as that of (inputs|outputs); give another name$"
    ):
        check_files((("inputs", path) for path in read), (("outputs", path) for path in written))


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (["feats.ark", "feats.ark"], ["new"]),
        (["-"], ["-"]),
        ([], ["/dev/null", "/dev/null"]),
        (["fifo"], ["fifo"]),
        (["cat x |"], ["| cat"]),
        ([""], ["new"]),
        (["\0"], ["new"]),
    ],
)
def test_all_else_is_let_through(read: list[str], written: list[str]) -> None:
    check_files((("inputs", path) for path in read), (("outputs", path) for path in written))


def test_speakers_of_inputs_are_read_too() -> None:
    table = InputTable("ivector", "ark:ivectors.ark", utt2spk="utt2spk")
    assert list(input_files_read([table], NO_PATH_MAP)) == [("inputs", "ivectors.ark"), ("utt2spk", "utt2spk")]


def test_weights_of_an_ir_are_read_too() -> None:
    assert list(model_files_read("model", "m.xml")) == [("model", "m.xml"), ("model", "m.bin")]
    assert list(model_files_read("model", "final.mdl")) == [("model", "final.mdl"), ("model", "")]

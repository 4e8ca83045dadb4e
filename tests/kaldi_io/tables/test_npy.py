from __future__ import annotations

import gzip
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.specifier import parse_write_specifier
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.size import estimate_utterances
from ov_asr_score.settings.shard import Shard

MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("array", [MATRIX, np.asfortranarray(MATRIX), MATRIX[0], np.zeros((0, 3), np.float32)])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8", "<i2", "<i8", "u1", "?"])
def test_arrays_of_numpy(array: np.ndarray[Any, Any], dtype: str) -> None:
    np.save("utt1.npy", array.astype(dtype))
    ((key, read),) = read_table("utt1.npy")
    assert key == "utt1"
    assert read.dtype == (np.float64 if dtype in ("<f8", ">f8", "<i8") else np.float32)
    assert read.flags.c_contiguous and read.flags.writeable
    np.testing.assert_array_equal(read, array.astype(dtype))


def test_forms_of_the_name() -> None:
    Path("a").mkdir()
    np.save("a/utt.1.npy", MATRIX)
    data = Path("a/utt.1.npy").read_bytes()
    Path("x").write_bytes(data)
    Path("u.npy.gz").write_bytes(gzip.compress(data))
    for specifier, key in (("npy:a/utt.1.npy", "utt.1"), ("npy:x", "x"), ("npy,p:x", "x"), ("npy:u.npy.gz", "u")):
        ((read_key, read),) = read_table(specifier)
        assert read_key == key
        np.testing.assert_array_equal(read, MATRIX)
    assert estimate_utterances("npy:x") == 1


def test_keys_are_looked_up() -> None:
    np.save("u.npy", MATRIX)
    with open_table("u.npy") as table:
        assert table.get("v") is None
        found = table.get("u")
        assert found is not None
        np.testing.assert_array_equal(found, MATRIX)
        assert table.unused_keys() == []


def test_one_shard_has_it() -> None:
    np.save("u.npy", MATRIX)
    assert [len(list(read_table("u.npy", shard=Shard(index, 3)))) for index in (1, 2, 3)] == [0, 1, 0]


def saved(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            saved(np.zeros((1, 2, 3), np.float32)),
            "3 axes (1 x 2 x 3); save each utterance as a matrix [frames, columns]",
        ),
        (saved(np.float32(1)), "0 axes (a single number)"),
        (saved(np.array([{}, 1]), allow_pickle=True), "pickled objects, which are not loaded because that runs code"),
        (saved(np.zeros((2, 2), np.complex64)), "values of type complex64; save float32"),
        (saved(np.array(["a", "b"])), "values of type <U1"),
        (saved(MATRIX)[:-1], "expected 24 bytes, found 23"),
        (saved(MATRIX)[:20], "expected 118 bytes, found 10; the file is truncated"),
        (saved(MATRIX)[:6], "expected 8 bytes, found 6; the file is truncated"),
        (saved(MATRIX) + saved(MATRIX), "expected the end of the file after the array, found more"),
        (saved(MATRIX).replace(b"(2, 3)", b"(-2,3)"), "expected sizes of 0 or more"),
        (saved(MATRIX).replace(b"(2, 3)", b"(9**9)"), "expected an array in NPY format, found damage"),
        (saved(MATRIX).replace(b"(2, 3), }      ", b"(2, 333333333)}"), "expected 2666666664 bytes, found 24"),
        (saved(MATRIX).replace(b"'<f4'", b"'O' "), "found damage"),
        (pickle.dumps([1]), "is a Python pickle"),
        (b"abc", "is a text file that begins with 'abc'; expected an array in NPY format"),
        (b"\1\2", "expected an array in NPY format, found something else"),
    ],
)
def test_what_is_no_table_is_explained(data: bytes, message: str) -> None:
    Path("u.npy").write_bytes(data)
    with pytest.raises(TableFormatError) as caught:
        list(read_table("u.npy"))
    assert message in str(caught.value)
    assert str(caught.value).startswith("u.npy: ")
    assert "\n" not in str(caught.value)
    skipped: list[tuple[str, OvAsrScoreError]] = []
    assert list(read_table("u.npy", on_skip=lambda key, error: skipped.append((key, error)))) == []
    assert [key for key, _ in skipped] == ["u"]


def test_what_has_no_name_and_what_is_not_there() -> None:
    for specifier in ("npy:-", "npy:cat x.npy |"):
        with pytest.raises(SpecifierError, match="the key is the name of the file"):
            list(read_table(specifier, allow_commands=True))
    with pytest.raises(FileAccessError, match="no such file"):
        list(read_table("none.npy"))


@pytest.mark.parametrize("specifier", ["x.npy", "npy:x.npy"])
def test_it_is_not_written(specifier: str) -> None:
    with pytest.raises(SpecifierError, match="npz"):
        parse_write_specifier(specifier)


def test_scripts_may_point_at_it() -> None:
    np.save("m.npy", MATRIX)
    np.save("v.npy", MATRIX[0].astype(np.float64))
    Path("x.scp").write_text("a m.npy\nb v.npy\nc m.npy[0:0,1:2]\nd m.npy:0\n")
    table = dict(read_table("x.scp"))
    np.testing.assert_array_equal(table["a"], MATRIX)
    np.testing.assert_array_equal(table["b"], MATRIX[0].astype(np.float64))
    np.testing.assert_array_equal(table["c"], MATRIX[:1, 1:])
    np.testing.assert_array_equal(table["d"], MATRIX)


def test_what_is_wrong_behind_a_script_is_said() -> None:
    np.save("m.npy", MATRIX)
    Path("three.npy").write_bytes(saved(np.zeros((1, 2, 3), np.float32)))
    for place, message in (
        ("m.npy[5:9]", "line 1: utterance 'a': range 5:9 of rows: expected to lie within 0:1"),
        ("three.npy", "three.npy: at byte 0: expected a matrix or vector of real numbers, found 3 axes"),
    ):
        Path("x.scp").write_text(f"a {place}\n")
        with pytest.raises(TableFormatError) as caught:
            list(read_table("x.scp"))
        assert message in str(caught.value)

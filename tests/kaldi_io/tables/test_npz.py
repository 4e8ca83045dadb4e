from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.writer import TableWriter


def write(path: Path, table: dict[str, NDArray[Any]], **options: Any) -> None:
    with TableWriter(f"npz:{path}", **options) as writer:
        for key, array in table.items():
            writer.write(key, array)


TABLE = {
    "file": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a/b": np.ones((1, 3), np.float32),
    "naïve": np.arange(3, dtype=np.float32),
    "with blank": np.zeros((0, 3), np.float32),
    "x.npy": np.ones((2, 2), np.float32),
}


@pytest.mark.parametrize("compressed", [False, True])
def test_table_comes_back_in_order_and_numpy_reads_it(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "x.npz"
    write(path, TABLE, npz_compressed=compressed)
    back = list(read_table(f"npz:{path}"))
    assert [key for key, _ in back] == list(TABLE)
    with np.load(path, allow_pickle=False) as archive:
        for key, array in back:
            np.testing.assert_array_equal(array, TABLE[key])
            if key != "x.npy":
                np.testing.assert_array_equal(archive[key], TABLE[key])
    with zipfile.ZipFile(path) as zipped:
        assert zipped.testzip() is None
        assert {member.compress_type for member in zipped.infolist()} == {8 if compressed else 0}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_of_numpy(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "x.npz"
    arrays = {
        "f2": np.ones((2, 3), np.float16),
        "f4": np.ones((2, 3), np.float32),
        "f8": np.ones((2, 3), np.float64),
        "i2": np.ones((2, 3), np.int16),
        "i8": np.full((2, 3), 2**40, np.int64),
        "bool": np.ones(3, np.bool_),
        "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "big": np.arange(3).astype(">f4"),
    }
    save(path, **arrays)
    back = dict(read_table(f"npz:{path}"))
    for key, array in back.items():
        np.testing.assert_array_equal(array, arrays[key])
        assert array.dtype == (np.float64 if key in ("f8", "i8") else np.float32)
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.dtype.isnative


@given(
    table=st.dictionaries(
        st.text(st.characters(min_codepoint=33, exclude_categories=["C", "Z"]), min_size=1, max_size=8),
        hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)),
        max_size=4,
    ),
    compressed=st.booleans(),
)
@settings(max_examples=40)
def test_any_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, NDArray[Any]], compressed: bool
) -> None:
    table = {key: array for key, array in table.items() if key not in ("[", "[]")}
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    write(path, table, npz_compressed=compressed)
    back = dict(read_table(f"npz:{path}"))
    assert list(back) == list(table)
    for key, array in table.items():
        np.testing.assert_array_equal(back[key], array)


def test_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write(tmp_path / name, TABLE)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_sizes_stand_before_the_data(tmp_path: Path) -> None:
    """Simple readers, such as that of the C++ speech_sample, take them from there."""
    write(tmp_path / "x.npz", {"a": np.ones((2, 3), np.float32)})
    data = (tmp_path / "x.npz").read_bytes()
    assert int.from_bytes(data[18:22], "little") == int.from_bytes(data[22:26], "little") == 128 + 24
    assert int.from_bytes(data[6:8], "little") & 8 == 0


def test_pipe_and_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write(path, TABLE)
    (tmp_path / "x.npz.gz").write_bytes(gzip.compress(path.read_bytes()))
    for name in (f"npz:cat {path} |", f"npz:{path}.gz"):
        assert [key for key, _ in read_table(name, allow_commands=True)] == list(TABLE)
    with TableWriter(f"npz:| cat > {tmp_path}/y.npz", allow_commands=True) as writer:
        for key, array in TABLE.items():
            writer.write(key, array)
    assert [key for key, _ in read_table(f"npz:{tmp_path}/y.npz")] == list(TABLE)


class Exploding:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("unpickled"),)


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", good=np.ones(2), bad=np.array([Exploding()], object))
    with zipfile.ZipFile("x.npz", "a") as zipped:
        zipped.writestr("raw", pickle.dumps(Exploding()))
    skipped: dict[str, str] = {}
    table = read_table("npz:x.npz", on_skip=lambda key, error: skipped.update({key: str(error)}))
    assert [key for key, _ in table] == ["good"]
    assert list(skipped) == ["bad", "raw"]
    assert "x.npz: utterance 'bad' at byte" in skipped["bad"]
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize("array", [np.array(1.0), np.ones((2, 2, 2)), np.ones(2, complex), np.array(["a"])])
def test_what_is_no_matrix_is_refused(tmp_path: Path, array: NDArray[Any]) -> None:
    np.savez(tmp_path / "x.npz", a=array)
    with pytest.raises(TableFormatError, match="utterance 'a' at byte 0: expected a matrix or vector"):
        list(read_table(f"npz:{tmp_path}/x.npz"))


def test_blank_of_the_old_sample_at_the_end_of_a_key(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as zipped, zipped.open("utt1 .npy", "w") as file:
        np.lib.format.write_array(file, np.ones(2))
    assert [key for key, _ in read_table(f"npz:{tmp_path}/x.npz")] == ["utt1"]


def test_keys_must_differ_and_be_utf8(tmp_path: Path) -> None:
    with TableWriter(f"npz:{tmp_path}/x.npz") as writer:
        writer.write("a", np.ones(2))
        with pytest.raises(TableFormatError, match="duplicate key 'a'"):
            writer.write("a", np.ones(2))
        with pytest.raises(TableFormatError, match="not UTF-8"):
            writer.write("\udcff", np.ones(2))
        with pytest.raises(TableFormatError):
            writer.write("", np.ones(2))
    assert [key for key, _ in read_table(f"npz:{tmp_path}/x.npz")] == ["a"]
    with zipfile.ZipFile(tmp_path / "twice.npz", "w") as zipped, pytest.warns(UserWarning):
        zipped.writestr("a.npy", b"")
        zipped.writestr("a.npy", b"")
    with pytest.raises(TableFormatError, match="duplicate key"):
        list(read_table(f"npz:{tmp_path}/twice.npz"))


def test_failed_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), TableWriter(f"npz:{tmp_path}/x.npz") as writer:
        writer.write("a", np.ones(2))
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_not_a_zip_file(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"utt1 \0BFM ")
    with pytest.raises(TableFormatError, match="expected an NPZ file"):
        list(read_table(f"npz:{tmp_path}/x.npz"))
    with pytest.raises(FileAccessError):
        list(read_table(f"npz:{tmp_path}/none.npz"))


def test_claimed_shape_is_not_allocated(tmp_path: Path) -> None:
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 20)})
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as zipped:
        zipped.writestr("a.npy", data.getvalue())
    with pytest.raises(TableFormatError, match="bytes at most"):
        list(read_table(f"npz:{tmp_path}/x.npz"))


@pytest.mark.parametrize("compressed", [False, True])
def test_flipped_bytes_give_the_arrays_or_an_error(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "x.npz"
    table: dict[str, NDArray[Any]] = {f"u{number}": np.full((2, 2), number, np.float32) for number in range(2)}
    write(path, table, npz_compressed=compressed)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            for key, array in read_table(f"npz:{path}"):
                if key in table:
                    np.testing.assert_array_equal(array, table[key])
        except OvAsrScoreError:
            refused += 1
    assert refused > len(whole) // 3

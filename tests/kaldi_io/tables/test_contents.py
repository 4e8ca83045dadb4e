from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.kaldi_io.tables.contents import TableContent, read_contents
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.writer import TableWriter
from tests.kaldi_io.foreign.foreign_files import LFS_POINTER


def contents(specifier: str, **options: bool) -> list[TableContent]:
    return list(read_contents(parse_read_specifier(specifier), **options))  # type: ignore[arg-type]


KINDS = {
    "base.ark": "FM",
    "double.ark": "DM",
    "cm_method2.ark": "CM",
    "cm_method3.ark": "CM2",
    "cm_method5.ark": "CM3",
    "vec_fv.ark": "FV",
    "vec_dv.ark": "DV",
    "ali.ark": "integers",
    "text.ark": "text matrix",
}


@pytest.mark.parametrize("with_values", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_shapes_are_those_of_the_arrays(readers: Path, name: str, with_values: bool) -> None:
    if not (readers / name).exists():
        pytest.skip(name)
    expected = [(key, array.shape) for key, array in read_table(f"ark:readers/{name}")]
    found = contents(f"ark:readers/{name}", with_values=with_values)
    assert [(content.key, content.shape) for content in found] == expected
    assert {content.kind for content in found} == {KINDS[name]}
    keys = sum(len(key) + 1 for key, _ in expected)
    assert sum(content.num_bytes for content in found) == (readers / name).stat().st_size - keys


@pytest.mark.parametrize("with_values", [False, True])
@pytest.mark.parametrize("name", ["base.scp", "ranges.scp", "ranges_cm2.scp", "text2.scp", "ali.scp", "vec_fv.scp"])
def test_scripts_and_their_ranges(readers: Path, name: str, with_values: bool) -> None:
    expected = list(read_table(f"scp:readers/{name}"))
    found = contents(f"scp:readers/{name}", with_values=with_values)
    assert [(content.key, content.shape) for content in found] == [(key, array.shape) for key, array in expected]
    for content, (_, array) in zip(found, expected, strict=True):
        assert (content.values is not None) >= with_values
        if content.values is not None:
            np.testing.assert_array_equal(content.values, array)


def test_streams_and_other_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table: dict[str, NDArray[Any]] = {"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float64)}
    for form in ("ark:x.ark", "ark:x.ark.gz", "x.npz"):
        with TableWriter(form, dtype=None) as writer:
            for key, array in table.items():
                writer.write(key, array)
    np.save("c.npy", np.ones((5, 1)))
    Path("x.scp").write_text("c c.npy\n")
    Path("sparse.ark").write_bytes(
        b"u \0BSM \4\2\0\0\0" + b"SV \4\5\0\0\0\4\1\0\0\0\4\2\0\0\0\4\0\0\x80\x3f" * 2 + b"v \0B\4\7\0\0\0"
    )
    kinds = {form: [(each.kind, each.shape) for each in contents(form)] for form in ("x.ark", "x.ark.gz", "x.npz")}
    assert kinds["x.ark"] == kinds["x.ark.gz"] == [("FM", (2, 3)), ("DV", (4,))]
    assert kinds["x.npz"] == [("NumPy matrix", (2, 3)), ("NumPy vector", (4,))]
    assert [(each.key, each.kind, each.shape) for each in contents("c.npy")] == [("c", "NumPy matrix", (5, 1))]
    assert [(each.key, each.kind, each.shape) for each in contents("x.scp")] == [("c", "NumPy matrix", (5, 1))]
    assert [(each.kind, each.shape) for each in contents("sparse.ark")] == [("SM", (2, 5)), ("number", (1,))]


def test_values_of_binary_matrices_are_not_read(readers: Path, tmp_path: Path) -> None:
    data = (readers / "base.ark").read_bytes()
    path = tmp_path / "x.ark"
    path.write_bytes(data[:-1])
    with pytest.raises(TableFormatError, match="the file is truncated"):
        contents(f"ark:{path}")
    path.write_bytes(gzip.compress(data))
    assert [content.shape for content in contents(f"ark:{path}")] == [(57, 13), (105, 13)]


def test_what_cannot_be_read(tmp_path: Path, readers: Path) -> None:
    path = tmp_path / "x.scp"
    path.write_text(f"a {readers}/base.ark:15\nb none.ark:3\nc {readers}/base.ark:15[0:99]\nd {readers}/base.ark:15\n")
    with pytest.raises(FileAccessError, match="line 2: utterance 'b'"):
        contents(f"scp:{path}")
    skipped: list[str] = []
    found = read_contents(parse_read_specifier(f"scp:{path}"), on_skip=lambda key, error: skipped.append(key))
    assert [content.key for content in found] == ["a", "d"]
    assert skipped == ["b", "c"]
    path.write_bytes(LFS_POINTER)
    with pytest.raises(TableFormatError, match="is a Git LFS pointer"):
        contents(f"ark:{path}")

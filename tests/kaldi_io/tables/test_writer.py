from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, MissingUtteranceError, SpecifierError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.writer import TableWriter

MATRIX = np.array([[1, 2], [3, 4]], np.float32)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def copy(source: str, target: str, **options: Any) -> None:
    with TableWriter(target, **options) as writer:
        for key, array in read_table(source):
            writer.write(key, array)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("base.ark", {}),
        ("double.ark", {"dtype": np.float64}),
        ("vec_fv.ark", {}),
        ("ali.ark", {}),
        ("cm1.ark", {"compression_method": 1}),
        ("empty.ark", {"compression_method": None}),
    ],
)
def test_copies_of_what_kaldi_wrote_are_the_same_bytes(
    readers: Path, tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    source = "readers/base.ark" if name == "cm1.ark" else f"readers/{name}"
    copy(source, f"ark:{tmp_path}/x.ark", **options)
    assert (tmp_path / "x.ark").read_bytes() == (readers / name).read_bytes()


@pytest.mark.parametrize("text", ["", "t,"])
def test_archive_and_script(readers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    source = f"ark:{readers}/base.ark"
    monkeypatch.chdir(tmp_path)
    copy(source, f"{text}ark,scp:x.ark,x.scp")
    assert names(tmp_path) == ["x.ark", "x.scp"]
    expected = list(read_table(source))
    for table in (read_table("scp:x.scp"), read_table("ark:x.ark")):
        for (key, array), (expected_key, expected_array) in zip(table, expected, strict=True):
            assert key == expected_key
            np.testing.assert_array_equal(array, expected_array)
    if not text:
        assert (tmp_path / "x.scp").read_text() == (readers / "base.scp").read_text().replace("readers/base", "x")
        for key, array in kaldiio.load_scp("x.scp").items():
            np.testing.assert_array_equal(array, dict(expected)[key])


KEYS = st.text(st.characters(min_codepoint=33, exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=6)
TABLES = st.dictionaries(
    KEYS.filter(lambda key: key not in ("[", "[]")),
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)),
    max_size=4,
)


@given(table=TABLES, form=st.sampled_from(["ark:{}", "ark,t:{}", "ark:{}.gz", "t,ark:{}.gz", "ark,scp:{},{}.scp"]))
@settings(max_examples=150)
def test_every_form_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, NDArray[Any]], form: str
) -> None:
    path = tmp_path_factory.mktemp("writer") / "x"
    with TableWriter(form.format(path, path)) as writer:
        for key, array in table.items():
            writer.write(key, array)
    source = f"scp:{path}.scp" if "scp" in form else form.format(path)
    back = list(read_table(source))
    assert [key for key, _ in back] == list(table)
    for key, array in back:
        np.testing.assert_array_equal(array, table[key])
        assert array.shape == table[key].shape


@pytest.mark.parametrize("name", ["x.ark", "x.npz"])
def test_blanks_around_keys_are_left_out(tmp_path: Path, name: str) -> None:
    with TableWriter(str(tmp_path / name)) as writer:
        for key in ("utt1 ", " utt2", "file"):
            writer.write(key, np.ones((2, 3), dtype=np.float32))
    assert [key for key, _ in read_table(str(tmp_path / name))] == ["utt1", "utt2", "file"]


def test_surrogates_in_keys_come_back(tmp_path: Path) -> None:
    with TableWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp") as writer:
        writer.write("a\udcff", MATRIX)
    for form in ("ark", "scp"):
        assert [key for key, _ in read_table(f"{form}:{tmp_path}/x.{form}")] == ["a\udcff"]


def test_dtype_decides_about_floats_only(tmp_path: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {"f4": MATRIX, "f8": MATRIX.astype(np.float64), "i8": MATRIX.astype(np.int64)}
    integers = np.arange(3, dtype=np.int32)
    for dtype in (np.float32, np.float64):
        with TableWriter(f"ark:{tmp_path}/x.ark", dtype=dtype) as writer:
            for key, array in arrays.items():
                writer.write(key, array)
            writer.write("integers", integers)
        back = dict(read_table(f"ark:{tmp_path}/x.ark"))
        assert back.pop("integers").dtype == np.int32
        assert {array.dtype for array in back.values()} == {np.dtype(dtype)}


def test_very_wide_matrix(tmp_path: Path) -> None:
    wide = np.random.default_rng(0).normal(size=(12, 70_000)).astype(np.float32)
    for method in (None, 2, 3):
        with TableWriter(f"ark:{tmp_path}/x.ark", compression_method=method) as writer:
            writer.write("a", wide)
        ((_, back),) = read_table(f"ark:{tmp_path}/x.ark")
        np.testing.assert_allclose(back, wide, atol=0 if method is None else 0.1)


def test_gzip_by_name(tmp_path: Path) -> None:
    with TableWriter(f"ark:{tmp_path}/x.ark.gz") as writer:
        writer.write("a", MATRIX)
    assert gzip.decompress((tmp_path / "x.ark.gz").read_bytes()).startswith(b"a \0BFM ")


def test_nothing_stays_after_an_exception(tmp_path: Path) -> None:
    (tmp_path / "x.ark").write_text("old")
    specifier = f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp"
    with pytest.raises(KeyboardInterrupt), TableWriter(specifier) as writer:
        writer.write("a", MATRIX)
        raise KeyboardInterrupt
    assert names(tmp_path) == ["x.ark"]
    assert (tmp_path / "x.ark").read_text() == "old"


def test_bad_place_of_the_script_leaves_no_archive(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such folder"):
        TableWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/nowhere/x.scp")
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", ["", "t,"])
def test_refused_entry_leaves_the_table_as_it_was(tmp_path: Path, text: str) -> None:
    with TableWriter(f"{text}ark:{tmp_path}/x.ark") as writer:
        writer.write("a", MATRIX)
        bad: list[tuple[str, NDArray[Any]]] = [("b b", MATRIX), ("", MATRIX), ("c", np.zeros((1, 1, 1)))]
        for key, array in [*bad, ("d", np.array(["x"]))]:
            with pytest.raises(TableFormatError):
                writer.write(key, array)
        writer.write("e", MATRIX)
    assert [key for key, _ in read_table(f"ark:{tmp_path}/x.ark")] == ["a", "e"]


def test_nan_cannot_be_compressed(tmp_path: Path) -> None:
    with TableWriter(f"ark:{tmp_path}/x.ark", compression_method=2) as writer:
        with pytest.raises(TableFormatError, match="NaN"):
            writer.write("a", MATRIX * np.nan)
        writer.write("b", MATRIX)
    assert [key for key, _ in read_table(f"ark:{tmp_path}/x.ark")] == ["b"]


@pytest.mark.parametrize(
    ("specifier", "options", "kind"),
    [
        ("ark,t:{}/x", {"compression_method": 1}, UsageError),
        ("npz:{}/x", {"compression_method": 1}, UsageError),
        ("ark:{}/x", {"compression_method": 0}, UsageError),
        ("ark:{}/x", {"dtype": np.int32}, UsageError),
        ("ark,scp:{}/x.gz,{}/x.scp", {}, SpecifierError),
        ("ark,scp:-,{}/x.scp", {}, SpecifierError),
        ("ark:| cat", {}, SpecifierError),
    ],
)
def test_options_that_do_not_fit(
    tmp_path: Path, specifier: str, options: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        TableWriter(specifier.format(tmp_path, tmp_path), **options)
    assert names(tmp_path) == []


def test_existing_script_says_where_each_utterance_goes(tmp_path: Path) -> None:
    script = tmp_path / "x.scp"
    script.write_text(f"a {tmp_path}/a.mat\nb {tmp_path}/b.mat\n")
    with TableWriter(f"scp:{script}") as writer:
        writer.write("b", MATRIX)
        writer.write("a", MATRIX * 2)
        with pytest.raises(MissingUtteranceError, match="no line for utterance 'c'"):
            writer.write("c", MATRIX)
    assert [array[0, 0] for _, array in read_table(f"scp:{script}")] == [2, 1]
    with TableWriter(f"scp,p:{script}") as writer:
        writer.write("c", MATRIX)
    assert names(tmp_path) == ["a.mat", "b.mat", "x.scp"]


def test_standard_output_gets_every_entry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    buffered = io.BufferedWriter(raw, 1 << 20)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffered))
    with TableWriter("ark:-") as writer:
        writer.write("a", MATRIX)
        first = raw.getvalue()
        writer.write("b", MATRIX)
    assert first == raw.getvalue()[: len(first)]
    assert first.startswith(b"a \0BFM ")
    assert raw.getvalue().count(b"\0BFM ") == 2


def test_command(tmp_path: Path) -> None:
    with TableWriter(f"ark:| gzip -c > {tmp_path}/x.gz", allow_commands=True) as writer:
        writer.write("a", MATRIX)
    assert [key for key, _ in read_table(f"ark:{tmp_path}/x.gz")] == ["a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk() -> None:
    with pytest.raises(FileAccessError, match="/dev/full: no space left"), TableWriter("ark:/dev/full") as writer:
        writer.write("a", MATRIX)

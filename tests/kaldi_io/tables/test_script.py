from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import load_array
from ov_asr_score.kaldi_io.specifier import Range
from ov_asr_score.kaldi_io.tables.script import ScriptLine, ScriptReader, explained_absence, read_script
from tests.kaldi_io.foreign.foreign_files import FOREIGN_FILES, LFS_POINTER


def script(folder: Path, text: bytes) -> str:
    path = folder / "x.scp"
    path.write_bytes(text)
    return str(path)


def test_lines_of_every_form(tmp_path: Path) -> None:
    name = script(
        tmp_path, b"a x.ark:15\nb\tmy file.ark:3[0:9,0:3] \r\nc cat x[1] |\nd  -\n\xff x[1].ark:7\n \te\x0bx\xa0\n"
    )
    lines = read_script(name)
    assert lines == [
        ScriptLine("a", "x.ark:15", None, 1, name),
        ScriptLine("b", "my file.ark:3", Range((0, 9), (0, 3)), 2, name),
        ScriptLine("c", "cat x[1] |", None, 3, name),
        ScriptLine("d", "-", None, 4, name),
        ScriptLine("\udcff", "x[1].ark:7", None, 5, name),
        ScriptLine("e", "x\udca0", None, 6, name),
    ]


@pytest.mark.parametrize("data", [b"\0BFV \4\0\0\0\0", b"\0BDV \4\0\0\0\0", b"\0B\4\0\0\0\0"])
def test_a_vector_without_elements_in_a_file_of_its_own(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "empty.vec"
    path.write_bytes(data)
    with ScriptReader() as reader:
        assert reader.read(ScriptLine("a", str(path), None, 1, "x.scp")).shape == (0,)


def test_empty_script_has_no_lines(tmp_path: Path) -> None:
    assert read_script(script(tmp_path, b"")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a x.ark:1\n\nb x.ark:2\n", "line 2: expected a key and a file name, found an empty line"),
        (b"a x.ark:1\nb\n", "line 2: expected a key and a file name, found 'b'"),
        (b"a x.ark:1[3]\n", "line 1: range '3'"),
        (b"a [0:1]\n", "line 1: expected a file name, found '[0:1]'"),
        (b"a  [\n  1 2 ]\n", "use ark:<file>"),
        (b"a \0BFM \4\n", "use ark:<file>"),
    ],
)
def test_bad_line_makes_the_whole_script_invalid(tmp_path: Path, text: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as caught:
        read_script(script(tmp_path, text))
    assert message in str(caught.value)
    assert "x.scp" in str(caught.value)


def test_one_archive_is_opened_once(readers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    original = Path.open

    def counting(path: Path, *arguments: object, **options: object) -> object:
        opened.append(path.name)
        return original(path, *arguments, **options)  # type: ignore[call-overload]

    lines = read_script(f"{readers}/ranges.scp")
    monkeypatch.setattr(Path, "open", counting)
    with ScriptReader() as reader:
        for line in lines + lines[::-1]:
            reader.read(line)
    assert opened == ["base.ark"]


def test_ranges_of_one_matrix_do_not_share_memory(readers: Path) -> None:
    line = ScriptLine("a", f"{readers}/base.ark:15", Range((0, 2), None), 1, "x.scp")
    with ScriptReader() as reader:
        first = reader.read(line)
        first[:] = 0
        np.testing.assert_array_equal(reader.read(line), load_array(f"{readers}/base.ark:15")[:3])


@pytest.mark.parametrize(
    ("rxfilename", "kind", "message"),
    [
        ("no-such.ark:5", FileAccessError, "no such file"),
        ("readers/base.ark", TableFormatError, "needs <file>:<offset>"),
        ("readers/base.ark:99999999", TableFormatError, "the offset lies beyond the end of the file"),
        ("readers/base.ark:16", TableFormatError, "at byte 16"),
        ("cat readers/base.ark |", SpecifierError, "set allow_commands"),
    ],
)
@pytest.mark.usefixtures("readers")
def test_errors_name_script_line_and_utterance(rxfilename: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught, ScriptReader() as reader:
        reader.read(ScriptLine("utt1", rxfilename, None, 7, "x.scp"))
    assert str(caught.value).startswith("x.scp: line 7: utterance 'utt1': ")
    assert message in str(caught.value)


def test_range_that_does_not_fit_is_an_error(readers: Path) -> None:
    with pytest.raises(TableFormatError, match=r"line 1.*expected to lie within 0:56"), ScriptReader() as reader:
        reader.read(ScriptLine("a", f"{readers}/base.ark:15", Range((0, 100), None), 1, "x.scp"))


@pytest.mark.parametrize("offset", ["", ":0"])
def test_what_a_script_points_at_is_said(tmp_path: Path, offset: str) -> None:
    for name, said in (("wav", "this is a sound file, features are expected"), ("lfs", "is a Git LFS pointer, not")):
        path = tmp_path / name
        path.write_bytes(FOREIGN_FILES[name][0])
        with pytest.raises(TableFormatError, match="line 1: utterance 'a'") as caught, ScriptReader() as reader:
            reader.read(ScriptLine("a", f"{path}{offset}", None, 1, "x.scp"))
        assert f"{name}: {said}" in str(caught.value)


def test_offsets_into_gzip_are_explained(tmp_path: Path, readers: Path) -> None:
    with pytest.raises(TableFormatError, match="in which offsets lead nowhere; unpack it"), ScriptReader() as reader:
        reader.read(ScriptLine("a", f"{readers}/base.ark.gz:15", None, 1, "x.scp"))


def test_what_stands_in_the_place_of_a_script(tmp_path: Path) -> None:
    with pytest.raises(TableFormatError, match=r"x\.scp: is a Git LFS pointer, not the file itself; run git lfs pull"):
        read_script(script(tmp_path, LFS_POINTER))


def test_empty_lines_at_the_end_are_none(tmp_path: Path) -> None:
    name = script(tmp_path, b"a x.ark:1\nb x.ark:2\n\r\n \n\n")
    assert [line.key for line in read_script(name)] == ["a", "b"]
    name = script(tmp_path, b"a x.ark:1\n\n\nb x.ark:2\n")
    with pytest.raises(TableFormatError, match="line 2: expected a key and a file name, found an empty line"):
        read_script(name)


def test_files_beside_the_script_are_found_by_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the working folder, as in Kaldi; the error says where the file may be."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.ark").touch()
    (tmp_path / "data" / "x.scp").write_text("a x.ark:2\n")
    monkeypatch.chdir(tmp_path)
    [line] = read_script("data/x.scp")
    error = explained_absence(FileAccessError("x.ark: no such file"), line)
    assert str(error) == (
        "x.ark: no such file; there is one beside the script: path_map .=data takes relative paths from there"
    )
    assert error.fields == ("path_map",)
    other = FileAccessError("x.ark: permission denied")
    assert explained_absence(other, line) is other

from __future__ import annotations

import gzip
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.kaldi_io.tables import parts, random_access
from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.size import estimate_utterances
from ov_asr_score.kaldi_io.tables.writer import TableWriter
from ov_asr_score.settings.shard import Shard

KEYS = [f"utt{number:02d}" for number in range(24)]
TABLE = {key: np.full((number % 3 + 1, 2), number, np.float32) for number, key in enumerate(KEYS)}
PART_OF = {name: KEYS[start : start + 8] for name, start in (("1", 0), ("2", 8), ("10", 16))}
FORMS = ["ark:x.*.ark", "ark:x.*.txt", "ark:x.*.ark.gz", "scp:x.*.scp", "x.*.npz", "npy:*/utt??.npy", "ark:x.?*.mixed"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, keys in PART_OF.items():
        forms = (f"ark,scp:x.{name}.ark,x.{name}.scp", f"ark,t:x.{name}.txt", f"ark:x.{name}.ark.gz", f"x.{name}.npz")
        for form in forms:
            with TableWriter(form) as writer:
                for key in keys:
                    writer.write(key, TABLE[key])
        Path(name).mkdir()
        for key in keys:
            np.save(f"{name}/{key}.npy", TABLE[key])
        data = Path(f"x.{name}.ark").read_bytes()
        Path(f"x.{name}.mixed").write_bytes(gzip.compress(data) if name == "2" else data)
    return tmp_path


def names(specifier: str) -> list[str]:
    return [part.filename for part in parts.parts_of(parse_read_specifier(specifier))]


def test_files_come_in_natural_order() -> None:
    assert names("ark:x.*.ark") == ["x.1.ark", "x.2.ark", "x.10.ark"]
    assert names("x.[12].ark") == ["x.1.ark", "x.2.ark"]
    assert names("scp,p:./x.1*.scp") == ["./x.1.scp", "./x.10.scp"]
    assert names("npy:**/utt0[01].npy") == ["1/utt00.npy", "1/utt01.npy"]
    folder = Path.cwd()
    assert names(f"{folder}/x.?.ark") == [f"{folder}/x.1.ark", f"{folder}/x.2.ark"]


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_natural_order_is_that_of_the_numbers(numbers: list[int]) -> None:
    in_order = [f"a{number}.b{number}" for number in sorted(numbers)]
    as_given = [f"a{number}.b{number}" for number in numbers]
    assert sorted(as_given, key=parts.natural_order) == in_order


def test_what_is_no_pattern() -> None:
    Path("x[1].ark").write_bytes(Path("x.2.ark").read_bytes())
    Path("x1.ark").write_bytes(b"")
    assert names("ark:x[1].ark") == ["x[1].ark"]
    assert names("ark:cat x.*.ark |") == ["cat x.*.ark |"]
    assert names("ark:missing.ark") == ["missing.ark"]
    assert [key for key, _ in read_table("x[1].ark")] == PART_OF["2"]


def test_folders_and_hidden_files_do_not_match() -> None:
    Path("x.3.ark").mkdir()
    Path(".x.4.ark").write_bytes(b"")
    assert names("ark:*.ark") == ["x.1.ark", "x.2.ark", "x.10.ark"]


@pytest.mark.parametrize("form", ["ark:y.*.ark", "y.*.scp", "y.*.npz", "npy:y*"])
def test_no_match_is_said(form: str) -> None:
    with pytest.raises(FileAccessError, match=r"^y.*: no file has this name or matches it as a pattern$"):
        list(read_table(form))
    with pytest.raises(FileAccessError, match="matches it as a pattern"):
        open_table(form)
    assert estimate_utterances(form) is None


def test_a_missing_script_is_an_empty_table_with_p() -> None:
    assert list(read_table("scp,p:y.*.scp")) == []
    with open_table("scp,p:y.*.scp") as table:
        assert table.get("utt00") is None


@pytest.mark.parametrize("form", FORMS)
def test_several_files_are_one_table(form: str) -> None:
    read = list(read_table(form))
    assert [key for key, _ in read] == KEYS
    for key, array in read:
        np.testing.assert_array_equal(array, TABLE[key])
    assert estimate_utterances(form) == (None if "gz" in form or "mixed" in form else 24)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [2, 5, 40])
def test_every_utterance_is_in_one_shard(form: str, count: int) -> None:
    found = [[key for key, _ in read_table(form, shard=Shard(index + 1, count))] for index in range(count)]
    assert sorted(key for keys in found for key in keys) == KEYS
    assert max(map(len, found)) <= 24 // count + 3
    if "gz" not in form and "mixed" not in form:
        assert [key for keys in found for key in keys] == KEYS


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", [KEYS, KEYS[::-1], KEYS[7:] + KEYS[:7]])
def test_keys_are_found_in_any_order(form: str, order: list[str]) -> None:
    with open_table(form, keep_values=True) as table:
        for _ in range(2):
            for key in order:
                found = table.get(key)
                assert found is not None
                np.testing.assert_array_equal(found, TABLE[key])
        assert table.get("none") is None
        assert table.unused_keys() == []


@pytest.mark.parametrize("form", FORMS)
def test_unused_keys_are_those_of_all_files(form: str) -> None:
    with open_table(form) as table:
        assert table.get("utt12") is not None
        assert table.unused_keys() == [key for key in KEYS if key != "utt12"]


@pytest.mark.parametrize("form", ["ark,s:x.*.ark", "ark,s,cs:x.*.ark.gz"])
def test_sorted_archives_are_read_no_further_than_needed(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def noted(name: str, **options: bool) -> AbstractContextManager[KaldiStream]:
        opened.append(name)
        return open_stream(name, **options)

    monkeypatch.setattr(random_access, "open_stream", noted)
    with open_table(form) as table:
        assert table.get("utt08") is not None
        assert table.get("utt085") is None
        assert table.get("utt09") is not None
        assert len(opened) == 2
        assert table.get("utt23") is not None
    assert len(opened) == 3


def test_few_archives_are_open_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_table("ark:x.*.ark") as table:
        for key in KEYS + KEYS[::8] * 3:
            assert table.get(key) is not None
            links = [entry.readlink().name for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
            assert len([name for name in links if name.startswith("x.")]) == 1


@pytest.mark.parametrize("form", ["ark,p:x.*.ark", "npz,p:x.*.npz"])
@pytest.mark.parametrize("damage", ["another file", "a key twice"])
def test_a_file_that_cannot_be_read_hides_no_other_with_p(form: str, damage: str) -> None:
    broken = form.partition(":")[2].replace("*", "2")
    if damage == "another file":
        Path(broken).write_bytes(b"no table at all")
    else:
        with TableWriter(f"{form[:3]}:{broken}") as writer:
            for key in ("new", "utt03"):
                writer.write(key, TABLE[key] if key in TABLE else TABLE["utt00"])
    in_others = PART_OF["1"] + PART_OF["10"]
    with open_table(form) as table:
        for key in in_others + in_others[::-1]:
            found = table.get(key)
            assert found is not None, key
            np.testing.assert_array_equal(found, TABLE[key])
        assert table.get("utt08") is None


def test_order_is_that_of_all_files_with_s() -> None:
    with TableWriter("ark:x.2.ark") as writer:
        for key in ("utt005", "utt08"):
            writer.write(key, TABLE["utt08"])
    with open_table("ark,s:x.*.ark") as table:
        assert table.get("utt07") is not None
        with pytest.raises(TableFormatError, match=r"^x\.2\.ark: .*expected a key after 'utt07' because of the option"):
            table.get("utt08")


@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ("ark:x.*.ark", "x.1.ark", "x.10.ark"),
        ("ark:x.*.txt", "x.1.txt", "x.10.txt"),
        ("ark:x.*.ark.gz", "x.1.ark.gz", "x.10.ark.gz"),
        ("scp:x.*.scp", "x.1.scp", "x.10.scp"),
        ("x.*.npz", "x.1.npz", "x.10.npz"),
        ("npy:?*/*.npy", "1/utt03.npy", "10/utt03.npy"),
    ],
)
def test_a_key_in_two_files_is_an_error_that_names_both(form: str, first: str, second: str) -> None:
    if form.startswith("npy"):
        Path("10/utt03.npy").write_bytes(Path("1/utt03.npy").read_bytes())
    else:
        target = (
            form.replace("*", "10")
            .replace("scp:x.10.scp", "ark,scp:x.10.ark,x.10.scp")
            .replace("ark:x.10.txt", "ark,t:x.10.txt")
        )
        with TableWriter(target) as writer:
            for key in [*PART_OF["10"], "utt03"]:
                writer.write(key, TABLE[key])
    with pytest.raises(TableFormatError) as caught:
        list(read_table(form))
    assert str(caught.value) == f"{second}: the key 'utt03' is also in {first}; keys must differ"
    with pytest.raises(TableFormatError) as caught, open_table(form) as table:
        table.get("utt02")
        table.unused_keys()
    assert second in str(caught.value) and first in str(caught.value) and "'utt03'" in str(caught.value)


def test_a_key_twice_in_one_file_of_several() -> None:
    with Path("x.2.ark").open("ab") as file:
        file.write(Path("x.2.ark").read_bytes())
    with pytest.raises(TableFormatError, match=r"^x\.2\.ark: the key 'utt08' came before in the same file; keys"):
        list(read_table("ark:x.*.ark"))


def test_equal_digests_are_no_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyDigests, "add", lambda self, key: True)
    assert [key for key, _ in read_table("ark:x.*.ark")] == KEYS


def test_words_of_several_files() -> None:
    Path("1/utt2spk").write_text("a s\nb s\n")
    Path("2/utt2spk").write_text("c t\n")
    assert read_token_table("*/utt2spk") == {"a": "s", "b": "s", "c": "t"}
    Path("10/utt2spk").write_text("b t\n")
    with pytest.raises(TableFormatError, match=r"10/utt2spk: line 1: key 'b' came before"):
        read_token_table("*/utt2spk")

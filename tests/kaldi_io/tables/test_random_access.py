from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.kaldi_io.tables.writer import TableWriter

KEYS = [f"utt{number}" for number in range(10, 30)]


def value(key: str) -> NDArray[Any]:
    return np.full((2, 3), int(key[3:]), np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same table as x.ark with x.scp, x.ark.gz, t.ark (text) and x.npz."""
    names = (f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp", f"ark:{tmp_path}/x.ark.gz")
    for specifier in (*names, f"ark,t:{tmp_path}/t.ark", f"npz:{tmp_path}/x.npz"):
        with TableWriter(specifier) as writer:
            for key in KEYS:
                writer.write(key, value(key))
    return tmp_path


FORMS = ["ark:{}/x.ark", "ark:{}/x.ark.gz", "ark:cat {}/x.ark |", "ark,t:{}/t.ark", "scp:{}/x.scp", "npz:{}/x.npz"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("options", ["", "s,", "s,o,"])
def test_every_key_in_any_order(folder: Path, form: str, options: str) -> None:
    keys = random.Random(0).sample(KEYS, len(KEYS))
    with open_table(options + form.format(folder), allow_commands=True) as table:
        for key in keys[:-3]:
            array = table.get(key)
            assert array is not None
            np.testing.assert_array_equal(array, value(key))
        assert table.get("utt") is None
        assert table.get("zebra") is None
        assert table.unused_keys() == sorted(keys[-3:])
        for key in keys[-3:]:
            found = table.get(key)
            if found is not None:
                np.testing.assert_array_equal(found, value(key))
        assert table.unused_keys() == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("options", ["", "s,", "s,cs,", "s,cs,o,"])
def test_some_keys_in_order(folder: Path, form: str, options: str) -> None:
    with open_table(options + form.format(folder), allow_commands=True) as table:
        for key in KEYS[::3]:
            found = table.get(key)
            assert found is not None
            np.testing.assert_array_equal(found, value(key))
            assert table.get(key + "a") is None
        assert table.unused_keys() == [key for key in KEYS if key not in KEYS[::3]]


@pytest.mark.parametrize("form", FORMS)
def test_keys_asked_for_again(folder: Path, form: str) -> None:
    with open_table(form.format(folder), allow_commands=True, keep_values=True) as table:
        for key in ("utt12", "utt15", "utt12", "utt11", "utt15"):
            found = table.get(key)
            assert found is not None
            np.testing.assert_array_equal(found, value(key))


def test_pipe_cannot_give_a_key_twice_unless_told_to_keep_it(folder: Path) -> None:
    with open_table(f"ark:cat {folder}/x.ark |", allow_commands=True) as table:
        assert table.get("utt12") is not None
        with pytest.raises(UsageError, match="'utt12' was read or skipped before"):
            table.get("utt12")


def test_option_o_promises_once(folder: Path) -> None:
    with open_table(f"o,ark:{folder}/x.ark") as table:
        assert table.get("utt12") is not None
        with pytest.raises(UsageError, match="requested twice despite"):
            table.get("utt12")


def test_sorted_table_is_not_read_further_than_needed(folder: Path) -> None:
    path = folder / "x.ark"
    path.write_bytes(path.read_bytes()[:-1] + b"")
    with open_table(f"s,ark:{path}") as table:
        assert table.get("utt1") is None
        assert table.get("utt10") is not None
    with open_table(f"ark:{path}") as table, pytest.raises(TableFormatError, match="truncated"):
        table.get("utt1")


def test_unsorted_table_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes(b"b 1\na 2\n")
    with open_table(f"s,ark:{path}") as table, pytest.raises(TableFormatError, match=r"'a' at byte 6.*after 'b'.*'s'"):
        table.get("c")


@pytest.mark.parametrize("form", ["ark", "scp"])
def test_key_twice_is_an_error(folder: Path, form: str) -> None:
    path = folder / f"x.{form}"
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(TableFormatError, match=r"'utt10'.* came before"), open_table(f"{form}:{path}") as table:
        table.unused_keys()


@pytest.mark.parametrize("bad", ["nowhere.ark:5", "x.ark:7"])
def test_script_entry_that_cannot_be_read(folder: Path, bad: str) -> None:
    (folder / "bad.scp").write_text(f"a {folder}/{bad}\n")
    with (
        open_table(f"scp:{folder}/bad.scp") as table,
        pytest.raises((FileAccessError, TableFormatError), match="line 1: utterance 'a'"),
    ):
        table.get("a")
    with open_table(f"scp,p:{folder}/bad.scp") as table:
        assert table.get("a") is None


def test_missing_tables(tmp_path: Path) -> None:
    for form in ("ark", "scp", "npz"):
        with pytest.raises(FileAccessError, match="no such file"):
            open_table(f"{form}:{tmp_path}/none")
    with open_table(f"scp,p:{tmp_path}/none") as table:
        assert table.get("a") is None
    with pytest.raises(SpecifierError, match="set allow_commands"):
        open_table("ark:cat x |")


@pytest.mark.parametrize("form", ["ark:{}", "s,cs,ark:cat {} |", "ark:cat {} |"])
def test_join_in_order_uses_flat_memory(tmp_path: Path, form: str) -> None:
    path = tmp_path / "x.ark"
    keys = [f"utt{number:03}" for number in range(200)]
    with TableWriter(f"ark:{path}") as writer:
        for key in keys:
            writer.write(key, np.zeros((100, 500), np.float32))
    with open_table(form.format(path), allow_commands=True) as table:
        tracemalloc.start()
        for key in keys if form.startswith("ark:cat") else keys[::2]:
            assert table.get(key) is not None
        assert table.unused_keys() == ([] if form.startswith("ark:cat") else keys[1::2])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # One matrix takes 200 kB, the whole table 40 MB.
    assert peak < 4_000_000

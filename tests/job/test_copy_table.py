from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.job.copy_table import copy_entries
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.settings.table_jobs import CopySettings
from tests.command_line import names_in
from tests.tiny_model import Table, write_table

TABLE: Table = {"utt1": np.ones((2, 3), np.float32), "utt2": np.arange(3, dtype=np.float32)}


def test_number_of_entries(folder: Path) -> None:
    write_table("a.ark", TABLE)
    assert copy_entries(CopySettings("a.ark", "b.npz")) == (2, [])
    for key, array in read_table("b.npz"):
        np.testing.assert_array_equal(array, TABLE[key])


def test_damage_leaves_no_copy(folder: Path) -> None:
    write_table("a.ark", TABLE)
    (folder / "a.ark").write_bytes((folder / "a.ark").read_bytes()[:-1])
    with pytest.raises(TableFormatError, match=r"a.ark: utterance 'utt2'"):
        copy_entries(CopySettings("a.ark", "ark,scp:b.ark,b.scp"))
    assert names_in(folder) == ["a.ark"]


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({"include": "list"}, ["utt1"]),
        ({"exclude": "list"}, ["utt2", "utt3"]),
        ({"max_utterances": 2}, ["utt1", "utt2"]),
        ({"exclude": "list", "max_utterances": 1}, ["utt2"]),
        ({"max_utterances": 0}, []),
    ],
)
def test_utterances_are_chosen(folder: Path, settings: dict[str, Any], keys: list[str]) -> None:
    write_table("a.ark", {key: np.ones((2, 3), np.float32) for key in ("utt1", "utt2", "utt3")})
    (folder / "list").write_text("utt1 speaker\nutt9 speaker\n")
    assert copy_entries(CopySettings("a.ark", "b.ark", **settings)) == (len(keys), [])
    assert [key for key, _ in read_table("b.ark")] == keys


def test_columns_and_rows_are_cut_or_the_utterance_is_skipped(folder: Path) -> None:
    write_table("a.ark", {"utt1": np.arange(12, dtype=np.float32).reshape(4, 3), "utt2": np.ones((1, 3), np.float32)})
    settings = CopySettings("a.ark", "b.ark", columns="2,0", rows="1:2", on_error="skip")
    copied, skipped = copy_entries(settings)
    assert copied == 1
    assert skipped == [("utt2", "a.ark: utterance 'utt2': rows 1:2: expected one of them in 0:0, found none")]
    np.testing.assert_array_equal(dict(read_table("b.ark"))["utt1"], [[5, 3], [8, 6]])
    with pytest.raises(TableFormatError, match="utterance 'utt2': rows 1:2"):
        copy_entries(replace(settings, target="c.ark", on_error="stop"))
    assert "c.ark" not in names_in(folder)


def test_settings_that_do_not_fit(folder: Path) -> None:
    write_table("a.ark", TABLE)
    with pytest.raises(UsageError, match="include: cannot be given together with exclude"):
        copy_entries(CopySettings("a.ark", "b.ark", include="l", exclude="l"))
    with pytest.raises(UsageError, match=r"a\.scp: is the same file as that of include"):
        copy_entries(CopySettings("a.ark", "ark,scp:b.ark,a.scp", include="a.scp"))

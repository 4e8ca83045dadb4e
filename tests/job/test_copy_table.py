from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
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

"""Tables joined into one file, in the order of a list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, UsageError
from ov_asr_score.job.merge import merge_tables
from ov_asr_score.kaldi_io import TableWriter, read_table

KEYS = ["u1", "u2", "u3"]


@pytest.fixture(autouse=True)
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, keys in (("whole", KEYS), ("a", KEYS[:2]), ("b", KEYS[2:])):
        with TableWriter(f"ark,scp:{name}.ark,{name}.scp") as writer:
            for key in keys:
                writer.write(key, np.full((2, 3), int(key[1:]), np.float32))


@pytest.mark.parametrize("suffix", ["ark", "scp"])
def test_shards_give_the_whole_table(suffix: str) -> None:
    assert merge_tables([f"a.{suffix}", f"b.{suffix}"], "ark:x.ark") == 3
    assert Path("x.ark").read_bytes() == Path("whole.ark").read_bytes()
    assert merge_tables(["b.ark", "a.ark"], "ark:x.ark", order="whole.scp") == 3
    assert Path("x.ark").read_bytes() == Path("whole.ark").read_bytes()


def test_scripts_are_joined_to_a_script() -> None:
    assert merge_tables(["b.scp", "a.scp"], "scp:x.scp", order="whole.scp") == 3
    assert [key for key, _ in read_table("x.scp")] == KEYS


def test_missing_utterances() -> None:
    with pytest.raises(MissingUtteranceError, match="the shards lack 1 utterance: 'u3'; allow_missing leaves them out"):
        merge_tables(["a.ark"], "ark:x.ark", order="whole.scp")
    assert not Path("x.ark").exists()
    assert merge_tables(["a.ark"], "ark:x.ark", order="whole.scp", allow_missing=True) == 2


def test_contradictory_settings() -> None:
    with pytest.raises(UsageError, match="allow_missing: is for order"):
        merge_tables(["a.ark"], "ark:x.ark", allow_missing=True)
    with pytest.raises(UsageError, match="tables cannot be joined to an NPZ file; write an archive"):
        merge_tables(["a.ark"], "x.npz")
    with pytest.raises(UsageError, match=r"a\.ark: is the same file"):
        merge_tables(["a.ark"], "ark:a.ark")

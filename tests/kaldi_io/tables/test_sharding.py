from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.kaldi_io import TableWriter, read_table, with_frames, write_array
from ov_asr_score.kaldi_io.tables.sharding import keys_in_shard
from ov_asr_score.settings.shard import Shard

LENGTHS = [3, 40, 7, 0, 12, 90, 1, 5, 33, 8, 60, 2, 20, 11, 4, 70, 9, 6, 25, 13]
TABLE = {f"utt{number:02}": np.full((length, 4), number, np.float32) for number, length in enumerate(LENGTHS)}


def write(specifier: str, **options: object) -> None:
    with TableWriter(specifier, **options) as writer:  # type: ignore[arg-type]
        for key, matrix in TABLE.items():
            writer.write(key, matrix)


def parts_of(specifier: str, count: int, frames: dict[str, int] | None = None) -> list[list[str]]:
    shards = [Shard(index, count, frames) for index in range(1, count + 1)]
    return [[key for key, _ in read_table(specifier, shard=shard)] for shard in shards]


def frames_of(part: list[str]) -> int:
    return sum(len(TABLE[key]) for key in part)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("ark,scp:feats.ark,feats.scp")
    return tmp_path


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(
    "form", ["feats.ark", "feats.scp", "ark:text.ark", "feats.npz", "small.scp", "ark:feats.ark:0"]
)
def test_parts_of_files_are_neighbours_of_about_the_same_length(form: str, count: int) -> None:
    write("ark,t:text.ark")
    write("feats.npz")
    write("ark,scp:small.ark,small.scp", compression_method=1)
    parts = parts_of(form, count)
    assert [key for part in parts for key in part] == list(TABLE)
    # an entry goes where its middle is, so a part is off by half an entry at either end
    bound = sum(LENGTHS) / count + max(LENGTHS) + 20
    assert max(map(frames_of, parts)) <= bound


def test_a_part_holds_the_matrices_of_its_keys() -> None:
    for key, matrix in read_table("feats.ark", shard=Shard(2, 3)):
        np.testing.assert_array_equal(matrix, TABLE[key])


def test_streams_deal_out_one_by_one(folder: Path) -> None:
    Path("feats.ark.gz").write_bytes(gzip.compress(Path("feats.ark").read_bytes()))
    keys = list(TABLE)
    assert parts_of("feats.ark.gz", 3) == [keys[0::3], keys[1::3], keys[2::3]]


def test_lengths_from_a_file_go_before_those_of_headers() -> None:
    frames = dict.fromkeys(TABLE, 1) | {"utt00": 1000}
    assert parts_of("feats.scp", 2, frames)[0] == ["utt00"]
    del frames["utt05"]  # not all are known: all count the same
    assert [len(part) for part in parts_of("feats.scp", 2, frames)] == [10, 10]


def test_ranges_tell_lengths_and_what_is_unknown_counts_the_same() -> None:
    lines = Path("feats.scp").read_text().splitlines()
    Path("ranges.scp").write_text(f"{lines[5]}[0:79]\n{lines[5]}[0:9]\n{lines[5]}[10:19,0:1]\n")
    assert [len(part) for part in parts_of("ranges.scp", 2)] == [1, 2]
    with Path("one.mat").open("wb") as file:
        write_array(file, TABLE["utt00"])
    Path("mixed.scp").write_text("\n".join([*lines, "piped cat one.mat |"]) + "\n")
    parts = [read_table("mixed.scp", shard=Shard(index, 3), allow_commands=True) for index in (1, 2, 3)]
    assert [[key for key, _ in part] for part in parts] == [
        list(TABLE)[:7],
        list(TABLE)[7:14],
        [*list(TABLE)[14:], "piped"],
    ]


def test_damage_in_another_part_is_not_passed_over() -> None:
    data = Path("feats.ark").read_bytes()
    Path("feats.ark").write_bytes(data.replace(b"utt01 \0BFM", b"utt01 \0BXM"))
    with pytest.raises(TableFormatError, match="utterance 'utt01'"):
        parts_of("feats.ark", 3)


def test_lengths_are_read_from_a_file() -> None:
    Path("utt2num_frames").write_text("a 3\nb 10\n")
    assert with_frames(Shard(2, 3), "utt2num_frames") == Shard(2, 3, {"a": 3, "b": 10})
    assert with_frames(None, "") is None
    assert with_frames(Shard(1, 2), "") == Shard(1, 2)
    with pytest.raises(UsageError, match="utt2num_frames: is for shard"):
        with_frames(None, "utt2num_frames")
    Path("utt2num_frames").write_text("a 3.5\n")
    with pytest.raises(TableFormatError, match=r"utt2num_frames: utterance 'a': expected a number of frames"):
        with_frames(Shard(1, 2), "utt2num_frames")


def test_keys_are_divided_by_their_frames_where_all_are_known() -> None:
    keys = ["a", "b", "c", "d"]
    assert keys_in_shard(keys, Shard(1, 2)) == [True, True, False, False]
    frames = {"a": 100, "b": 5, "c": 5, "d": 5}
    assert keys_in_shard(keys, Shard(1, 2, frames)) == [True, False, False, False]
    assert keys_in_shard([*keys, "e"], Shard(1, 2, frames)) == [True, True, False, False, False]
    assert keys_in_shard([], Shard(1, 2)) == []

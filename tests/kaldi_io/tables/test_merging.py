from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io import TableWriter, parse_read_specifier, parse_write_specifier, read_table
from ov_asr_score.kaldi_io.tables.entries import find_entries
from ov_asr_score.kaldi_io.tables.merging import join_archives, join_scripts

GENERATOR = np.random.default_rng(5)
TABLE = {
    f"u{number}": GENERATOR.normal(size=(number % 3, 4)).astype(np.float64 if number == 4 else np.float32)
    for number in range(8)
}


def write(specifier: str, keys: list[str], **options: object) -> None:
    with TableWriter(specifier, dtype=None, **options) as writer:  # type: ignore[arg-type]
        for key in keys:
            writer.write(key, TABLE[key])


def join(target: str, *shards: str, order: Iterable[str] | None = None, allow_missing: bool = False) -> int:
    tables = [parse_read_specifier(shard) for shard in shards]
    given = parse_write_specifier(target)
    positions = None if order is None else {key: position for position, key in enumerate(order)}
    entries = find_entries(tables, positions, allow_missing=allow_missing)
    if given.archive is None:
        return join_scripts(entries, given.script or "")
    return join_archives(entries, given, allow_commands=True)


@pytest.fixture(autouse=True)
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys = list(TABLE)
    write("ark,scp:whole.ark,whole.scp", keys)
    write("ark,t:whole.txt", keys)
    for number, part in enumerate((keys[:3], keys[3:7], keys[7:]), start=1):
        write(f"ark,scp:s{number}.ark,s{number}.scp", part)
        write(f"ark,t:s{number}.txt", part)


@pytest.mark.parametrize("suffix", ["ark", "scp"])
def test_parts_in_their_order_give_the_whole_byte_for_byte(suffix: str) -> None:
    assert join("ark,scp:whole2ark,whole2scp", *(f"s{number}.{suffix}" for number in (1, 2, 3))) == len(TABLE)
    assert Path("whole2ark").read_bytes() == Path("whole.ark").read_bytes()
    assert Path("whole2scp").read_text() == Path("whole.scp").read_text().replace("whole.ark", "whole2ark")


def test_an_order_is_followed() -> None:
    join("ark:x", "s3.ark", "s1.scp", "s2.ark", order=TABLE)
    assert Path("x").read_bytes() == Path("whole.ark").read_bytes()
    order = list(reversed(TABLE))
    join("ark:x", "s3.ark", "s1.scp", "s2.ark", order=order)
    assert [key for key, _ in read_table("ark:x")] == order


def test_text_stays_text_and_forms_are_changed_where_asked() -> None:
    join("ark,t:x", "ark:s1.txt", "ark:s2.txt", "ark:s3.txt")
    assert Path("x").read_bytes() == Path("whole.txt").read_bytes()
    join("ark,t:x", "s1.ark", "s2.ark", "ark:s3.txt")
    assert Path("x").read_bytes() == Path("whole.txt").read_bytes()
    join("ark:x", "ark:s1.txt", "s2.ark", "s3.ark")
    assert Path("x").read_bytes() == Path("whole.ark").read_bytes()


def test_compressed_matrices_are_not_touched() -> None:
    keys = [key for key, matrix in TABLE.items() if matrix.size]
    write("ark:c.ark", keys, compression_method=2)
    write("ark:c1.ark", keys[:2], compression_method=2)
    write("ark:c2.ark", keys[2:], compression_method=2)
    join("ark:x", "c1.ark", "c2.ark")
    assert Path("x").read_bytes() == Path("c.ark").read_bytes()


def test_what_scripts_may_hold() -> None:
    line = Path("s2.scp").read_text().splitlines()[2]  # u5: two rows
    lines = [f"a {line.split()[1]}[1:1,0:2]", "b u2.mat", "c cat u2.mat |", "d u2.txt"]
    Path("some.scp").write_text("\n".join(lines) + "\n")
    write("ark:u2.ark", ["u2"])
    Path("u2.mat").write_bytes(Path("u2.ark").read_bytes()[3:])
    Path("u2.txt").write_text(" [ 1 2 3 4\n 5 6 7 8 ]")  # and no line break behind it
    join("ark:x", "some.scp")
    found = dict(read_table("ark:x"))
    np.testing.assert_array_equal(found["a"], TABLE["u5"][1:2, 0:3])
    np.testing.assert_array_equal(found["b"], TABLE["u2"])
    np.testing.assert_array_equal(found["c"], TABLE["u2"])
    np.testing.assert_array_equal(found["d"], np.arange(1, 9).reshape(2, 4))
    join("ark,t:x", "some.scp", "s1.scp")
    assert len(list(read_table("ark:x"))) == 7
    join("scp:y.scp", "some.scp")
    assert Path("y.scp").read_text() == Path("some.scp").read_text()


def test_scripts_alone() -> None:
    join("scp:all.scp", "s2.scp", "s1.scp", "s3.scp", order=list(TABLE))
    for key, matrix in read_table("all.scp"):
        np.testing.assert_array_equal(matrix, TABLE[key] if matrix.size else matrix)
    assert [line.split()[0] for line in Path("all.scp").read_text().splitlines()] == list(TABLE)
    with pytest.raises(
        SpecifierError, match=r"scp:all\.scp: only scripts can be joined to a script, found the archive s2\.ark"
    ):
        join("scp:all.scp", "s1.scp", "s2.ark")


def test_keys_twice_missing_and_unknown() -> None:
    with pytest.raises(TableFormatError, match=r"^s1\.scp: the key 'u0' came before; keys must differ$"):
        join("ark:x", "s1.ark", "s1.scp")
    with pytest.raises(MissingUtteranceError, match=r"^the shards lack 1 utterance: 'u7'; allow_missing leaves"):
        join("ark:x", "s1.ark", "s2.ark", order=list(TABLE))
    with pytest.raises(MissingUtteranceError, match=r"hold, besides those of the order, 5 utterances: 'u0', .*'u4'$"):
        join("ark:x", "s1.ark", "s2.ark", "s3.ark", order=["u5", "u6", "u7"], allow_missing=True)
    assert not Path("x").exists()
    assert join("ark:x", "s1.ark", "s2.ark", order=list(TABLE), allow_missing=True) == 7


def test_a_torn_shard_is_not_joined() -> None:
    data = Path("s2.ark").read_bytes()
    Path("s2.ark").write_bytes(data[:-1])
    for shards in (("s1.ark", "s2.ark"), ("s1.scp", "s2.scp")):
        with pytest.raises(TableFormatError, match=r"^s2\.ark: utterance 'u[56]' at byte"):
            join("ark,scp:x,y", *shards)
        assert not Path("x").exists()
        assert not Path("y").exists()


@pytest.mark.parametrize("shard", ["x.npz", "ark:-", "x.ark.gz", "missing.ark"])
def test_what_cannot_be_joined(shard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write("x.npz", ["u0"])
    write("x.ark.gz", ["u0"])
    with pytest.raises(OvAsrScoreError) as raised:
        join("ark:x", "s1.ark", shard)
    assert "copy-table makes" in str(raised.value) or "no such file" in str(raised.value)

"""Archives and scripts of lattices."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arc_posteriors import posteriors
from ov_asr_score.lattice.archive import (
    LatticeWriter,
    encode_lattice,
    read_compact_lattices,
    read_lattice,
    read_lattices,
    read_plain_lattices,
)
from ov_asr_score.lattice.arcs.state_times import depth
from ov_asr_score.lattice.consensus import consensus
from ov_asr_score.lattice.conversion import to_lattice
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.lattice.oracle import oracle
from ov_asr_score.lattice.pruning import prune
from ov_asr_score.lattice.shortest_path import best_path
from ov_asr_score.lattice.word_lattice import word_lattice
from tests.damage.changes import exchange_words, flip_bits, other_integer, other_word
from tests.lattice.lattices import KALDI, kaldi_lattices

LATTICES = kaldi_lattices("chain/lat.ark.gz")
KEYS = list(LATTICES)


def write(specifier: str) -> None:
    with LatticeWriter(specifier) as writer:
        for key, lattice in LATTICES.items():
            writer.write(key, lattice)


@pytest.mark.parametrize("form", ["ark:{}", "ark,t:{}", "{}"])
def test_archives(tmp_path: Path, form: str) -> None:
    path = tmp_path / "lat.ark"
    write(form.format(path))
    assert path.read_bytes().startswith(b"es_Andrea-t0004 " + (b"\n0\t3\t" if ",t" in form else b"\xd6\xfd\xb2~"))
    found = dict(read_lattices(f"ark:{path}"))
    assert list(found) == KEYS
    text = ",t" in form
    assert all(encode_lattice(found[key], text=text) == encode_lattice(LATTICES[key], text=text) for key in KEYS)


def test_script(tmp_path: Path) -> None:
    write(f"ark,scp:{tmp_path / 'lat.ark'},{tmp_path / 'lat.scp'}")
    lines = (tmp_path / "lat.scp").read_text().splitlines()
    assert lines[0] == f"{KEYS[0]} {tmp_path / 'lat.ark'}:16"
    (tmp_path / "some.scp").write_text("\n".join([lines[3], lines[1]]) + "\n")
    found = dict(read_lattices(f"scp:{tmp_path / 'some.scp'}"))
    assert list(found) == [KEYS[3], KEYS[1]]
    assert encode_lattice(found[KEYS[1]], text=False) == encode_lattice(LATTICES[KEYS[1]], text=False)


def test_both_forms_on_demand() -> None:
    raw = KALDI / "chain" / "lat_raw_two_beam11_lat4.txt"
    assert all(isinstance(lattice, Lattice) for _, lattice in read_lattices(f"ark:{raw}"))
    assert all(isinstance(lattice, CompactLattice) for _, lattice in read_compact_lattices(f"ark:{raw}"))
    assert all(isinstance(lattice, Lattice) for _, lattice in read_plain_lattices(f"ark:{KALDI / 'chain/lat.txt'}"))


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "lat.ark"
    write(f"ark:{path}")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(
        TableFormatError, match=r"lat\.ark: utterance 'flite_slt-t0017' at byte \d+: expected 4 bytes, found 3"
    ):
        list(read_lattices(f"ark:{path}"))
    assert [key for key, _ in read_lattices(f"ark,p:{path}")] == KEYS[:-1]
    (tmp_path / "lat.scp").write_text(f"a {path}:16\nb {path}:17\nc {path}:16[0:1]\nd {tmp_path}/none:3\n")
    assert [key for key, _ in read_lattices(f"scp,p:{tmp_path}/lat.scp")] == ["a"]
    with pytest.raises(TableFormatError, match=r"lat\.scp: line 2: utterance 'b': .*expected a lattice in binary"):
        list(read_lattices(f"scp:{tmp_path}/lat.scp"))


@pytest.mark.parametrize("name", ["npz:x.npz", "npy:x.npy"])
def test_other_tables_are_refused(name: str) -> None:
    with pytest.raises(SpecifierError, match="expected an archive or a script of lattices"):
        read_lattices(name)


@pytest.mark.parametrize("name", ["scp:x.scp", "npz:x.npz", "ark,scp:-,x.scp"])
def test_other_outputs_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecifierError):
        LatticeWriter(name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fail() -> None:
        with LatticeWriter(f"ark,scp:{tmp_path / 'lat.ark'},{tmp_path / 'lat.scp'}") as writer:
            writer.write(KEYS[0], LATTICES[KEYS[0]])
            writer.write("a b", LATTICES[KEYS[0]])

    with pytest.raises(OvAsrScoreError, match="contains a blank"):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", [False, True])
def test_damaged_lattices_in_all_that_takes_them(text: bool) -> None:
    """What can still be read has costs and transition-ids of all kinds."""
    chance = random.Random(3)
    data = encode_lattice(LATTICES["es_victor-t0036"], text=text)
    changes = (exchange_words, other_word) if text else (flip_bits, other_integer)
    used = 0
    for _ in range(50):
        try:
            lattice = read_lattice(KaldiStream(io.BytesIO(chance.choice(changes)(data, chance)), "x.ark"))
            assert np.isfinite(prune(lattice, 5.0).acoustic_costs).all()
            posteriors(lattice)
            assert (best_path(lattice) is None) == (not n_best(lattice, 3)) == (oracle(lattice, [5]) is None)
            consensus(word_lattice(lattice))
            depth(to_lattice(lattice))
            used += 1
        except OvAsrScoreError as error:
            assert "\n" not in str(error)
    assert used > 5

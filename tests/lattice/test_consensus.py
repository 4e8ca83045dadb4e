"""Words of least expected error, as lattice-mbr-decode and lattice-to-ctm-conf find them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice import consensus as module
from ov_asr_score.lattice.consensus import Consensus, consensus
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.files.building import EMPTY_COMPACT
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.networks.bins import Bin, joined_bin
from tests.lattice.lattices import KALDI, compact, kaldi_lattices, kaldi_lines

ALIGNED = kaldi_lattices("wide/aligned.txt.gz")


def found_in(lattice: object, scales: Scales, decode_mbr: bool = True) -> Consensus:
    assert isinstance(lattice, CompactLattice)
    found = consensus(lattice, scales, decode_mbr=decode_mbr)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "scales", "decode_mbr", "digits"),
    [
        ("ctm_conf", Scales(0.3), True, 2),
        ("ctm_conf_decode_mbr_false", Scales(0.3), False, 2),
        ("ctm_conf_lm3", Scales(0.3, 3.0), True, 5),
    ],
)
def test_lines_of_lattice_to_ctm_conf(name: str, scales: Scales, decode_mbr: bool, digits: int) -> None:
    lines = []
    for key, lattice in ALIGNED.items():
        found = found_in(lattice, scales, decode_mbr)
        seconds = zip(0.03 * found.starts, 0.03 * (found.ends - found.starts), strict=True)
        for word, confidence, (start, length) in zip(found.words, found.confidences, seconds, strict=True):
            lines.append(f"{key} 1 {start:.{digits}f} {length:.{digits}f} {word} {confidence:.{digits}f}\n")
    assert "".join(lines) == (KALDI / "wide" / f"{name}.txt").read_text()


def test_networks_of_lattice_mbr_decode() -> None:
    words, risks = kaldi_lines("wide/mbr_aligned_words.int"), kaldi_lines("wide/mbr_aligned_risk.txt")
    networks = networks_in(KALDI / "wide" / "mbr_aligned_sausage.txt", r"\[(.*?)\]")
    times = networks_in(KALDI / "wide" / "mbr_aligned_times.txt", r"([0-9.e-]+ [0-9.e-]+)")
    for key, lattice in ALIGNED.items():
        found = found_in(lattice, Scales(0.3))
        assert list(map(str, found.words)) == words[key]
        assert np.isclose(found.risk, float(risks[key][0]), atol=1e-5)
        assert np.allclose(np.stack([found.starts, found.ends], axis=1), times[key], atol=1e-3)
        assert len(found.bins) == len(networks[key])
        for own, theirs in zip(found.bins, networks[key], strict=True):
            assert own.words.tolist() == [int(word) for word in theirs[::2]]
            assert np.allclose(own.probabilities, theirs[1::2], atol=1e-6)


def networks_in(path: Path, pattern: str) -> dict[str, list[list[float]]]:
    lines = [line.split(" ", 1) for line in path.read_text().splitlines()]
    return {
        key: [[float(number) for number in part.split()] for part in re.findall(pattern, rest)] for key, rest in lines
    }


def test_words_that_are_likely_only_together() -> None:
    """The best path has word 9, but most paths have 5 first."""
    weights = -np.log([0.4, 0.3, 0.3])
    lattice = compact(
        [
            (0, 1, 9, weights[0], 0, [1]),
            (0, 1, 5, weights[1], 0, [1]),
            (0, 2, 5, weights[2], 0, [1]),
            (1, 3, 6, 0, 0, [2]),
            (2, 3, 7, 0, 0, [2]),
        ],
        [(3, 0, 0, [])],
    )
    found = found_in(lattice, Scales())
    assert found.words.tolist() == [5, 6]
    assert np.allclose(found.starts, [0, 1]) and np.allclose(found.ends, [1, 2])
    assert np.allclose(found.confidences, [0.6, 0.7])
    assert np.isclose(found.risk, 0.4 + 0.3)
    assert [one.words.tolist() for one in found.bins] == [[0], [5, 9], [0], [6, 7], [0]]
    best = found_in(lattice, Scales(), False)
    assert best.words.tolist() == [9, 6] and np.allclose(best.confidences, [0.4, 0.7])
    given = consensus(lattice, decode_mbr=False, words=[9, 8, 6])
    assert given is not None and given.words.tolist() == [9, 8, 6] and given.confidences[1] == 0
    silent = consensus(lattice, keep_silence=True)
    assert silent is not None and silent.words.tolist() == [0, 5, 0, 6, 0]


def test_long_lattices_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all paths meet, nothing is lost."""
    lattice = kaldi_lattices("tri/lat.ark.gz")["flite_slt-t0017"]
    lattices = [kaldi_lattices("chain/lat.ark.gz")[key] for key in ("es_belinda-t0011", "es_victor-t0036")]
    for one in (lattice, *lattices):
        scales = Scales(0.1 if one is lattice else 1.0)
        whole = found_in(one, scales)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_MOST_CELLS", 20)
            parts = found_in(one, scales)
        assert parts.words.tolist() == whole.words.tolist()
        assert np.allclose(parts.confidences, whole.confidences) and np.isclose(parts.risk, whole.risk)
        assert np.allclose(parts.starts, whole.starts, atol=1e-3) and np.allclose(parts.ends, whole.ends, atol=1e-3)
        assert len(parts.bins) == len(whole.bins)
        for one_bin, other in zip(parts.bins, whole.bins, strict=True):
            assert np.isclose(one_bin.end, other.end, atol=1e-3)


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CELLS", 1)
    monkeypatch.setattr(module, "_MOST_CELLS_AT_ALL", 1)
    with pytest.raises(TableFormatError, match="is too large for confidences; a narrower lattice_beam makes a smaller"):
        found_in(ALIGNED["es_belinda-t0011"], Scales())


def test_joined_bins() -> None:
    one = Bin(np.array([0, 5], np.int32), np.array([0.9, 0.1], np.float32), 1.0, 2.0)
    other = Bin(np.array([0, 7, 5], np.int32), np.array([0.7, 0.25, 0.05], np.float32), 2.0, 3.0)
    joined = joined_bin(one, other)
    assert joined.words.tolist() == [0, 7, 5] and np.allclose(joined.probabilities, [0.6, 0.25, 0.15])
    assert (joined.start, joined.end) == (1, 3)


def test_without_words_or_paths() -> None:
    silence = consensus(compact([(0, 1, 0, 1, 2, [3, 4])], [(1, 0, 0, [])]))
    assert silence is not None and len(silence.words) == 0 and len(silence.bins) == 1 and silence.risk == 0
    assert consensus(EMPTY_COMPACT) is None
    assert consensus(compact([(0, 1, 5, 1, 2, [3])], [])) is None

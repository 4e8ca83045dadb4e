from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.reading import Fst
from ov_asr_score.lattice.lattice import Lattice
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_decodings import FOLDER, graph, scores

ALL = DecodingOptions(beam=100.0, lattice_beam=100.0, decoding_scale=1.0)


def lattice_of(options: DecodingOptions, key: str) -> Lattice:
    lattice = decode(graph(), options, key, scores()[key], wants_lattice=True).lattice
    assert lattice is not None
    return lattice


def kaldis() -> dict[str, list[list[str]]]:
    """Lines of each lattice."""
    lines = (line.split() for line in (FOLDER / "raw_lattices.txt").read_text().splitlines())
    blocks = [list(block) for filled, block in groupby(lines, key=bool) if filled]
    return {key: rest for (key,), *rest in blocks}


@pytest.mark.parametrize("key", ["es_Andrea-t0004", "es_Annie-t0002"])
def test_arcs_of_kaldis_lattice(key: str) -> None:
    found = lattice_of(DecodingOptions(beam=11.0, lattice_beam=4.0, decoding_scale=1.0), key)
    arcs = [line for line in kaldis()[key] if len(line) == 5]
    expected = sorted((int(ids), int(word), *map(float, costs.split(","))) for _, _, ids, word, costs in arcs)
    columns = (found.transition_ids, found.words, found.graph_costs, found.acoustic_costs)
    assert np.array(sorted(zip(*columns, strict=True))) == pytest.approx(np.array(expected), abs=1e-4)
    assert found.num_states == len({line[0] for line in kaldis()[key]})
    finals = [line for line in kaldis()[key] if len(line) < 5]
    assert len(found.final_states) == len(finals)


def check_order(lattice: Lattice) -> None:
    assert (lattice.sources < lattice.targets).all()
    assert (np.diff(lattice.sources) >= 0).all()
    # every state is on a path: it has an arc that leads there, unless it is the start, and one that leaves, or is final
    assert set(lattice.targets.tolist()) == set(range(1, lattice.num_states))
    assert set(lattice.sources.tolist()) | set(lattice.final_states.tolist()) == set(range(lattice.num_states))


def test_states_are_in_order() -> None:
    for key in scores():
        check_order(lattice_of(DecodingOptions(beam=15.0, lattice_beam=12.0, decoding_scale=0.3), key))


def fst(num_states: int, *arcs: tuple[int, int, int, int]) -> Fst:
    """Arcs are (source, target, transition-id, word), with a cost of their place; the last state is final."""
    array = np.array(sorted(arcs), np.int64)
    return Fst(
        start=0,
        final_weights=np.array([np.inf] * (num_states - 1) + [0.5], np.float32),
        first_arcs=np.searchsorted(array[:, 0], np.arange(num_states + 1)),
        ilabels=array[:, 2],
        olabels=array[:, 3],
        weights=np.arange(len(arcs)).astype(np.float32),
        next_states=array[:, 1],
    )


def test_arcs_without_frames_before_between_and_behind() -> None:
    # two ways before the frame, and two behind it, one of which is longer
    source = fst(7, (0, 1, 0, 7), (0, 2, 0, 0), (1, 2, 0, 0), (2, 3, 1, 0), (3, 4, 0, 8), (4, 5, 0, 9), (3, 5, 0, 0))
    source.final_weights[5] = 0.25
    small = make_graph("hand", source, np.array([-1, 0], np.int32), 1)
    found = decode(small, ALL, "a", np.array([[2.0]], np.float32), wants_lattice=True)
    assert found.lattice is not None
    check_order(found.lattice)
    assert found.lattice.num_states == 6
    assert sorted(found.lattice.words.tolist()) == [0, 0, 0, 0, 7, 8, 9]
    assert found.lattice.acoustic_costs.sum() == -2
    assert found.lattice.final_graph_costs.tolist() == [0.25]


def test_a_cycle_without_frames() -> None:
    source = fst(3, (0, 1, 1, 0), (1, 1, 0, 7), (1, 2, 0, 0))
    source.weights[:] = 0
    small = make_graph("hand", source, np.array([-1, 0], np.int32), 1)
    with pytest.raises(UnsupportedModelError, match="a cycle of arcs without transition-ids"):
        decode(small, ALL, "a", np.array([[2.0]], np.float32), wants_lattice=True)

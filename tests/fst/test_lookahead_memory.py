"""What a large first half takes of memory: its arcs are pages of the file."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.fst.header import ARC, CONST_STATE, MAGIC
from tests.command_line import ROOT

STATES, ARCS = 500_000, 2_500_000
_READ = """
import sys
from pathlib import Path
from ov_asr_score.fst.lookahead_graph import open_hclr

def own_bytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))

before = own_bytes()
graph, _ = open_hclr(sys.argv[1])
print(graph.num_states, graph.num_arcs, int(graph.arcs["next"].sum()), own_bytes() - before)
"""


def _header(kind: bytes, version: int, states: int, arcs: int) -> bytes:
    names = b"".join(struct.pack("<i", len(name)) + name for name in (kind, b"standard"))
    return MAGIC + names + struct.pack("<iiQqqq", version, 0, 1, 0, states, arcs)


def large_graph() -> bytes:
    """Five arcs for each state, all with a word, and one interval in each set."""
    states, arcs = np.zeros(STATES, CONST_STATE), np.zeros(ARCS, ARC)
    states["first"], states["arcs"], states["final"] = 5 * np.arange(STATES), 5, np.inf
    arcs["ilabel"], arcs["olabel"] = 1, 1 + np.arange(ARCS) % 1000
    arcs["next"] = np.arange(ARCS) % STATES
    sets = np.zeros((STATES, 5), "<i4")  # the number of intervals in 8 bytes, both ends, the number of labels
    sets[:, 0], sets[:, 2], sets[:, 3] = 1, 1 + np.arange(STATES) % 1000, 6 + np.arange(STATES) % 1000
    sets[:, 4] = 5
    add_on = struct.pack("<i", 446681434)
    reach = struct.pack("<???", True, False, True) + struct.pack("<??iq", False, False, 2000, STATES)
    inner = _header(b"const", 2, STATES, ARCS) + states.tobytes() + arcs.tobytes()
    return _header(b"olabel_lookahead", 1, STATES, ARCS) + add_on + inner + reach + sets.tobytes()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
def test_arcs_take_no_memory_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "HCLr.fst"
    path.write_bytes(large_graph())
    outcome = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    states, arcs, sum_of_nexts, own = map(int, outcome.stdout.split())
    assert (states, arcs, sum_of_nexts) == (STATES, ARCS, int((np.arange(ARCS) % STATES).sum()))
    assert own < ARCS * ARC.itemsize

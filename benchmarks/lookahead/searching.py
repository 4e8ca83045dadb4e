"""Processes that search the utterances of an archive one after the other, and what each of them takes.

Both sides say the same line for each utterance, as Kaldi's decoders do; with it, the processor time and the memory of
the process so far are read from ``/proc``. So a search that keeps what it has made shows how it becomes faster.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lookahead.subjects import Limits, Subject
from benchmarks.models.subjects import ROOT

BEGIN = "Begin."
"""What a process says before it reads graphs, if it had something else to do first."""

WAYS = ("path", "raw", "lattice")
"""Best paths alone, lattices as the search has them, and lattices of word sequences (determinized)."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LINE = re.compile(r"Log-like per frame for utterance (\S+) is (\S+) over (\d+) frames")
_NETWORK_FRAMES = 1000
_NO_LATTICE = 0.1  # Kaldi's searches have no best path without a lattice


@dataclass(frozen=True, slots=True)
class Searched:
    """An utterance: its frames, the processor seconds since the one before, and the cost of its best path."""

    key: str
    frames: int
    seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a process did. ``load_seconds`` are those to the end of the first utterance, which is not in the others.

    Memory is in bytes: after the first utterance, and the most of all.
    """

    load_seconds: float
    loaded_bytes: int
    peak_bytes: int
    utterances: tuple[Searched, ...]

    @property
    def frames(self) -> int:
        """Of all utterances."""
        return sum(each.frames for each in self.utterances)

    @property
    def seconds(self) -> float:
        """Of the processor, of all utterances."""
        return sum(each.seconds for each in self.utterances)

    @property
    def cost_per_frame(self) -> float:
        """The mean cost of the best paths."""
        return sum(each.cost for each in self.utterances) / self.frames


def kaldi_search(programs: Path, subject: Subject, limits: Limits, way: str, alignments: Path | None = None) -> Run:
    """nnet3-latgen-faster-lookahead on the scores of ``subject``, which a network passes on.

    ``LD_LIBRARY_PATH`` must lead to OpenFst's ``olabel_lookahead-fst.so`` and ``ngram-fst.so``. Raises RuntimeError.
    """
    graph = subject.graph
    lattice_beam = _NO_LATTICE if way == "path" else limits.lattice_beam
    command = [
        str(programs / "nnet3-latgen-faster-lookahead"),
        *(f"--beam={limits.beam:g}", f"--lattice-beam={lattice_beam:g}", f"--max-active={limits.max_active}"),
        *(f"--min-active={limits.min_active}", f"--acoustic-scale={subject.acoustic_scale:g}", "--allow-partial=true"),
        *(f"--frames-per-chunk={_NETWORK_FRAMES}", f"--determinize-lattice={str(way == 'lattice').lower()}"),
        *(str(subject.passing_network), str(graph / "HCLr.fst"), str(graph / "Gr.fst")),
        *(str(graph / "disambig_tid.int"), f"ark:{subject.archive}", "ark:/dev/null", "ark:/dev/null"),
        f"ark,t:{alignments or '/dev/null'}",
    ]
    return run_search(command, {"OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "Cooperlake")})


def our_search(subject: Subject, limits: Limits, way: str, alignments: Path | None = None) -> Run:
    """The search of this package. Raises RuntimeError."""
    command = [
        *(sys.executable, "-m", "benchmarks.lookahead.our_search", str(subject.folder), str(subject.archive), way),
        *(f"{limits.beam:g}", f"{limits.lattice_beam:g}", str(limits.max_active), str(limits.min_active)),
        f"{subject.acoustic_scale:g}",
        str(alignments or "/dev/null"),
    ]
    return run_search(command, {"PYTHONPATH": str(ROOT)})


def run_search(command: Sequence[str], variables: Mapping[str, str]) -> Run:
    """What a command does that says a line for each utterance on its standard error. Raises RuntimeError."""
    begin, before, load = 0.0, 0.0, 0.0
    loaded = peak = 0
    found: list[Searched] = []
    last = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **_ONE_THREAD, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last = line.strip() or last
            if line.strip() == BEGIN:
                begin = processor_seconds(process.pid)
                continue
            match = _LINE.search(line)
            if match is None:
                continue
            now = processor_seconds(process.pid)
            resident, highest = resident_bytes(process.pid)
            peak = max(peak, highest)
            key, likelihood, frames = match[1], float(match[2]), int(match[3])
            if not loaded:
                load, loaded = now - begin, resident
            else:
                found.append(Searched(key, frames, now - before, -likelihood * frames))
            before = now
    if process.returncode or not found:
        raise RuntimeError(f"{command[0]}: exit code {process.returncode}: {last[-300:]}")
    return Run(load, loaded, peak, tuple(found))


def processor_seconds(process: int) -> float:
    """What all threads of a process took of the processor."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


def resident_bytes(process: int) -> tuple[int, int]:
    """Memory that a process has now, and the most that it ever had."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    now, most = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, most

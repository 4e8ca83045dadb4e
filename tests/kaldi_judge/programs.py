"""Runs Kaldi's programs, one after the other, with bounds on time and memory."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS, _MEMORY = 20, 4 << 30
NO_END = "no end"


@dataclass(frozen=True, slots=True)
class Ran:
    """The exit code of a program, below 0 for a signal or no end, and what it said."""

    code: int
    lines: tuple[str, ...]

    @property
    def complaints(self) -> tuple[str, ...]:
        """Errors and warnings."""
        return tuple(line for line in self.lines if line.startswith(("ERROR", "WARNING", "ASSERTION_FAILED")))


def run_program(programs: Path, command: Sequence[str], folder: Path, *, kernels: str = "Cooperlake") -> Ran:
    """What a program of Kaldi did in ``folder``. ``kernels`` are those of OpenBLAS."""
    environment = {
        **{"PATH": f"{programs}:/usr/bin:/bin", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        "OPENBLAS_CORETYPE": kernels,
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
    }
    words = [str((programs / command[0]).resolve()), "--print-args=false", *command[1:]]
    try:
        done = subprocess.run(
            words,
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=_SECONDS,
            preexec_fn=_limits,
        )
    except subprocess.TimeoutExpired:
        return Ran(-1, (NO_END,))
    return Ran(done.returncode, tuple(done.stderr.decode("utf-8", "replace").splitlines()))


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

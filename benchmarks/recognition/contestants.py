"""Processes that recognize, each on one core, told what to do line by line."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.models.subjects import ROOT
from benchmarks.recognition.directories import BEAM, LATTICE_BEAM, MAX_ACTIVE, MIN_ACTIVE, write_kaldi_conf

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerProcess:
    """A worker that has loaded its model; ``start`` is what it said of that."""

    def __init__(self, python: str, module: str, folder: Path, sounds: Sequence[Path], core: int) -> None:
        """Start it, and wait until it gave the words of the first sound. Raises RuntimeError if it does not."""
        self._module = module
        self._process = subprocess.Popen(
            [python, "-m", f"benchmarks.recognition.{module}", str(core), str(folder), *map(str, sounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self.start = self._answer()

    def ask(self, do: str, **options: Any) -> dict[str, Any]:
        """What it answers to a wish."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **options}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module}: ended with exit status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> WorkerProcess:
        """Itself; it ends with the ``with``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def our_worker(folder: Path, sounds: Sequence[Path], core: int) -> WorkerProcess:
    """This package."""
    return WorkerProcess(sys.executable, "our_worker", folder, sounds, core)


def vosk_worker(python: Path, folder: Path, sounds: Sequence[Path], core: int) -> WorkerProcess:
    """The vosk of a Python that has it."""
    return WorkerProcess(str(python), "vosk_worker", folder, sounds, core)


@dataclass(frozen=True, slots=True)
class KaldiProgram:
    """online2-wav-nnet3-latgen-faster in ``programs``, with the models of vosk's layout in ``folder``."""

    programs: Path
    folder: Path
    core: int

    def run(self, sounds: Sequence[Path], *options: str) -> tuple[float, dict[str, str]]:
        """Processor seconds, those of loading among them, and the words by name of the file."""
        config = write_kaldi_conf(self.folder)
        names = {f"u{number:04}": path.stem for number, path in enumerate(sounds)}
        (self.folder / "wav.scp").write_text("".join(f"{k} {p}\n" for k, p in zip(names, sounds, strict=True)))
        (self.folder / "utt2utt").write_text("".join(f"{key} {key}\n" for key in names))
        command = [
            *("taskset", "--cpu-list", str(self.core)),
            str(self.programs / "online2-wav-nnet3-latgen-faster"),
            *(f"--config={config}", "--frame-subsampling-factor=3", "--acoustic-scale=1.0", f"--beam={BEAM:g}"),
            *(f"--lattice-beam={LATTICE_BEAM:g}", f"--max-active={MAX_ACTIVE}", f"--min-active={MIN_ACTIVE}"),
            *(f"--word-symbol-table={self.folder / 'graph/words.txt'}", *options),
            *(str(self.folder / "am/final.mdl"), str(self.folder / "graph/HCLG.fst")),
            *(f"ark:{self.folder / 'utt2utt'}", f"scp:{self.folder / 'wav.scp'}", "ark:/dev/null"),
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **_ONE_THREAD})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        lines = (line.split() for line in done.stderr.decode("utf-8", "replace").splitlines())
        return seconds, {names[line[0]]: " ".join(line[1:]) for line in lines if line and line[0] in names}

"""Kaldi's programs as a contestant, if installed: one process per core, each with its share of the utterances."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestants.processes import CommandFailed, Features, make_features
from benchmarks.measuring.turns import Contestant
from benchmarks.models.archives import speech_lengths
from benchmarks.models.subjects import KALDI, Subject
from ov_asr_score.kaldi_model.loading import load_network

FOLDERS = ("nnetbin", "nnet3bin")


def find_program(name: str) -> str | None:
    """The path of a program under ``KALDI_ROOT/src`` or on PATH."""
    root = os.environ.get("KALDI_ROOT")
    folders = [str(Path(root) / "src" / folder) for folder in FOLDERS] if root else []
    return shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")])) if name else None


def write_nnet1(path: Path, subject: Subject) -> Path:
    """``path``, the same network in Kaldi's nnet1 form: alternating affine and sigmoid layers."""
    parts = [b"\0B<Nnet> "]
    width = subject.dim
    for component in load_network(subject.path).components.values():
        if component.type == "SigmoidComponent":
            parts.append(b"<Sigmoid> " + _int(width) + _int(width) + b"<!EndOfComponent> ")
            continue
        weights = np.asarray(component.fields["LinearParams"], "<f4")
        biases = np.asarray(component.fields["BiasParams"], "<f4")
        rates = [("LearnRateCoef", 1.0), ("BiasLearnRateCoef", 1.0), ("MaxNorm", 0.0)]
        parts.append(b"<AffineTransform> " + _int(len(weights)) + _int(width))
        parts += [f"<{token}> ".encode() + b"\4" + struct.pack("<f", value) for token, value in rates]
        parts += [_array(weights), _array(biases), b"<!EndOfComponent> "]
        width = len(weights)
    path.write_bytes(b"".join([*parts, b"</Nnet> "]))
    return path


def kaldi(subject: Subject, folder: Path, frames: int, cores: int) -> Contestant | None:
    """Kaldi on ``frames`` frames in all, chunks of 150; None if its program is not installed."""
    program = find_program(subject.program)
    if program is None:
        return None
    shares = [speech_lengths(frames // cores, seed) for seed in range(cores)]
    parts = [make_features(folder, subject, share, f"kaldi-{frames}-{part}") for part, share in enumerate(shares)]
    if subject.program == "nnet-forward":
        model = write_nnet1(folder / f"{subject.name}.nnet1", subject)
    else:
        model = subject.path
    outputs = [folder / f"kaldi-scores-{part}.ark" for part in range(cores)]
    commands = [
        kaldi_command(subject, program, model, part, output) for part, output in zip(parts, outputs, strict=True)
    ]

    def run() -> tuple[float, float]:
        seconds = run_side_by_side(commands)
        for output in outputs:
            output.unlink()
        return sum(part.frames for part in parts), seconds

    return Contestant(KALDI, run)


def kaldi_command(subject: Subject, program: str, model: Path, features: Features, output: Path) -> list[str]:
    """The command line of one process."""
    command = [program]
    if subject.program == "nnet3-compute":
        command += ["--frames-per-chunk=150", *subject.score_options]
        if features.ivectors is not None:
            command += [f"--ivectors=ark:{features.ivectors}"]
    return [*command, str(model), f"ark:{features.archive}", f"ark:{output}"]


def run_side_by_side(commands: Sequence[Sequence[str]]) -> float:
    """Seconds until the last of the concurrent commands ends; each has one thread. Raises CommandFailed."""
    variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    started = time.perf_counter()
    processes = [
        subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    errors = [process.communicate()[1] for process in processes]
    seconds = time.perf_counter() - started
    for command, process, error in zip(commands, processes, errors, strict=True):
        if process.returncode:
            text = error.decode(errors="replace").strip()[-500:]
            raise CommandFailed(f"{command[0]}: exit code {process.returncode}: {text}")
    return seconds


def _int(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def _array(values: NDArray[np.float32]) -> bytes:
    token = b"FV " if values.ndim == 1 else b"FM "
    return token + b"".join(_int(size) for size in values.shape) + values.tobytes()

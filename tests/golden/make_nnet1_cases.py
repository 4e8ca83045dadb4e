"""Writes the golden cases of nnet1: models of nnet1 with few weights, features, and the scores of Kaldi's nnet-forward.

Run as ``python -m tests.golden.make_nnet1_cases`` with ``nnet-forward`` and ``nnet-copy`` on PATH; names of cases as
arguments make only those. Every case has a seed of its own, made of its name, so that the files come out the same
again; nnet-forward should run with OPENBLAS_NUM_THREADS=1. A folder holds:

- ``model.nnet`` and ``model.nnet.txt``, the binary and the text form, both written by nnet-copy;
- ``old.nnet.txt`` in some: the same model as an older Kaldi spelled it;
- ``input.ark`` (text), ``output.ark`` (float32 in binary, written by nnet-forward), ``case.toml``;
- ``transform.nnet`` and ``counts`` where the options need them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

from tests.golden.nnet1_case import Case, number_of_columns
from tests.golden.nnet1_component_cases import COMPONENT_CASES
from tests.golden.nnet1_network_cases import NETWORK_CASES
from tests.golden.nnet1_odd_cases import ODD_CASES

HERE = Path(__file__).parent / "nnet1"


def main(names: list[str]) -> None:
    """Write the cases of those names, all without names."""
    for case in (*COMPONENT_CASES, *NETWORK_CASES, *ODD_CASES):
        if not names or case.name in names:
            _make(case)


def _make(case: Case) -> None:
    folder = HERE / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = case.text(seed_of(case))
    (folder / "old.nnet.txt").write_text(text)
    _run("nnet-copy", folder, "old.nnet.txt", "model.nnet")
    _run("nnet-copy", folder, "--binary=false", "model.nnet", "model.nnet.txt")
    if case.transform is not None:
        (folder / "transform.nnet.txt").write_text(case.transform(seed_of(case) + 1))
        _run("nnet-copy", folder, "transform.nnet.txt", "transform.nnet")
        (folder / "transform.nnet.txt").unlink()
    if case.counts:
        (folder / "counts").write_text(f"[ {' '.join(map(str, case.counts))} ]\n")
    transform = case.transform(0) if case.transform is not None else ""
    width = number_of_columns(transform + text)
    (folder / "input.ark").write_text(_features(case, width))
    _run("nnet-forward", folder, *case.options, "old.nnet.txt", "ark:input.ark", "ark:output.ark")
    if not case.old:
        (folder / "old.nnet.txt").unlink()
    (folder / "case.toml").write_text(_description(case))


def seed_of(case: Case) -> int:
    """A number that stays the same for a name."""
    return zlib.crc32(case.name.encode())


def _features(case: Case, width: int) -> str:
    random = np.random.default_rng(seed_of(case) + 2)
    lines = []
    for number, length in enumerate(case.lengths, 1):
        # Frames follow each other slowly, as those of speech do.
        frames = random.standard_normal((length, width)) + 0.3 * random.standard_normal(width) + case.mean
        rows = "\n".join("  " + " ".join(f"{value:.4g}" for value in frame) for frame in frames)
        lines.append(f"utt{number}  [\n{rows} ]\n")
    return "".join(lines)


def _description(case: Case) -> str:
    options = ", ".join(f'"{option}"' for option in case.options)
    components = ", ".join(f'"{name}"' for name in case.components)
    lines = ['program = "nnet-forward"', f"options = [{options}]", f"components = [{components}]"]
    if case.reason:
        lines.append(f"# {case.reason}")
    lines.append(f"tolerance = {case.tolerance!r}")
    return "\n".join(lines) + "\n"


def _run(program: str, folder: Path, *arguments: str) -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [program, "--print-args=false", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{folder.name}: {program}: {done.stderr}")


if __name__ == "__main__":
    main(sys.argv[1:])

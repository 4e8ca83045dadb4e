"""The recognizer in models/chain_ivector with a network as wide as those people use, and the same words.

`python -m benchmarks.models.widened FOLDER [--graph GRAPH_DIR]` writes a copy of the directory whose network has about
18 million parameters in place of 0.3 million. Its layers get more units with random weights; what they give is
multiplied with zero wherever the network's own units read it: the scores are the same but for rounding, at the cost of
a large network. The branch that only training needs is left out.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.kaldi_writer import Fields, NetworkWriter
from benchmarks.models.networks import Parameters, nonlinear
from benchmarks.models.subjects import ROOT
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import Component

RECOGNIZER = ROOT / "models/chain_ivector"
WIDTHS = {192: 2560, 48: 288, 64: 256}
"""Of layers, of their bottlenecks, and of those before the output; other widths stay."""

_COUNTED = ("Params", "LinearParams", "BiasParams")
_BEGIN, _END = b"<Nnet3> \n", b"\n\n"
_FIXED = "FixedAffineComponent"


def widen(source: Path, path: Path, widths: dict[int, int] | None = None) -> int:
    """The number of parameters of the network of ``source``, widened and written to ``path`` behind its transitions."""
    network, data = load_network(source), source.read_bytes()
    start = data.index(_BEGIN)
    lines = data[start + len(_BEGIN) : data.index(_END, start)].decode().splitlines()
    writer = NetworkWriter([line for line in lines if "xent" not in line])
    parameters = Parameters(23)
    count = 0
    for component in network.components.values():
        if "xent" not in component.name:
            fields = _widened(component, parameters, WIDTHS if widths is None else widths)
            writer.components.append((component.name, component.type, fields))
            count += sum(value.size for token, value in fields if token in _COUNTED and isinstance(value, np.ndarray))
    left, right = network.stored_contexts or (0, 0)
    raw = path.with_suffix(".raw")
    writer.write(raw)
    ends = b"".join(
        f"<{token}> ".encode() + b"\4" + value.to_bytes(4, "little")
        for token, value in (("LeftContext", left), ("RightContext", right))
    )
    path.write_bytes(data[:start] + raw.read_bytes()[len(b"\0B") :] + ends + b"<Priors> FV \4\0\0\0\0")
    raw.unlink()
    return count


def _widened(component: Component, parameters: Parameters, widths: dict[int, int]) -> Fields:
    """The fields of a component with more units: random, and without any influence on those that were there."""
    fields = component.fields

    def wide(width: int) -> int:
        return widths.get(width, width)

    def vector(token: str) -> NDArray[np.float32]:
        return np.asarray(fields[token], np.float32)

    kind = component.type
    if kind == _FIXED:
        return [("LinearParams", vector("LinearParams")), ("BiasParams", vector("BiasParams"))]
    if kind in ("RectifiedLinearComponent", "GeneralDropoutComponent", "NoOpComponent"):
        dim = wide(int(fields["Dim"]))  # type: ignore[arg-type]
        if kind == "NoOpComponent":
            return [("Dim", dim), ("BackpropScale", 1.0)]
        return nonlinear(dim) if kind == "RectifiedLinearComponent" else parameters.dropout(dim)
    if kind == "BatchNormComponent":
        own = vector("StatsMean")
        made = parameters.batch_norm(wide(len(own)))
        kept = {"StatsMean": own, "StatsVar": vector("StatsVar")}
        return [(token, _begun(value, kept[token]) if token in kept else value) for token, value in made]
    token = "Params" if kind == "LinearComponent" else "LinearParams"
    matrix = vector(token)
    offsets = [int(each) for each in fields["TimeOffsets"]] if kind == "TdnnComponent" else [0]  # type: ignore[union-attr]
    inputs, rows = matrix.shape[1] // len(offsets), wide(len(matrix))
    columns = wide(inputs)
    has_bias = kind != "LinearComponent" and len(vector("BiasParams")) > 0
    if kind == "TdnnComponent":
        made = parameters.tdnn(rows, columns, offsets, bias=has_bias)
    else:
        made = parameters.linear(rows, columns) if kind == "LinearComponent" else parameters.affine(rows, columns)
    widened: Fields = []
    for name, value in made:
        if name == token and isinstance(value, np.ndarray):
            blocks = value.reshape(rows, len(offsets), columns)
            blocks[: len(matrix)] = 0
            blocks[: len(matrix), :, :inputs] = matrix.reshape(len(matrix), len(offsets), inputs)
        elif name == "BiasParams" and has_bias:
            widened.append((name, _begun(value, vector(name))))
            continue
        widened.append((name, value))
    return widened


def _begun(value: object, own: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector with ``own`` in front."""
    made = np.array(value, np.float32)
    made[: len(own)] = own
    return made


def write_recognizer(folder: Path, graph: Path | None = None) -> int:
    """The number of parameters of the recognizer in ``folder``: the bundled one, widened, with another graph."""
    shutil.copytree(RECOGNIZER, folder, dirs_exist_ok=True)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if graph is not None:
        shutil.rmtree(folder / "graph")
        shutil.copytree(graph, folder / "graph")
    return widen(RECOGNIZER / "final.mdl", folder / "final.mdl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the recognizer, and print its size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models.widened", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--graph", type=Path, metavar="GRAPH_DIR", help="in place of the bundled one of 26 words")
    options = parser.parse_args(arguments)
    print(f"{write_recognizer(options.folder, options.graph):,} parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes data/kaldi_figures.json: random small chain examples, and what nnet3-chain-compute-prob logs for them.

    python -m tests.egs.chain.make_kaldi_figures [number of examples] [FILE] [seed]

nnet3-init and nnet3-chain-compute-prob of Kaldi and fstcompile of OpenFst must be on PATH. The model's output is its
input, so that the features of an example are its scores; output-xent is the log-softmax of them. Some examples are
such that Kaldi stops at them: their figures are null.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent / "data" / "kaldi_figures.json"
FIGURE = re.compile(r"log-probability for '([\w-]+)' is (\S+)(?: \+ (\S+) = \S+)? per frame, over (\S+) frames")
MODEL = """input-node name=input dim={pdfs}
component name=log_softmax type=LogSoftmaxComponent dim={pdfs}
component-node name=log_softmax component=log_softmax input=input
output-node name=output input=input
output-node name=output-xent input=log_softmax
"""


def random_case(rng: np.random.Generator) -> dict[str, Any]:
    """One example and the graph of its denominator, as text."""
    pdfs, frames, sequences = (int(rng.integers(*limits)) for limits in ((2, 6), (2, 6), (1, 4)))
    is_end_to_end = bool(rng.random() < 0.5)
    if is_end_to_end:
        fsts = [_looped(rng, pdfs) for _ in range(sequences)]
    else:
        fsts = [_timed(rng, pdfs, frames * sequences + int(rng.choice([0, 0, 0, 0, 0, 0, -1, 1])))]
    scores = np.round(rng.normal(0, rng.choice([1, 3, 15]), (frames, sequences, pdfs)), 3)
    if rng.random() < 0.1:
        scores.flat[rng.integers(scores.size, size=2)] = rng.choice([np.nan, np.inf], 2)  # it cannot read -inf in text
    return {
        "scores": [[[str(value) for value in row] for row in frame] for frame in scores],
        "weight": float(rng.choice([1.0, 1.0, 0.5, 0.25, 2.0])),
        "is_end_to_end": is_end_to_end,
        "fsts": fsts,
        "denominator": _looped(rng, pdfs),
        "leaky_hmm_coefficient": float(rng.choice([1e-5, 0.1, 0.5])),
        "l2_regularize": float(rng.choice([0.0, 5e-5, 0.01])),
    }


def _weight(rng: np.random.Generator) -> str:
    return str(round(float(rng.normal(0.7, 0.6)), 3))


def _label(rng: np.random.Generator, pdfs: int) -> str:
    label = int(rng.integers(1, pdfs + 1)) if rng.random() < 0.997 else int(rng.choice([0, pdfs + 1]))
    return f"{label}\t{label}"


def _timed(rng: np.random.Generator, pdfs: int, length: int) -> str:
    """Automaton in which all paths have ``length`` arcs; seldom not quite."""
    sizes = [1, *rng.integers(1, 4, max(length, 1))]
    first = np.cumsum([0, *sizes])
    lines, finals = [], []
    for time, size in enumerate(sizes[:-1]):
        targets = list(range(first[time + 1], first[time + 2]))
        sources = [int(rng.integers(size)) for _ in targets] + [int(rng.integers(size)) for _ in range(2)]
        chosen = targets + [int(rng.choice(targets)) for _ in range(2)]
        pairs = sorted(zip(sources, chosen, strict=True))
        if rng.random() < 0.003:
            pairs[0] = (pairs[0][0], 0)
        lines += [f"{first[time] + source}\t{to}\t{_label(rng, pdfs)}\t{_weight(rng)}" for source, to in pairs]
    finals = [f"{state}\t{_weight(rng)}" for state in range(first[-2], first[-1]) if rng.random() < 0.8]
    return "\n".join([*lines, *(finals or [f"{first[-2]}"])])


def _looped(rng: np.random.Generator, pdfs: int) -> str:
    """Automaton with loops; the first state, in which it starts, is not always state 0."""
    states = int(rng.integers(1, 5))
    order = list(range(states))
    if rng.random() < 0.3:
        rng.shuffle(order)
    lines = []
    for state in order:
        targets = rng.choice(states, size=int(rng.integers(1, 4)))
        lines += [f"{state}\t{to}\t{_label(rng, pdfs)}\t{_weight(rng)}" for to in targets]
    return "\n".join(lines + [f"{state}\t{_weight(rng)}" for state in order if rng.random() < 0.6])


def example_text(case: dict[str, Any]) -> str:
    """The example as a text archive of Kaldi."""
    scores = np.array(case["scores"])
    frames, sequences, pdfs = scores.shape
    indexes = "".join(f"<I1> {n} {t} 0 " for t in range(frames) for n in range(sequences))
    rows = "\n".join("  " + " ".join(row) for row in scores.reshape(-1, pdfs))
    automata = "".join(f"\n{fst}\n\n" for fst in case["fsts"])
    kind = f"<End2End> T <Fsts> {automata}</Fsts>" if case["is_end_to_end"] else f"<End2End> F {automata}"
    return (
        f"eg <Nnet3ChainEg> <NumInputs> 1 \n<NnetIo> input <I1V> {frames * sequences} {indexes} [\n{rows} ]\n"
        "</NnetIo> \n"
        f"<NumOutputs> 1 \n<NnetChainSup> output <I1V> {frames * sequences} {indexes}<Supervision> "
        f"<Weight> {case['weight']} <NumSequences> {sequences} <FramesPerSeq> {frames} <LabelDim> {pdfs} {kind} "
        "</Supervision> <DW2>  [ ]\n</NnetChainSup> \n</Nnet3ChainEg> "
    )


def figures_of_kaldi(case: dict[str, Any], folder: Path) -> dict[str, list[str]] | None:
    """What Kaldi logs for the example: log-probability, l2 term and weight of each output; ``None`` if it stops."""
    pdfs = len(case["scores"][0][0])
    model = folder / f"{pdfs}.raw"
    if not model.exists():
        (folder / "config").write_text(MODEL.format(pdfs=pdfs))
        subprocess.run(["nnet3-init", folder / "config", model], check=True, capture_output=True)
    (folder / "eg").write_text(example_text(case))
    (folder / "den.txt").write_text(case["denominator"] + "\n")
    subprocess.run(["fstcompile", folder / "den.txt", folder / "den.fst"], check=True)
    options = [f"--{name.replace('_', '-')}={case[name]}" for name in ("leaky_hmm_coefficient", "l2_regularize")]
    command = ["nnet3-chain-compute-prob", "--xent-regularize=0.1", *options, str(model), str(folder / "den.fst")]
    done = subprocess.run([*command, f"ark,t:{folder / 'eg'}"], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return {match[1]: [match[2], match[3] or "0", match[4]] for match in FIGURE.finditer(done.stderr)}


def main() -> None:
    """Write the file."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else FILE
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 20)
    cases = [random_case(rng) for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            case["figures"] = figures_of_kaldi(case, Path(folder))
    target.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()

"""Writes data/figures.json: what Kaldi's compute-prob programs log for random examples of the golden models.

    python -m tests.egs.make_kaldi_figures

nnet3-compute-prob and nnet-compute-prob of Kaldi must be on PATH. The figures of a model are null if Kaldi stops.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path

from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.loading import load_network
from tests.egs.example_texts import (
    GOLDEN,
    NNET2,
    NNET3,
    XVECTORS,
    nnet2_examples,
    nnet3_examples,
    with_softmax,
    xvector_examples,
)

FILE = Path(__file__).parent / "data" / "figures.json"
NNET3_LINE = re.compile(r"Overall ([\w-]+) for '(\S+)' is (\S+) per frame, over (\S+) frames")
NNET2_LINE = re.compile(r"average probability is (\S+) and accuracy is (\S+) with total weight (\S+)\n")

Figures = dict[str, dict[str, tuple[str, str]]]


def golden_model(generation: str, name: str) -> Path:
    """The model file of a golden case."""
    return next(path for path in sorted((GOLDEN / generation / name).iterdir()) if path.suffix in (".raw", ".mdl"))


def nnet3_figures(model: str | Path, examples: str) -> Figures | None:
    """For each output what its log lines are called and their two numbers."""
    run = subprocess.run(["nnet3-compute-prob", str(model), examples], capture_output=True, text=True, check=False)
    figures: Figures = {}
    for what, name, figure, frames in NNET3_LINE.findall(run.stderr):
        figures.setdefault(name, {})[what] = (figure, frames)
    return figures or None


def nnet2_figures(model: str | Path, examples: str) -> Figures | None:
    """The same for the only output of nnet2."""
    run = subprocess.run(["nnet-compute-prob", str(model), examples], capture_output=True, text=True, check=False)
    found = NNET2_LINE.findall(run.stderr)
    if not found:
        return None
    probability, accuracy, weight = found[-1]
    return {"output": {"probability": (probability, weight), "accuracy": (accuracy, weight)}}


def nnet2_model(name: str) -> str:
    """The text of a golden model of nnet2 that ends in a softmax."""
    path = GOLDEN / "nnet2" / name / "model.txt"
    return with_softmax(path.read_text(), node_dim(load_network(path), "output"))


def main() -> None:
    """Make the file."""
    acoustic = (GOLDEN / "nnet2/acoustic_model/model.txt").read_text()
    transitions = acoustic[: acoustic.index("<Nnet>")]
    found: dict[str, dict[str, Figures | None]] = {"nnet2": {}, "nnet3": {}, "xvectors": {}}
    with tempfile.TemporaryDirectory() as folder:
        egs, mdl = Path(folder) / "egs", Path(folder) / "mdl"
        for name in NNET3:
            model = golden_model("nnet3", name)
            egs.write_text(nnet3_examples(load_network(model), name))
            found["nnet3"][name] = nnet3_figures(model, f"ark:{egs}")
        for name in XVECTORS:
            model = golden_model("xvectors", name)
            egs.write_text(xvector_examples(load_network(model), name))
            found["xvectors"][name] = nnet3_figures(model, f"ark:{egs}")
        for name in NNET2:
            text = nnet2_model(name)
            mdl.write_text(text if text.startswith("<TransitionModel>") else f"{transitions}{text} [ ]\n")
            egs.write_text(nnet2_examples(load_network(mdl), name))
            found["nnet2"][name] = nnet2_figures(mdl, f"ark:{egs}")
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

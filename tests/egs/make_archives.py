"""Writes binary archives of examples into data/, made by Kaldi's programs, and archives.json with what Kaldi logs.

    python -m tests.egs.make_archives

nnet3-get-egs, nnet3-merge-egs, nnet3-copy-egs, nnet3-compute-prob, nnet-get-egs, nnet-copy-egs, nnet-compute-prob,
ali-to-phones and the nnet3-chain programs of Kaldi must be on PATH.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.loading import load_network
from tests.egs.example_texts import GOLDEN
from tests.egs.make_kaldi_figures import Figures, nnet2_figures, nnet3_figures

DATA = Path(__file__).parent / "data"
FILE = DATA / "archives.json"
ROOT = Path(__file__).parents[2]
# The first frames of the bundled utterances are enough.
UTTERANCES = 3
MODELS = {
    "ivectors": GOLDEN / "nnet3/ivectors/model.raw",
    "merged": GOLDEN / "nnet3/ivectors/model.raw",
    "full": GOLDEN / "nnet3/ivectors/model.raw",
    "recurrent": GOLDEN / "nnet3/lstm_of_parts/model.raw",
    "tdnn": ROOT / "models/nnet3_tdnn/final.mdl",
    "nnet2": GOLDEN / "nnet2/acoustic_model/model.mdl",
}


def run(*command: object) -> None:
    """Run a program of Kaldi."""
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def posteriors(features: str, pdfs: int, path: Path) -> str:
    """A table of random posteriors for the frames of ``features``; labels are mostly one class."""
    chance = random.Random(features)
    with path.open("w") as file:
        for key, matrix in read_table(features):
            frames = []
            for _ in range(len(matrix)):
                pdf = int(chance.random() * pdfs)
                soft = chance.random() < 0.2
                frames.append(f"[ {pdf} 0.75 {(pdf + 1) % pdfs} 0.25 ]" if soft else f"[ {pdf} 1 ]")
            file.write(f"{key} {' '.join(frames)}\n")
    return f"ark,t:{path}"


def main() -> None:
    """Make all files."""
    work = DATA / "work"
    work.mkdir(parents=True)
    figures: dict[str, Figures | None] = {}

    def nnet3(name: str, features: str, *options: str, compress: bool = True) -> None:
        network = load_network(MODELS[name])
        labels = posteriors(features, node_dim(network, "output"), work / "post")
        pdfs = f"--num-pdfs={node_dim(network, 'output')}"
        target = f"ark:{DATA / name}.egs"
        run("nnet3-get-egs", pdfs, f"--compress={str(compress).lower()}", *options, features, labels, target)

    ivectors = GOLDEN / "nnet3/ivectors"
    online = work / "ivectors"
    with online.open("w") as file:
        for key, vector in read_table(f"ark:{ivectors}/ivector.ark"):
            file.write(f"{key} [\n{' '.join(map(str, vector))} ]\n")
    given = f"--online-ivectors=ark,t:{online}"
    contexts = ("--online-ivector-period=100", "--left-context=4", "--right-context=5", "--num-frames=5")
    nnet3("ivectors", f"ark:{ivectors}/input.ark", given, *contexts)
    nnet3("full", f"ark:{ivectors}/input.ark", given, *contexts, compress=False)
    run("nnet3-merge-egs", "--minibatch-size=1:4", f"ark:{DATA}/ivectors.egs", f"ark:{DATA}/merged.egs")
    recurrent = GOLDEN / "nnet3/lstm_of_parts/input.ark"
    nnet3("recurrent", f"ark:{recurrent}", "--left-context=9", "--left-context-initial=3", "--num-frames=7,4")
    first = work / "first.ark"
    with first.open("w") as file:
        for key, matrix in list(read_table(f"ark:{ROOT}/data/kaldi/hires.ark"))[:UTTERANCES]:
            rows = "\n".join(" ".join(f"{value:.5g}" for value in row) for row in matrix[:20])
            file.write(f"{key} [\n{rows} ]\n")
    nnet3("tdnn", f"ark:{first}", "--left-context=16", "--right-context=12", "--num-frames=8")
    model = GOLDEN / "nnet2/acoustic_model"
    network = load_network(MODELS["nnet2"])
    labels = posteriors(f"ark:{model}/input.ark", node_dim(network, "output"), work / "post")
    nnet2 = ("--left-context=6", "--right-context=6", f"ark:{model}/input.ark", labels, f"ark:{DATA}/nnet2.egs")
    run("nnet-get-egs", *nnet2)
    for name, path in MODELS.items():
        program = "nnet-copy-egs" if name == "nnet2" else "nnet3-copy-egs"
        if name != "tdnn":
            run(program, f"ark:{DATA / name}.egs", f"ark,t:{DATA / name}.txt")
        judge = nnet2_figures if name == "nnet2" else nnet3_figures
        figures[name] = judge(path, f"ark:{DATA / name}.egs")
    FILE.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    for left in work.iterdir():
        left.unlink()
    work.rmdir()


if __name__ == "__main__":
    main()

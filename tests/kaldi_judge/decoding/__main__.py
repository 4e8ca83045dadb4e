"""Has Kaldi's decoders judge the search, and prints how often both find the same words and transition-ids.

Run as ``python -m tests.kaldi_judge.decoding --kaldi FOLDER --runs 100`` with Kaldi's programs in FOLDER, for the graph
of the tests, or with ``--graph``, ``--model`` and ``--scores`` for another. In each run beams, limits, scales,
noise and cuts are random; best paths are compared with decode-faster-mapped, those of lattices with
latgen-faster-mapped (without a minimum of active states, which lattices here do not have).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ov_asr_score.kaldi_io import read_table
from tests.decoding.kaldi_decodings import FOLDER
from tests.kaldi_judge.decoding.judging import (
    VERDICTS,
    Program,
    kaldis,
    open_subject,
    ours,
    random_options,
    random_scores,
    verdict,
)
from tests.places import ROOT


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.decoding", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--graph", type=Path, default=FOLDER / "HCLG.fst")
    parser.add_argument("--model", type=Path, default=ROOT / "models/nnet3_chain_tdnnf/final.mdl")
    parser.add_argument("--scores", type=Path, default=ROOT / "data/kaldi/nnet3_chain_tdnnf.ark")
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 0.3, 0.1], help="acoustic scales")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print each utterance on which both differ")
    options = parser.parse_args(arguments)
    subject = open_subject(options.model.resolve(), options.graph.resolve())
    scores = dict(read_table(f"ark:{options.scores.resolve()}"))
    kaldi = options.kaldi.resolve()
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number in range(options.runs):
            random = np.random.default_rng((options.seed, number))
            for_lattice = number % 2 == 1
            program: Program = "latgen-faster-mapped" if for_lattice else "decode-faster-mapped"
            search = random_options(random, options.scales, for_lattice)
            changed = random_scores(random, scores)
            theirs, found = kaldis(kaldi, program, subject, search, changed), ours(subject, search, changed)
            for key in changed:
                judged = verdict(found.get(key), theirs.get(key))
                counts[program, judged] += 1
                if options.show and judged not in ("equal", "none by both"):
                    print(f"{number} {key}: {judged}\n  {search}\n  ours {found.get(key)}\n  Kaldi {theirs.get(key)}")
        os.chdir(ROOT)
    for judged in VERDICTS:
        by_program = [counts[program, judged] for program in ("decode-faster-mapped", "latgen-faster-mapped")]
        print(f"{judged:20} {by_program[0]:8} {by_program[1]:8}")


if __name__ == "__main__":
    main()

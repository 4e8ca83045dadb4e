"""Random lists of phrases on a graph, judged by OpenFst's fstcompose and Kaldi's latgen-faster-mapped.

Run as ``python -m tests.kaldi_judge.phrases --kaldi FOLDER --runs 20 --seed 7``: the words of the bundled scores must
be those that latgen-faster-mapped finds in the graph composed with the acceptor of the phrases. The beam is wide: with
a narrow one, words depend on how the states of a graph are merged, as here they are and by fstcompose they are not.
OpenFst's programs must be on PATH.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.phrases.phrase_graph import restrict_graph
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.decoding.search import decode
from ov_asr_score.errors import UsageError
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.settings.words.decoding import DecodingOptions

_ROOT = Path(__file__).parents[2]
_MODEL = _ROOT / "models" / "chain_ivector"
_SCORES = f"ark:{_ROOT}/data/speech/kaldi_scores.ark"
_BEAM = 200.0


def main() -> int:
    """Judge, and print what differs; exit code 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.phrases", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="folder of Kaldi's programs")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--graph", type=Path, default=_MODEL / "graph", help="folder with HCLG.fst and words.txt")
    parser.add_argument("--scores", default=_SCORES, help="scores of the bundled model")
    arguments = parser.parse_args()
    equal = total = 0
    for run in range(arguments.runs):
        chance = random.Random(f"{arguments.seed} {run}")
        same, of = _judged(arguments, chance)
        if same < of:
            print(f"run {run}: {of - same} of {of} utterances differ")
        equal, total = equal + same, total + of
    print(f"{equal} of {total} utterances have the words of Kaldi")
    return int(equal < total)


def _judged(arguments: argparse.Namespace, chance: random.Random) -> tuple[int, int]:
    """How many utterances have the same words, and how many there are."""
    graph, symbols = open_graph(arguments.graph / "HCLG.fst"), read_symbols(arguments.graph / "words.txt")
    used = sorted(set(graph.fst.olabels[graph.fst.olabels > 0].tolist()))
    known = chance.sample(used, min(len(used), chance.choice((2, 5, 20))))
    phrases = {tuple(chance.choices(known, k=chance.choice((1, 1, 2, 3, 5)))) for _ in range(chance.randint(1, 30))}
    repeat = chance.random() < 0.5
    transitions = load_transitions(_MODEL / "final.mdl")
    texts = [" ".join(map(symbols.text, phrase)) for phrase in phrases]
    scores = dict(read_table(arguments.scores))
    try:
        made = restrict_graph(graph, symbols, PhraseOptions(texts, repeat=repeat)).graph.fst
    except UsageError:
        made = None
    with tempfile.TemporaryDirectory() as folder:
        by_kaldi = _by_kaldi(arguments, Path(folder), phrases, repeat)
    if made is None:  # Kaldi may have the empty path alone
        return sum(not by_kaldi.get(key) for key in scores), len(scores)
    searched = make_graph("phrases", made, transitions.pdfs, transitions.num_pdfs)
    options = DecodingOptions(beam=_BEAM, decoding_scale=1.0)
    same = 0
    for key, rows in scores.items():
        path = decode(searched, options, key, rows).path
        same += (None if path is None else path.words.tolist()) == by_kaldi.get(key)
    return same, len(scores)


def _by_kaldi(
    arguments: argparse.Namespace, folder: Path, phrases: set[tuple[int, ...]], repeat: bool
) -> dict[str, list[int]]:
    """The words of each utterance that has some path, by its key."""
    lines, num_states, ends = [], 1, {0}
    for phrase in sorted(phrases):
        state = 0
        for place, word in enumerate(phrase, 1):
            target = 0 if repeat and place == len(phrase) else num_states
            num_states += target > 0
            lines.append(f"{state} {target} {word}")
            state = target
        ends.add(state)
    (folder / "phrases.txt").write_text("\n".join([*lines, *map(str, sorted(ends))]) + "\n")
    made = (
        f"fstcompile --acceptor {folder}/phrases.txt | fstarcsort > {folder}/phrases.fst; "
        f"fstconvert --fst_type=vector {arguments.graph}/HCLG.fst | fstarcsort --sort_type=olabel - | "
        f"fstcompose - {folder}/phrases.fst | fstconnect - | fstconvert --fst_type=const - > {folder}/graph.fst"
    )
    subprocess.run(["bash", "-o", "pipefail", "-ec", made], check=True)
    program = str(arguments.kaldi / "latgen-faster-mapped")
    options = ["--acoustic-scale=1.0", f"--beam={_BEAM}", "--lattice-beam=1"]
    files = [_MODEL / "final.mdl", folder / "graph.fst", arguments.scores, "ark:/dev/null", f"ark,t:{folder}/words"]
    subprocess.run([program, *options, *map(str, files)], check=False, capture_output=True)
    rows = ((folder / "words").read_text().splitlines()) if (folder / "words").exists() else []
    return {line.split()[0]: [int(word) for word in line.split()[1:]] for line in rows}


if __name__ == "__main__":
    sys.exit(main())

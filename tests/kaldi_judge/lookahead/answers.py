"""What both sides find in a lookahead pair."""

from __future__ import annotations

import re
from pathlib import Path

from ov_asr_score.decoding.token_passing.search_graph import compose_pair
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.fst.lookahead_graph import open_lookahead_pair
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.lattice.word_lattice import determinize
from tests.kaldi_judge.decoding.answers import Answers, Scored, ask_n_best, read_table
from tests.kaldi_judge.decoding.making import NUM_BEST
from tests.kaldi_judge.lookahead.making import MODEL, PASSING, Case, transitions
from tests.kaldi_judge.programs import NO_END, run_program


def write_passing_network(folder: Path, programs: Path) -> Path:
    """Write a model of Kaldi whose network gives its features as scores."""
    width = transitions().num_pdfs
    (folder / "passing.config").write_text(
        f"input-node name=input dim={width}\noutput-node name=output input=input objective=linear\n"
    )
    for command in (
        ("nnet3-init", "passing.config", "passing.raw"),
        ("nnet3-am-init", str(MODEL), "passing.raw", PASSING),
    ):
        done = run_program(programs, command, folder)
        if done.code:
            raise RuntimeError(f"{command[0]}: {done.lines}")
    return folder / PASSING


def kaldi_answers(case: Case, programs: Path, passing: Path) -> Answers:
    """Words, alignments, costs and n best of nnet3-latgen-faster-lookahead."""
    answers = Answers()

    def ran(*command: str) -> bool:
        done = run_program(programs, command, case.folder)
        answers.said += [*done.complaints] or [line for line in done.lines if line == NO_END]
        for key, value in re.findall(r"for utterance (\S+) is (\S+) over", "\n".join(done.lines)):
            answers.costs[key] = -float(value) * len(case.utterances[key])
        answers.code = answers.code or done.code
        return done.code == 0

    files = ("ark:scores.ark", "ark:lat.ark", "ark,t:kaldi.words", "ark,t:kaldi.ali")
    pair = ("HCLr.fst", "Gr.fst", "disambig_tid.int")
    options = (*case.kaldi_options, "--determinize-lattice=false")
    ran("nnet3-latgen-faster-lookahead", *options, str(passing), *pair, *files)
    answers.words, answers.alignments = (read_table(case.folder / f"kaldi.{name}") for name in ("words", "ali"))
    scale = f"--acoustic-scale={case.scale}"
    beam = f"--beam={case.options.lattice_beam}"
    if answers.words and ran("lattice-determinize-pruned", scale, beam, "ark:lat.ark", "ark:det.ark"):
        ask_n_best(ran, case.folder, scale, "det.ark", answers)
    return answers


def our_answers(case: Case) -> Answers:
    """The same of our search, which gets the scores in pieces."""
    answers = Answers()
    pair = open_lookahead_pair(case.folder / "HCLr.fst", case.folder / "Gr.fst")
    symbols = [int(symbol) for symbol in (case.folder / "disambig_tid.int").read_text().split()]
    graph = compose_pair("pair", pair.hclr, pair.model, transitions().pdfs, transitions().num_pdfs, symbols)
    for key, scores in case.utterances.items():
        search = UtteranceSearch(graph, case.options, True)
        for first in range(0, len(scores), case.piece or len(scores)):
            search.advance(scores[first : first + (case.piece or len(scores))])
            search.best_path(False)
        decoded = search.finish(key)
        if decoded.path is None or decoded.lattice is None:
            answers.said += [f"{key}: {text}" for text in decoded.warnings]
            continue
        path = decoded.path
        answers.words[key] = tuple(map(str, path.words.tolist()))
        answers.alignments[key] = tuple(map(str, path.alignment.tolist()))
        answers.costs[key] = path.graph_cost + case.scale * path.acoustic_cost
        scales = Scales(case.scale)
        words = determinize(decoded.lattice, scales, case.options.lattice_beam or 10.0)
        answers.nbest[key] = [
            Scored(tuple(map(str, each.words.tolist())), each.graph_cost, each.acoustic_cost)
            for each in n_best(words.lattice, NUM_BEST, scales)
        ]
    return answers

"""The judge of decoding: cases are the same for the same seed, and what differs is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.fst.graph_file import open_graph
from tests.kaldi_judge.decoding.answers import Answers, Scored, TimedWord, our_answers
from tests.kaldi_judge.decoding.graphs import Arc, Graph, write_graph
from tests.kaldi_judge.decoding.judging import Finding, judge
from tests.kaldi_judge.decoding.making import KINDS, Case, Given, given_case, random_case
from tests.places import ROOT

_PROGRAMS = ("latgen-faster-mapped", "decode-faster-mapped", "linear-to-nbest", "lattice-to-nbest", "nbest-to-linear")
_OTHERS = ("lattice-1best", "lattice-align-words", "nbest-to-ctm", "lattice-to-ctm-conf", "lattice-add-penalty")
_FORMS = ("lattice-copy", "lattice-minimize", "lattice-push")


@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_the_same_for_the_same_seed(kind: str, tmp_path: Path) -> None:
    for number in range(4):
        first, second = (random_case([kind], 3, number, tmp_path / f"{name}{number}") for name in "ab")
        assert (first.kaldi_options, first.our_options, first.text) == (
            second.kaldi_options,
            second.our_options,
            second.text,
        )
        for path in first.folder.rglob("*"):
            if path.is_file():
                assert path.read_bytes() == (second.folder / path.relative_to(first.folder)).read_bytes()


@pytest.mark.parametrize("kind", ["const", "vector"])
def test_graphs_that_are_written(kind: str, tmp_path: Path) -> None:
    arcs = [Arc(1, 0, 3, 0, 0.5), Arc(0, 1, 0, 7, 1.5), Arc(0, 2, 4, 5, -1.0)]
    write_graph(Graph(arcs, {2: 0.25}, 3), tmp_path / "g.fst", kind)
    fst = open_graph(tmp_path / "g.fst").fst
    assert fst.first_arcs.tolist() == [0, 2, 3, 3]
    assert (fst.ilabels.tolist(), fst.olabels.tolist()) == ([0, 4, 3], [7, 5, 0])
    assert fst.weights.tolist() == [1.5, -1.0, 0.5] and fst.next_states.tolist() == [1, 2, 0]
    assert fst.final_weights.tolist() == [np.inf, np.inf, 0.25]


@pytest.mark.parametrize("kind", KINDS)
def test_a_decoding_that_is_given(kind: str, tmp_path: Path) -> None:
    speech = ROOT / "data" / "speech"
    folder = ROOT / "models" / "chain_ivector"
    model, graph = folder / "final.mdl", folder / "graph" / "HCLG.fst"
    given = Given(model, graph, graph.with_name("words.txt"), speech / "kaldi_scores.ark")
    cases = [given_case(given, kind, 1, number, tmp_path / f"{number}") for number in range(6)]
    for case in cases:
        answers = our_answers(case)
        assert answers.faults == [] and set(answers.words) <= set(case.utterances)
        assert all(word.isdigit() for words in answers.words.values() for word in words)
    assert any(answers.words for answers in map(our_answers, cases))


def recorded(case: Case, folder: Path, answers: Answers, code: int = 0) -> Path:
    """A folder with programs that say what ``answers`` has."""
    folder.mkdir()

    def table(name: str, rows: dict[str, tuple[str, ...]]) -> None:
        (folder / name).write_text("".join(f"{key} {' '.join(rest)}\n" for key, rest in rows.items()))

    def ctm(name: str, words: dict[str, list[TimedWord]]) -> None:
        lines = [f"{key} 1 {w.start} {w.duration} {w.word} {w.confidence}\n" for key in words for w in words[key]]
        (folder / name).write_text("".join(lines))

    table("words", answers.words)
    table("ali", answers.alignments)
    best = {f"{key}-{n}": path for key, paths in answers.nbest.items() for n, path in enumerate(paths, 1)}
    table("nbest.words", {key: path.words for key, path in best.items()})
    table("nbest.lm", {key: (str(path.graph + case.penalty * len(path.words)),) for key, path in best.items()})
    table("nbest.ac", {key: (str(path.acoustic),) for key, path in best.items()})
    ctm("ctm", answers.times)
    ctm("confidences", answers.confidences)
    ctm("consensus", answers.consensus)
    log = "".join(
        f"LOG Log-like per frame for utterance {key} is {-cost / len(case.utterances[key])!r} over 1 frames.\n"
        for key, cost in answers.costs.items()
    )
    (folder / "log").write_text(log)
    decode = f"cp {folder}/words {folder}/ali .; cat {folder}/log >&2; exit {code}"
    scripts = {
        "latgen-faster-mapped": decode,
        "decode-faster-mapped": decode,
        "nbest-to-linear": f'case "$*" in *1best*) cp {folder}/ali 1best.ali;; *) cp {folder}/nbest.* .;; esac',
        "nbest-to-ctm": f"cp {folder}/ctm .",
        "lattice-to-ctm-conf": f'case "$*" in *mbr=true*) cp {folder}/consensus conf.ctm;; '
        f"*) cp {folder}/confidences conf.ctm;; esac",
    }
    for name in (*_PROGRAMS, *_OTHERS, *_FORMS):
        (folder / name).write_text(f"#!/bin/sh\n{scripts.get(name, '')}\n")
        (folder / name).chmod(0o755)
    return folder


def odd(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(each.thing, each.verdict, each.key) for each in findings if each.verdict not in ("equal", "both refuse")}


def test_what_differs_is_seen(tmp_path: Path) -> None:
    case = random_case(["lattice"], 5, 73, tmp_path / "case")
    ours = our_answers(case)
    key = "u1"
    assert case.has_times and case.penalty and ours.words[key] and len(ours.nbest[key]) > 1
    assert odd(judge(case, recorded(case, tmp_path / "same", ours))) == set()

    def judged(name: str, **changes: Any) -> set[tuple[str, str, str]]:
        changed = replace(ours, **changes)
        return odd(judge(case, recorded(case, tmp_path / name, changed)))

    other = ours.words | {key: ("39",)}
    assert ("words", "tie", key) in judged("tie", words=other)
    dearer = ours.costs | {key: ours.costs[key] + 1}
    assert ("words", "differ", key) in judged("words", words=other, costs=dearer)
    assert judged("cost", costs=dearer) == {("cost", "differ", key)}
    first = ours.times[key][0]
    later = ours.times | {key: [first._replace(start=first.start + 0.05), *ours.times[key][1:]]}
    assert judged("times", times=later) == {("times", "differ", key)}
    best = [*ours.nbest[key][:-1], Scored(("38",), ours.nbest[key][0].graph, ours.nbest[key][0].acoustic)]
    assert ("n best", "differ", key) in judged("nbest", nbest=ours.nbest | {key: best})
    unsure = [each._replace(confidence=each.confidence - 0.03) for each in ours.consensus[key]]
    assert judged("sure", consensus=ours.consensus | {key: unsure}) == {("consensus", "differ", key)}
    fewer = {each: words for each, words in ours.words.items() if each != key}
    assert ("words", "only we", key) in judged("only_we", words=fewer)
    more = next(each for each in case.utterances if each not in ours.words)
    assert judged("only_kaldi", words=ours.words | {more: ("1",)}) == {("words", "only Kaldi", more)}
    assert ("words", "Kaldi ended", key) in odd(
        judge(case, recorded(case, tmp_path / "end", replace(ours, words=fewer), 134))
    )

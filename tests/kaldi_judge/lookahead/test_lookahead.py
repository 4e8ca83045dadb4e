"""The judge of lookahead pairs: what differs is seen; where OpenFst's programs are, cases are the same for a seed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.decoding.token_passing.small_pairs import CHAIN, FOLDER
from tests.kaldi_judge.decoding.answers import Answers, Scored
from tests.kaldi_judge.lookahead.judging import AGREE, Finding, judge, without_limits
from tests.kaldi_judge.lookahead.language_models import UNSPOKEN, random_language_model
from tests.kaldi_judge.lookahead.lexicons import random_lexicon, without_symbols
from tests.kaldi_judge.lookahead.making import KINDS, Case, random_case, transitions
from tests.places import ROOT

PROGRAMS = ("nnet3-latgen-faster-lookahead", "lattice-determinize-pruned", "lattice-to-nbest", "nbest-to-linear")


def test_lexicons() -> None:
    last = transitions().num_transition_ids
    for seed in range(6):
        graph, again = (random_lexicon(np.random.default_rng(seed), transitions(), 10, 11) for _ in "ab")
        assert graph.arcs == again.arcs and 0 in graph.finals
        assert {arc.word for arc in graph.arcs} - {0, 11} == set(range(1, 11))
        assert [arc for arc in graph.arcs if arc.word == 11] == [
            arc for arc in graph.arcs if arc.source == arc.target == 0
        ]
        left = {arc.source for arc in graph.arcs}
        assert all(arc.target in left for arc in graph.arcs)
        assert max(arc.transition_id for arc in without_symbols(graph, transitions()).arcs) <= last
    assert any(arc.transition_id > last for arc in graph.arcs)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_language_models(order: int) -> None:
    for seed in range(6):
        lines = [line.split("\t") for line in random_language_model(np.random.default_rng(seed), 5, order, 6)]
        arcs = [(int(line[0]), int(line[1]), int(line[2]), int(line[3])) for line in lines if len(line) == 5]
        assert {olabel for _, _, _, olabel in arcs} - {UNSPOKEN + 6, UNSPOKEN + 7} <= set(range(6))
        backing = {source: target for source, target, ilabel, _ in arcs if ilabel == 6}
        states = {source for source, *_ in arcs} | {int(line[0]) for line in lines}
        assert len(states) - len(backing) == 1  # all but the context of no words
        assert (order == 1) == (not backing)
        keys = [(source, ilabel) for source, _, ilabel, _ in arcs]
        assert len(set(keys)) == len(keys)


def has_openfst() -> bool:
    """Whether lookahead pairs can be made."""
    if shutil.which("fstconvert") is None or shutil.which("bash") is None:
        return False
    kinds = "fstcompile </dev/null | fstconvert --fst_type=olabel_lookahead - - | fstconvert --fst_type=ngram"
    done = subprocess.run(["bash", "-c", kinds], check=False, capture_output=True)
    return b"Unknown FST type" not in done.stderr


@pytest.mark.skipif(not has_openfst(), reason="needs OpenFst's programs and its lookahead and ngram types")
@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_the_same_for_the_same_seed(kind: str, tmp_path: Path) -> None:
    for number in range(2):
        first, second = (random_case([kind], 3, number, tmp_path / f"{name}{number}") for name in "ab")
        assert (first.kaldi_options, first.text, first.piece) == (second.kaldi_options, second.text, second.piece)
        for name in ("HCLr.fst", "Gr.fst", "scores.ark", "disambig_tid.int"):
            assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def given_case(folder: Path) -> Case:
    """The pair of the fixtures, with some of the scores of the bundled speech."""
    folder.mkdir()
    for name in ("HCLr.fst", "Gr.fst", "disambig_tid.int"):
        shutil.copyfile(FOLDER / name, folder / name)
    scores = dict(list(read_table(f"ark:{ROOT}/data/speech/kaldi_scores.ark"))[:3])
    options = replace(CHAIN, lattice_beam=8.0, decoding_scale=0.2)
    return Case("const", folder, MappingProxyType(scores), options, ("--beam=13",), 8, "given")


def recorded(case: Case, folder: Path, answers: Answers, wide: Answers | None = None) -> Path:
    """A folder with programs that say what ``answers`` has, and ``wide`` where limits are wide."""
    folder.mkdir()
    for name, said in (("narrow", answers), ("wide", wide or answers)):
        at = folder / name
        at.mkdir()
        best = {f"{key}-{n}": path for key, paths in said.nbest.items() for n, path in enumerate(paths, 1)}
        tables: dict[str, dict[str, Any]] = {
            "kaldi.words": said.words,
            "kaldi.ali": said.alignments,
            "nbest.words": {key: path.words for key, path in best.items()},
            "nbest.lm": {key: (str(path.graph),) for key, path in best.items()},
            "nbest.ac": {key: (str(path.acoustic),) for key, path in best.items()},
        }
        for table, rows in tables.items():
            (at / table).write_text("".join(f"{key} {' '.join(rest)}\n" for key, rest in rows.items()))
        lines = [
            f"Log-like per frame for utterance {k} is {-c / len(case.utterances[k])!r} over"
            for k, c in said.costs.items()
        ]
        (at / "log").write_text("\n".join([*lines, *said.said]) + "\n")
    scripts = {
        PROGRAMS[0]: f'case "$*" in *beam=60*) from=wide;; *) from=narrow;; esac; echo $from >{folder}/now; '
        f"cp {folder}/$from/kaldi.* .; cat {folder}/$from/log >&2",
        PROGRAMS[3]: f"cp {folder}/$(cat {folder}/now)/nbest.* .",
    }
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\n{scripts.get(name, '')}\n")
        (folder / name).chmod(0o755)
    return folder


def odd(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(each.thing, each.verdict, each.key) for each in findings if each.verdict != "equal"}


def test_what_differs_is_seen(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    from tests.kaldi_judge.lookahead.answers import our_answers

    case = given_case(tmp_path / "case")
    ours, passing = our_answers(case), tmp_path / "none"
    key, other_key, _ = ours.words
    assert ours.words[key] and len(ours.nbest[key]) > 1

    def judged(name: str, wide: Answers | None = None, **changes: Any) -> set[tuple[str, str, str]]:
        return odd(judge(case, recorded(case, tmp_path / name, replace(ours, **changes), wide), passing))

    assert judged("same") == set()
    other = ours.words | {key: ("9",)}
    assert judged("tie", words=other) == {("words", "tie", key)}
    dearer, cheaper = (ours.costs | {key: ours.costs[key] + change} for change in (1, -1))
    assert judged("cheaper", words=other, costs=dearer) == {("words", "cheaper", key)}
    assert judged("dearer", words=other, costs=cheaper) == {("words", "dearer", key)}
    unlimited = our_answers(without_limits(case))
    assert judged("limits", unlimited, words=other, costs=cheaper) == {("words", "limits", key)}
    assert judged("cost", costs=dearer) == {("cost", "differ", key)}
    said = [f"WARNING (x) Outputting partial output for utterance {key} since no final-state reached"]
    assert judged("partial", costs=dearer, said=said) == {("cost", "partial", key)}
    best = [*ours.nbest[key][:-1], Scored(("8",), ours.nbest[key][0].graph, ours.nbest[key][0].acoustic)]
    assert judged("nbest", nbest=ours.nbest | {key: best}) == {("n best", "differ", key)}
    assert judged("ended", nbest={each: paths for each, paths in ours.nbest.items() if each != key}) == {
        ("n best", "Kaldi ended", key)
    }
    fewer = {each: words for each, words in ours.words.items() if each != other_key}
    assert judged("only_we", words=fewer) == {("words", "only we", other_key)}
    assert not {"dearer", "differ", "only we", "only Kaldi", "fault"} & set(AGREE)
    (case.folder / "Gr.fst").write_bytes(b"damaged")
    assert {each[1] for each in judged("fault")} == {"fault"}

"""The judge of recognition: cases are the same for the same seed, and what differs is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kaldi_judge.recognition.answers import Words, our_words
from tests.kaldi_judge.recognition.judging import AGREE, judge
from tests.kaldi_judge.recognition.making import KINDS, Case, Kind, random_case

PROGRAMS = {
    "live": "online2-wav-nnet3-latgen-faster",
    "whole": "online2-wav-nnet3-latgen-faster",
    "experiment": "nnet3-latgen-faster",
}
BEFORE = ("compute-mfcc-feats", "ivector-extract-online2")


@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_the_same_for_the_same_seed(kind: Kind, tmp_path: Path) -> None:
    for number in range(3):
        first, second = (random_case(kind, 3, number, tmp_path / f"{name}{number}") for name in "ab")
        assert (first.text, first.speakers) == (second.text, second.speakers)
        for path in first.folder.glob("*.wav"):
            assert path.read_bytes() == (second.folder / path.name).read_bytes()
    others = [random_case(kind, 4, number, tmp_path / f"c{number}") for number in range(3)]
    assert len({case.text for case in others}) == 3


def recorded(case: Case, folder: Path, words: Words, other_kernels: Words | None = None) -> Path:
    """A folder with programs that say these words, and other ones with other kernels."""
    folder.mkdir()
    for name, said in (("words", words), ("others", words if other_kernels is None else other_kernels)):
        (folder / name).write_text("".join(f"{key} {text}\n" for key, text in said.items()))
    script = f'case "$OPENBLAS_CORETYPE" in Cooperlake) cat {folder}/words;; *) cat {folder}/others;; esac >&2'
    for name in (*BEFORE, PROGRAMS[case.kind]):
        (folder / name).write_text(f"#!/bin/sh\n{script if name not in BEFORE else ''}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_what_differs_is_seen(kind: Kind, tmp_path: Path) -> None:
    case = random_case(kind, 3, 5, tmp_path / "case")
    (ours,) = our_words(case).values()
    keys = list(ours)
    assert keys == [key for part in case.speakers.values() for key in part] and any(ours.values())

    def judged(name: str, words: Words, other_kernels: Words | None = None) -> list[str]:
        found = judge(case, recorded(case, tmp_path / name, words, other_kernels))
        return [each.verdict for each in found]

    assert set(judged("same", ours)) == {"equal"}
    changed = ours | {keys[0]: "something else"}
    assert judged("differ", changed)[0] == "differ"
    assert judged("near", changed, ours)[0] == "near"
    fewer = {key: text for key, text in ours.items() if key != keys[0]}
    assert judged("only_we", fewer)[0] == "only we"
    (case.folder / "model/final.mdl").write_bytes(b"damaged")
    assert set(judged("fault", ours)) == {"fault"}
    assert "differ" not in AGREE

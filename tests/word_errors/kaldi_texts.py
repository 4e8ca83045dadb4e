"""Texts beside what compute-wer and compute-wer-bootci say of them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "kaldi_speech" / "word_errors"
MODELS = sorted(path.stem for path in FOLDER.glob("nnet*.hyp"))


def kaldi_text(name: str) -> dict[str, tuple[str, ...]]:
    """The words of every utterance in a file of the folder."""
    lines = [line.split() for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]
    return {key: tuple(words) for key, *words in lines}

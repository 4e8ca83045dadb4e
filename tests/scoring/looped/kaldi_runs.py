"""Utterances through a looped model, as Kaldi's programs take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ov_asr_score.scoring.looped.looped_model import LoopedModel
from ov_asr_score.scoring.looped.utterance import FloatMatrix, LoopedRequest, LoopedUtterance
from tests.places import ROOT

STORED = ROOT / "tests" / "kaldi_speech" / "looped"
ASKED = ROOT / "tests" / "kaldi_speech" / "ivector" / "asked"
CHAIN = ROOT / "models" / "chain_ivector" / "final.mdl"

IvectorOf = Callable[[str, LoopedUtterance], FloatMatrix]


@dataclass(frozen=True)
class Piece:
    """After a piece of sound: frames and rows of scores that were ready, and the i-vectors asked for then, by frame."""

    frames: int
    rows: int
    ivectors: tuple[tuple[int, FloatMatrix], ...]


def read_asked(name: str) -> dict[str, list[Piece]]:
    """What Kaldi's online decoding of each utterance asked for."""
    pieces: dict[str, list[Piece]] = {}
    key = ""
    for line in (ASKED / f"{name}.ivectors.txt").read_text().splitlines():
        words = line.split()
        if words[0] == "ivector":
            last = pieces[key][-1]
            asked = int(words[1].removeprefix("t=")), np.array(words[3:-1], np.float32)
            pieces[key][-1] = Piece(last.frames, last.rows, (*last.ivectors, asked))
        elif words[0] != "#":
            key = words[0]
            pieces.setdefault(key, []).append(Piece(int(words[2]), int(words[3]), ()))
    return pieces


def score_together(
    model: LoopedModel, features: Mapping[str, FloatMatrix], ivector: IvectorOf | None = None, most_chunks: int = 1
) -> dict[str, FloatMatrix]:
    """The scores of whole utterances, one request of each at a time."""
    utterances = {key: model.begin() for key in features}
    scores: dict[str, list[FloatMatrix]] = {key: [] for key in features}
    for key, utterance in utterances.items():
        utterance.accept(features[key])
        utterance.finish()
    while True:
        keys, requests = [], []
        for key, utterance in utterances.items():
            request = utterance.next_chunk(most_chunks)
            if request is not None:
                keys.append(key)
                requests.append(request if ivector is None else request.with_ivector(ivector(key, utterance)))
        if not requests:
            break
        for key, rows in zip(keys, model.run(requests), strict=True):
            scores[key].append(rows)
    return {key: joined(rows) for key, rows in scores.items()}


def score_alone(model: LoopedModel, features: FloatMatrix, ivectors: Sequence[FloatMatrix] = ()) -> FloatMatrix:
    """The scores of one utterance, chunk by chunk; ``ivectors`` are those of its chunks."""
    given = iter(ivectors)
    return score_together(model, {"": features}, (lambda key, utterance: next(given)) if ivectors else None)[""]


def joined(rows: Sequence[FloatMatrix]) -> FloatMatrix:
    return np.concatenate(list(rows))


def golden_model(name: str) -> Path:
    folder = ROOT / "tests" / "golden" / "nnet3" / name
    return next(path for path in (folder / "model.raw", folder / "model.mdl") if path.is_file())


def asks_nothing(request: LoopedRequest | None) -> LoopedRequest:
    """The request of a network without i-vectors."""
    assert request is not None and request.ivector_frame is None
    return request

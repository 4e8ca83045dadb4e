"""Files of CTC models that are damaged: tokens, language models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ov_asr_score.decoding.ctc.arpa import load_arpa
from ov_asr_score.decoding.ctc.tokens import load_tokens

Read = Callable[[Path], None]

_ROOT = Path(__file__).parents[2]


def ctc_subjects() -> Iterator[tuple[str, Path, Read]]:
    """Kind, file and what reads it."""
    yield "ctc", _ROOT / "data" / "conv_ctc" / "vocab.txt", _read_tokens
    yield "ctc", _ROOT / "tests" / "decoding" / "ctc" / "trigrams.arpa", _score_words


def _read_tokens(path: Path) -> None:
    tokens = load_tokens(str(path))
    tokens.words.words(range(len(tokens.texts)))


def _score_words(path: Path) -> None:
    model = load_arpa(str(path))
    history = model.start()
    for word in ("a", "b", "c", "other"):
        _, history = model.score(history, word)
    model.end(history)

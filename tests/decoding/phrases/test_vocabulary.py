from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.fst.symbols import SymbolTable

TEXTS = ["<eps>", "light", "kitchen", "Turn", "off", "#0", "<s>", "</s>"]
VOCABULARY = Vocabulary(SymbolTable("words.txt", dict(enumerate(TEXTS))), np.array([0, 1, 2, 3, 5]))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("lihgt", "'lihgt' is not in words.txt; did you mean 'light'?"),
        ("turn", "'turn' is not in words.txt; did you mean 'Turn'?"),
        ("KITCHEN", "'KITCHEN' is not in words.txt; did you mean 'kitchen'?"),
        ("xyzzy", "'xyzzy' is not in words.txt"),
        ("off", "'off' is on no arc of the graph"),
        ("<eps>", "'<eps>' is not in words.txt"),
        ("#0", "'#0' is not in words.txt"),
        ("<s>", "'<s>' is not in words.txt"),
        ("a\nb", r"'a\nb' is not in words.txt"),
    ],
)
def test_unknown_words_are_named(word: str, said: str) -> None:
    assert VOCABULARY.number(word) is None
    assert VOCABULARY.unknown(["light", word, word]) == said


def test_known_words() -> None:
    assert [VOCABULARY.number(word) for word in ("light", "kitchen", "Turn")] == [1, 2, 3]
    assert VOCABULARY.has(1)
    assert not VOCABULARY.has(0)
    assert not VOCABULARY.has(4)


def test_similar_words_are_looked_for_a_few_times_only() -> None:
    vocabulary = Vocabulary(SymbolTable("w", {1: "light"}), np.array([1]))
    words = [f"light{number}" for number in range(30)]
    assert not any(map(vocabulary.number, words))
    said = vocabulary.all_unknown()
    assert len(said) == 30
    assert said[0].endswith("did you mean 'light'?")
    assert said[-1] == "'light29' is not in w"

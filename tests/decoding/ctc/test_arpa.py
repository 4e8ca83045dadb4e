"""Tests of language models in ARPA form, against the definition of backoff."""

from __future__ import annotations

import gzip
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.decoding.ctc.arpa import ArpaModel, load_arpa
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError

Grams = dict[tuple[str, ...], tuple[float, float]]

TRIGRAMS = (Path(__file__).parent / "trigrams.arpa").read_text(encoding="utf-8")


def load(tmp_path: Path, text: str | bytes) -> ArpaModel:
    path = tmp_path / "lm.arpa"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_arpa(str(path))


def grams_of(text: str) -> Grams:
    """The n-grams of a sound file, read in the plainest way: log10 of probability and backoff."""
    grams: Grams = {}
    order = 0
    for line in text.splitlines():
        if line.endswith("-grams:"):
            order = int(line[1 : line.index("-")])
        elif order and line and not line.startswith("\\"):
            columns = line.split()
            backoff = float(columns[order + 1]) if len(columns) > order + 1 else 0.0
            grams[tuple(columns[1 : order + 1])] = (float(columns[0]), backoff)
    return grams


def by_definition(grams: Grams, history: tuple[str, ...], word: str) -> float:
    """log10 p(word | history)."""
    if (*history, word) in grams:
        return grams[(*history, word)][0]
    if not history:
        return grams[("<unk>",)][0] if ("<unk>",) in grams else -100.0
    return grams.get(history, (0.0, 0.0))[1] + by_definition(grams, history[1:], word)


def check(model: ArpaModel, grams: Grams, sentence: tuple[str, ...]) -> None:
    """All words of a sentence have the probability that the definition gives for the whole history."""
    state = model.start()
    history: tuple[str, ...] = ("<s>",)
    for word in sentence:
        score, state = model.score(state, word)
        known = word if (word,) in grams else "<unk>"
        assert score == pytest.approx(by_definition(grams, history[-model.order + 1 :], known) * math.log(10), abs=1e-5)
        history = (*history, known)
    expected = by_definition(grams, history[-model.order + 1 :] if model.order > 1 else (), "</s>")
    assert model.end(state) == pytest.approx(expected * math.log(10), abs=1e-5)


def test_all_short_sentences(tmp_path: Path) -> None:
    model, grams = load(tmp_path, TRIGRAMS), grams_of(TRIGRAMS)
    assert (model.order, model.knows("a"), model.knows("d")) == (3, True, False)
    for length in range(5):
        for sentence in itertools.product(["a", "b", "c", "d"], repeat=length):
            check(model, grams, sentence)


def random_model(seed: int, order: int) -> str:
    """A model of which any n-grams are missing, also contexts of others."""
    random = np.random.default_rng(seed)
    words = ["<s>", "</s>", "<unk>", *"uvwxyz"]
    sections = []
    for length in range(1, order + 1):
        grams = [
            gram for gram in itertools.product(words, repeat=length) if length == 1 or random.random() < 0.3**length
        ]
        order_of_lines = random.permutation(len(grams))
        lines = [
            f"{-random.random() * 3:.4f}\t{' '.join(grams[place])}"
            + (f"\t{-random.random():.4f}" if length < order and random.random() < 0.7 else "")
            for place in order_of_lines
        ]
        sections.append(lines)
    counts = "".join(f"ngram {length}={len(lines)}\n" for length, lines in enumerate(sections, 1))
    bodies = "".join(f"\\{length}-grams:\n" + "\n".join(lines) + "\n\n" for length, lines in enumerate(sections, 1))
    return f"\\data\\\n{counts}\n{bodies}\\end\\\n"


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_random_models(tmp_path: Path, order: int) -> None:
    text = random_model(order, order)
    model, grams = load(tmp_path, gzip.compress(text.encode())), grams_of(text)
    random = np.random.default_rng(9)
    for _ in range(100):
        check(model, grams, tuple(random.choice([*"uvwxyz", "other"], random.integers(0, 8)).tolist()))


def test_without_unknown_words(tmp_path: Path) -> None:
    model = load(tmp_path, "\\data\\\nngram 1=2\n\\1-grams:\n-1 a\n-0.5 b\n\\end\\\n")
    for word, expected in (("a", -1), ("b", -0.5), ("c", -100)):
        score, history = model.score((), word)
        assert score == pytest.approx(expected * math.log(10))
        assert history == ()
    assert (model.start(), model.end(())) == ((), 0.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\\data\\", "\\date\\", r"expected a line \\data\\ of a language model in ARPA form, found none"),
        ("ngram 1=6\nngram 2=5\nngram 3=3\n", "", r"line 5: expected counts of n-grams .* found '.*1-grams:'"),
        ("ngram 3=3", "ngram 30=3", r"line 8: expected counts of n-grams"),
        ("\\2-grams:", "\\3-grams:", r"line 16: expected a probability, 1 words and a backoff, found '.*3-grams:'"),
        ("-0.7\ta\t-0.3", "-0.7\ta\t-0.3\t1", "line 12: expected a probability, 1 words and a backoff"),
        ("-0.1\t<s> a b", "-0.1\t<s> a b\t-1", "line 24: expected a probability, 3 words, found"),
        ("-0.1\t<s> a b", "-0.1\t<s> a", "line 24: expected a probability, 3 words, found"),
        ("-0.6\ta b", "x\ta b", "line 18: expected a log-probability, found 'x'"),
        ("-0.6\ta b", "nan\ta b", "line 18: expected a log-probability, found 'nan'"),
        ("a b\t-0.2", "a b\t1_0", "line 18: expected a backoff, found '1_0'"),
        ("-0.6\ta b", "-0.6\ta e", "line 18: expected words that are among the 1-grams, found 'e'"),
        ("-0.9\tb", "-0.9\ta", "line 13: expected another word, found 'a' again"),
        ("-0.5\tb a", "-0.5\ta b", "line 19: expected another n-gram, found one that the file has already"),
        ("ngram 2=5", "ngram 2=4", "line 21: expected 4 2-grams, as the beginning of the file says, found more"),
        ("\n\\end\\\n", "", r"line 26: expected .*end.*, found the end of the file"),
    ],
)
def test_bad_lines(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(TableFormatError, match=message) as caught:
        load(tmp_path, TRIGRAMS.replace(old, new, 1))
    assert "\n" not in str(caught.value)
    assert "lm.arpa: " in str(caught.value)


def test_fewer_than_announced_as_kaldi_takes_it(tmp_path: Path) -> None:
    assert load(tmp_path, TRIGRAMS.replace("ngram 3=3", "ngram 3=9")).order == 3


def test_every_cut_is_refused(tmp_path: Path) -> None:
    whole = TRIGRAMS.encode()
    for end in range(len(whole) - 2):
        with pytest.raises(OvAsrScoreError):
            load(tmp_path, whole[:end])
    packed = gzip.compress(whole)
    for end in range(0, len(packed), 3):
        with pytest.raises(OvAsrScoreError):
            load(tmp_path, packed[:end])


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        load_arpa(str(tmp_path / "nothing.arpa"))

"""Backoff language models in ARPA form: probabilities of words after others, as the file defines them.

Sources: lm/arpa-file-parser.cc (lines that Kaldi takes), the format's own definition (SRILM, ngram-format(5)):
``p(w | h)`` is that of the n-gram ``h w`` if there is one, else ``backoff(h) * p(w | h')``, where ``h'`` is ``h``
without its first word, and the backoff of what is no n-gram is 1.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.text import clipped

History: TypeAlias = tuple[int, ...]

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
_UNKNOWNS = (UNKNOWN, "<UNK>")
_NO_PROBABILITY = -100.0  # log10; what KenLM gives to words that a model without <unk> does not know
_MOST_ORDERS = 20
_MOST_REMEMBERED = 1 << 18
_COUNT = re.compile(r"ngram[ \t]+([0-9]{1,9})[ \t]*=[ \t]*([0-9]{1,18})")


@dataclass(slots=True, eq=False)
class _Order:
    """N-grams of one length, numbered: sorted keys of context and last word, with the numbers that belong to them."""

    keys: NDArray[np.int64]
    numbers: NDArray[np.int64]
    probs: NDArray[np.float32]  # log10, by number; NaN for contexts that are no n-grams themselves
    backoffs: NDArray[np.float32]  # log10, by number

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers that belong to keys, -1 for those that are not there."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.numbers[places], -1)

    def add(self, keys: NDArray[np.int64], probs: NDArray[np.float32], backoffs: NDArray[np.float32]) -> None:
        """Number further n-grams, none of which is there."""
        numbers = np.concatenate([self.numbers, len(self.probs) + np.arange(len(keys))])
        all_keys = np.concatenate([self.keys, keys])
        order = np.argsort(all_keys, kind="stable")
        self.keys, self.numbers = all_keys[order], numbers[order]
        self.probs = np.concatenate([self.probs, probs])
        self.backoffs = np.concatenate([self.backoffs, backoffs])


def _empty_order() -> _Order:
    return _Order(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))


@dataclass(slots=True, eq=False)
class ArpaModel:
    """A language model; histories are numbers of words, at most as many as count. ``name`` is its file."""

    name: str
    word_ids: dict[str, int] = field(default_factory=dict)
    orders: list[_Order] = field(default_factory=list)
    unknown: int = -1
    _remembered: dict[tuple[History, int], tuple[float, History]] = field(default_factory=dict)

    @property
    def order(self) -> int:
        """Words of the longest n-grams."""
        return len(self.orders)

    def start(self) -> History:
        """The history of the first word of a sentence."""
        return self._cut((self.word_ids[START],)) if START in self.word_ids else ()

    def score(self, history: History, word: str) -> tuple[float, History]:
        """The natural logarithm of the word's probability, and the history of the next word.

        A word that the model does not know is ``<unk>``; without that, its probability is 1e-100.
        """
        return self._score(history, self.word_ids.get(word, self.unknown))

    def end(self, history: History) -> float:
        """The natural logarithm of the probability that the sentence ends; 0 for a model without ``</s>``."""
        return self._score(history, self.word_ids[END])[0] if END in self.word_ids else 0.0

    def knows(self, word: str) -> bool:
        """Whether it is one of the model's words."""
        return word in self.word_ids

    def _score(self, history: History, word: int) -> tuple[float, History]:
        if word < 0:
            return _NO_PROBABILITY * math.log(10), ()
        found = self._remembered.get((history, word))
        if found is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            found = (self._log10(history, word) * math.log(10), self._cut((*history, word)))
            self._remembered[history, word] = found
        return found

    def _log10(self, history: History, word: int) -> float:
        backoff = 0.0
        for first in range(len(history) + 1):
            number = self._number((*history[first:], word))
            if number >= 0 and not math.isnan(prob := float(self.orders[len(history) - first].probs[number])):
                return backoff + prob
            context = self._number(history[first:])
            if context >= 0:
                backoff += float(self.orders[len(history) - first - 1].backoffs[context])
        return _NO_PROBABILITY

    def _cut(self, words: History) -> History:
        """The last words that are the context of an n-gram, or have a backoff."""
        words = words[max(0, len(words) - self.order + 1) :]
        while words and self._number(words) < 0:
            words = words[1:]
        return words

    def _number(self, words: History) -> int:
        """The number of an n-gram, -1 if it is none."""
        number = 0
        for order, word in zip(self.orders, words, strict=False):
            number = int(order.find(np.array([number * len(self.word_ids) + word]))[0])
            if number < 0:
                return -1
        return number if words else -1


def load_arpa(path: str, *, allow_commands: bool = False) -> ArpaModel:
    """The model in a file, which may be gzipped.

    Raises FileAccessError, and TableFormatError with the line of what is none of the format.
    """
    with open_stream(path, allow_commands=allow_commands) as stream:
        return _ArpaReader(stream.name, (line for _, line in stream.lines())).parse()


class _ArpaReader:
    """Lines of an ARPA file, one after the other."""

    def __init__(self, name: str, lines: Iterator[bytes]) -> None:
        self.name = name
        self.number = 0
        self._lines = lines

    def error(self, expected: str, found: str) -> TableFormatError:
        return TableFormatError(f"{self.name}: line {self.number}: expected {expected}, found {found}")

    def next(self) -> str | None:
        """The next line that is not empty, without blanks at its ends; None at the end of the file."""
        for line in self._lines:
            self.number += 1
            text = line.decode("utf-8", "surrogateescape").strip(" \t\r\n")
            if text:
                return text
        return None

    def parse(self) -> ArpaModel:
        line = self.next()
        while line is not None and line != "\\data\\":
            line = self.next()
        if line is None:
            raise TableFormatError(
                f"{self.name}: expected a line \\data\\ of a language model in ARPA form, found none"
            )
        counts: dict[int, int] = {}
        while (line := self.next()) is not None and not line.startswith("\\"):
            if match := _COUNT.fullmatch(line):  # Kaldi passes over other lines, too
                counts[int(match[1])] = int(match[2])
        highest = max(counts, default=0)
        if not 1 <= highest <= _MOST_ORDERS:
            raise self.error("counts of n-grams (ngram 1=…) before this line", clipped(line or "none"))
        model = ArpaModel(self.name)
        for order in range(1, highest + 1):
            if line != f"\\{order}-grams:":
                raise self.error(f"\\{order}-grams:", "the end of the file" if line is None else clipped(line))
            line = self._read_order(model, order, highest, counts.get(order, 0))
        if line != "\\end\\":
            raise self.error("\\end\\", "the end of the file" if line is None else clipped(line))
        return model

    def _read_order(self, model: ArpaModel, order: int, highest: int, count: int) -> str | None:
        """Add the n-grams of a section to the model; the line behind it."""
        ids, numbers, lines = array("q"), array("d"), array("q")  # lists of as many numbers would take four times more
        known = model.word_ids
        while (line := self.next()) is not None and line not in (f"\\{order + 1}-grams:", "\\end\\"):
            columns = line.replace("\t", " ").split(" ")
            if "" in columns:
                columns = [column for column in columns if column]
            given = len(columns) - order - 1
            if given not in (0, 1) or (given and order == highest):
                raise self.error(
                    f"a probability, {order} words{' and a backoff' if order < highest else ''}", clipped(line)
                )
            numbers.append(self._logarithm(columns[0], "a log-probability"))
            numbers.append(self._logarithm(columns[-1], "a backoff") if given else 0.0)
            for word in columns[1 : order + 1]:
                if order == 1:
                    if word in known:
                        raise self.error("another word", f"{clipped(word)} again")
                    known[word] = len(known)
                elif word not in known:
                    raise self.error("words that are among the 1-grams", clipped(word))
                ids.append(known[word])
            lines.append(self.number)
            if len(lines) > count:
                raise self.error(f"{count} {order}-grams, as the beginning of the file says", "more")
        if order == 1:
            model.unknown = next((known[word] for word in _UNKNOWNS if word in known), -1)
        words = np.array(ids, np.int64).reshape(-1, order)
        self._add(model, words, np.array(numbers, np.float32).reshape(-1, 2), lines)
        return line

    def _logarithm(self, text: str, what: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value) or value == math.inf or "_" in text:
            raise self.error(what, clipped(text))
        return max(value, 2 * _NO_PROBABILITY)  # -inf would make NaN of sums

    def _add(
        self, model: ArpaModel, words: NDArray[np.int64], values: NDArray[np.float32], lines: Sequence[int]
    ) -> None:
        width = len(model.word_ids)
        contexts = np.zeros(len(words), np.int64)
        for place in range(words.shape[1] - 1):
            keys = contexts * width + words[:, place]
            order = model.orders[place]
            missing = np.unique(keys[order.find(keys) < 0])
            if missing.size:  # pruned: the context of an n-gram, but none itself
                order.add(missing, np.full(len(missing), np.nan, np.float32), np.zeros(len(missing), np.float32))
            contexts = order.find(keys)
        keys = contexts * width + words[:, -1]
        unique, first = np.unique(keys, return_index=True)
        if len(unique) < len(keys):
            again = int(np.setdiff1d(np.arange(len(keys)), first)[0])
            self.number = lines[again]
            raise self.error("another n-gram", "one that the file has already")
        added = _empty_order()
        added.add(keys, values[:, 0], values[:, 1])
        model.orders.append(added)

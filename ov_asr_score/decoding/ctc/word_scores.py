"""What a language model of words says of the prefixes of a search.

Tests: tests/decoding/ctc/test_prefix_beam.py
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.decoding.ctc.arpa import ArpaModel, History
from ov_asr_score.decoding.ctc.word_rules import WordRule


@dataclass(frozen=True, slots=True)
class WordPrefix:
    """Where a prefix stands: the history behind its last whole word, and the tokens of the word after that.

    ``closing`` is what is added to the score when that word ends: 0 while it has no text.
    """

    history: History
    tokens: tuple[int, ...]
    closing: float
    closed_history: History


@dataclass(frozen=True, slots=True, eq=False)
class WordScores:
    """``weight`` (alpha) times the natural logarithm of each word's probability, plus ``bonus`` (beta) for each word.

    Source: Hannun, Maas, Jurafsky, Ng (2014), First-Pass Large Vocabulary Continuous Speech Recognition using
    Bi-Directional Recurrent DNNs: p(l|x) * p_lm(l)^alpha * |W(l)|^beta, here with beta as the logarithm of a factor
    for each word, as in later decoders; and with the probability of the end of the sentence.
    """

    rule: WordRule
    model: ArpaModel
    weight: float
    bonus: float

    def root(self) -> WordPrefix:
        """The empty prefix."""
        return self._prefix(self.model.start(), ())

    def extended(self, prefix: WordPrefix, token: int, begins: bool) -> WordPrefix:
        """The prefix with a token behind it; ``begins`` says whether it ends the word before."""
        history, tokens = (prefix.closed_history, ()) if begins else (prefix.history, prefix.tokens)
        if self.rule.silent[token]:
            return prefix if not begins else self._prefix(history, tokens)
        return self._prefix(history, (*tokens, token))

    def end(self, prefix: WordPrefix) -> float:
        """What is added at the end of the utterance: the last word, and the end of the sentence."""
        return prefix.closing + self.weight * self.model.end(prefix.closed_history)

    def _prefix(self, history: History, tokens: tuple[int, ...]) -> WordPrefix:
        closing, closed = 0.0, history
        for word in self.rule.split(tokens):
            score, closed = self.model.score(closed, word)
            closing += self.weight * score + self.bonus
        return WordPrefix(history, tokens, closing, closed)

"""Grammars as vosk takes them: a JSON array of phrases, whose words may be said in any order.

vosk makes a bigram model of the phrases and composes it with the graph, and so does this package. Graphs with a
language model inside (HCLG) do not let it: for those it says so and recognizes all words. Here the graph is restricted.

Source: vosk-api, src/recognizer.cc (``UpdateGrammarFst``, ``SetGrm``).
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Container

from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.recognition.phrases import UNKNOWN
from ov_asr_score.text import clipped

logger = logging.getLogger(__name__)


def parse_grammar(text: str) -> tuple[str, ...]:
    """The phrases of a JSON array of texts; none for ``[]`` and for what is no array, with a warning as vosk's.

    Raises UsageError for an array of anything but texts.
    """
    try:
        phrases = json.loads(text)
    except (ValueError, RecursionError):
        phrases = None
    if not isinstance(phrases, list):
        logger.warning("grammar: expected a JSON array of texts, found %.40r; all words are recognized", text)
        return ()
    for phrase in phrases:
        if not isinstance(phrase, str):
            raise UsageError(f"grammar: expected a JSON array of texts, found {json.dumps(phrase)[:40]} in it")
    return tuple(phrases)


def grammar_options(phrases: tuple[str, ...], known: Container[str]) -> PhraseOptions | None:
    """What restricts a graph to the words of ``phrases``, in any order; None without phrases.

    Words that are not ``known`` are left out, with a warning. Phrases are preferred to other sequences of their words
    by what a bigram model that backs off to words would prefer them: the logarithm of the number of words, for each
    word but the first. The language model of the graph counts besides. Raises UsageError if no word is left.
    """
    if not phrases:
        return None
    lists = [[word for word in phrase.split() if _is_known(word, known)] for phrase in phrases]
    words = tuple(dict.fromkeys(word for words in lists for word in words))
    if not words:
        raise UsageError("grammar: expected a word that the model knows, found none")
    gain = math.log(len(words))
    boost = {" ".join(each): gain * (len(each) - 1) for each in lists if len(each) > 1 and UNKNOWN not in each}
    whole = (" ".join(each) for each in lists if each)
    return PhraseOptions(tuple(dict.fromkeys((*whole, *words))), repeat=True, boost=tuple(boost.items()))


def bigram_options(phrases: tuple[str, ...]) -> PhraseOptions | None:
    """What gives a lookahead pair the bigram model of ``phrases``; None without phrases."""
    return PhraseOptions(phrases, bigrams=True) if phrases else None


def _is_known(word: str, known: Container[str]) -> bool:
    if word == UNKNOWN or word in known:
        return True
    logger.warning("grammar: the model does not know the word %s, which is left out", clipped(word))
    return False

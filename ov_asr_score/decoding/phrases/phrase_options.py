"""What is restricted and preferred, as it is read from settings and files or given by Python callers.

Tests: tests/decoding/phrases/test_phrase_files.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ov_asr_score.decoding.phrases.expressions import Grammar
from ov_asr_score.fst.reading import Fst
from ov_asr_score.settings.recognition.phrases import DEFAULT_UNKNOWN_COST, Boost


@dataclass(frozen=True, slots=True, eq=False)
class WordAcceptor:
    """An automaton of OpenFst whose labels are numbers of words."""

    source: str
    fst: Fst


@dataclass(frozen=True, slots=True)
class PhraseOptions:
    """Phrases and grammars together restrict what an utterance may be; without any, all words may be said.

    An utterance is one phrase, or as many as wanted with ``repeat``, or nothing. In ``phrases``, ``[unk]`` stands for
    one or more other words; each of them is recognized as ``[unk]`` and costs ``unknown_cost``. ``boost`` lowers the
    costs of words and phrases.

    With ``bigrams``, which takes a lookahead pair, the words of ``phrases`` may be said in any order, at the costs of
    the language model that vosk makes of them; nothing else counts then, and ``[unk]`` is a word like others.
    """

    phrases: Sequence[str] = ()
    grammar: Grammar | WordAcceptor | None = None
    repeat: bool = False
    unknown_cost: float = DEFAULT_UNKNOWN_COST
    boost: Sequence[Boost] = ()
    bigrams: bool = False

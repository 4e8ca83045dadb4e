"""Which words may be recognized, and which are preferred."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import PHRASES, Setting

UNKNOWN = "[unk]"
"""The word that is recognized, and written in phrases and grammars, for any other word."""

DEFAULT_UNKNOWN_COST = 5.0

MOST_COST = 1e4
"""More than any path costs; larger ones would drown the costs of sound in rounding."""

Boost = tuple[str, float]


def parse_boost(text: str) -> Boost:
    """Word or phrase, and by how much its cost is lowered: ``kubernetes:3``. Raises UsageError."""
    words, colon, number = text.rpartition(":")
    words = " ".join(words.split())
    try:
        lowered = float(number)
    except ValueError:
        lowered = math.nan
    if not colon or not words or not abs(lowered) <= MOST_COST:
        raise UsageError(f"{text}: expected a word or phrase, a colon and a number, such as kubernetes:3")
    return words, lowered


def parse_boosts(texts: tuple[str, ...]) -> tuple[Boost, ...]:
    """What `parse_boost` makes of each of the texts."""
    return tuple(parse_boost(text) for text in texts)


def _phrases(help: str, metavar: str | None, **more: Any) -> Setting:
    return Setting(help, metavar=metavar, panel=PHRASES, changes_bytes=True, **more)


@dataclass(frozen=True, slots=True)
class PhraseSettings:
    """Phrases, grammar and boosted words, as they are given to commands; with none of them, all words may be said."""

    phrases: Annotated[
        str,
        _phrases(
            "Recognize nothing but these phrases (docs/voice-commands.md), such as 'turn left;stop', or a file with a "
            "phrase per line. [unk] stands for other words.",
            "TEXT;TEXT|FILE",
        ),
    ] = ""
    grammar: Annotated[
        str,
        _phrases(
            "Recognize nothing but what this grammar says: JSGF, or an acceptor of OpenFst over the words.", "FILE"
        ),
    ] = ""
    repeat_phrases: Annotated[
        bool,
        _phrases("An utterance may be several phrases one after the other; else it is one, or nothing.", None),
    ] = False
    unknown_cost: Annotated[
        float,
        _phrases("Cost of each word that is recognized as [unk].", "X", least=-MOST_COST, most=MOST_COST),
    ] = DEFAULT_UNKNOWN_COST
    boost: Annotated[
        tuple[Boost, ...],
        _phrases(
            "Prefer a word or phrase: its cost is lowered by X, such as 'kubernetes:3' or 'turn left:2'; may be given "
            "several times.",
            "PHRASE:X",
            repeated=True,
            parse=parse_boosts,
        ),
    ] = ()
    boost_file: Annotated[str, _phrases("Prefer the words and phrases in this file: PHRASE:X per line.", "FILE")] = ""

    @property
    def are_given(self) -> bool:
        """Whether anything is restricted or preferred."""
        return bool(self.phrases or self.grammar or self.boost or self.boost_file)

"""Grammars as vosk takes them: a JSON array of phrases.

Source: vosk-api, src/recognizer.cc (``UpdateGrammarFst``, ``SetGrm``).
"""

from __future__ import annotations

import json
import logging

from ov_asr_score.errors import UsageError

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

"""Which utterances of a reference and its hypotheses are scored: the modes of compute-wer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ov_asr_score.errors import MissingUtteranceError
from ov_asr_score.text import clipped
from ov_asr_score.word_errors.text_formats import UtteranceText

Mode: TypeAlias = Literal["strict", "present", "all"]


@dataclass(frozen=True, slots=True)
class MatchedTexts:
    """The utterances to score in the order of the reference, each with the words of the hypothesis."""

    pairs: tuple[tuple[UtteranceText, tuple[str, ...]], ...]
    absent: tuple[str, ...]  # keys that the hypothesis lacks
    extra: tuple[str, ...]  # keys that the reference lacks; they are not scored


def match_texts(
    reference: Mapping[str, UtteranceText], hypothesis: Mapping[str, UtteranceText], mode: Mode, name: str
) -> MatchedTexts:
    """The utterances of both by key.

    Utterances that the hypothesis lacks are scored as empty (``all``) or not at all (``present``); with ``strict``
    they raise MissingUtteranceError, which calls the hypothesis ``name``. Source: bin/compute-wer.cc.
    """
    absent = tuple(key for key in reference if key not in hypothesis)
    if absent and mode == "strict":
        few = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
        raise MissingUtteranceError(
            f"{name}: expected a text for {clipped(absent[0])}, as in the reference, found none{few}; "
            "score the others in mode present, or count it as empty in mode all",
        )
    pairs = tuple(
        (text, hypothesis[key].words if key in hypothesis else ())
        for key, text in reference.items()
        if mode == "all" or key in hypothesis
    )
    return MatchedTexts(pairs, absent, tuple(key for key in hypothesis if key not in reference))

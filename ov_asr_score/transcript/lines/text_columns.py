"""Columns of lines that readers split at spaces: what may stand in them, and numbers."""

from __future__ import annotations

import math
import re

from ov_asr_score.errors import TranscriptFormatError
from ov_asr_score.text import clipped, shown_key

_SPACE = re.compile(r"[ \t\n\v\f\r]")  # other spaces of Unicode are letters for Kaldi and sclite


def column(text: str, kind: str, utterance: str, view: str) -> str:
    """The text itself. Raises TranscriptFormatError if it is empty or has spaces: it would be no column, or several.

    ``kind`` is what the text is (``word``, ``speaker``), ``view`` the format, both for the error.
    """
    if not text or _SPACE.search(text):
        raise TranscriptFormatError(
            f"{view}: utterance {shown_key(utterance)}: expected a {kind} without spaces, found {clipped(text)}; "
            "JSON and CSV can hold it"
        )
    return text


def not_a_comment(line: str, utterance: str, view: str) -> str:
    """The line itself. Raises TranscriptFormatError for one that sclite takes for a comment, and would not count."""
    if line.startswith(";;"):
        raise TranscriptFormatError(
            f"{view}: utterance {shown_key(utterance)}: expected a line that is no comment, found {clipped(line)}; "
            "sclite would leave it out"
        )
    return line


def decimals(number: float, digits: int = 2) -> str:
    """A number with that many decimals, without the sign of a zero: times and confidences of a ctm.

    Two are enough for frames of 10 milliseconds, as in Kaldi's files (latbin/nbest-to-ctm.cc).
    """
    text = f"{number:.{digits}f}" if math.isfinite(number) else "0"
    return text.removeprefix("-") if not text.strip("-0.") else text

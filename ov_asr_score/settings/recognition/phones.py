"""Lists of phones as Kaldi's options have them.

Tests: tests/settings/recognition/test_endpointing.py
"""

import re

from ov_asr_score.errors import UsageError

_INTEGER = re.compile(r"\s*[+-]?\d+\s*")


def parse_phones(text: str, separators: str = ":") -> tuple[int, ...]:
    """The phones in ``text``, such as ``1:2:3``, in ascending order; none in an empty one.

    Raises UsageError for what are no integers. Kaldi: SplitStringToIntegers.
    """
    if not text:
        return ()
    parts = re.split(f"[{separators}]", text)
    if not all(_INTEGER.fullmatch(part) for part in parts):
        raise UsageError(f"{text}: expected integers with {' or '.join(separators)} between them")
    return tuple(sorted(map(int, parts)))


def parse_endpoint_phones(text: str) -> tuple[int, ...]:
    """The phones of ``--endpoint.silence-phones``, each once. Raises UsageError. Kaldi: TrailingSilenceLength."""
    phones = parse_phones(text)
    if len(set(phones)) < len(phones):
        raise UsageError(f"{text}: expected every phone once")
    return phones


def parse_weighted_phones(text: str) -> tuple[int, ...]:
    """The phones of ``--ivector-silence-weighting.silence-phones``; commas may be between them, too.

    Raises UsageError. Kaldi: OnlineSilenceWeighting.
    """
    return tuple(sorted(set(parse_phones(text, ":,"))))

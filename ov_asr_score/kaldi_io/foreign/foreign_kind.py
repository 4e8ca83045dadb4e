"""What a file is instead of what was expected: words for it, and what to do.

Tests: tests/kaldi_io/foreign/test_recognition.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ov_asr_score.kaldi_io.foreign import MODEL, NETWORK


@dataclass(frozen=True, slots=True)
class ForeignKind:
    """What a file is: ``what`` fits behind "is" and begins with an article or an adjective.

    ``advice`` says what to do, whatever was expected, ``instead_of`` what to do where this was expected. What only
    stands in the place of the file that was meant (a pointer, a web page) is not said to be ``unexpected``.
    """

    what: str
    advice: str = ""
    unexpected: bool = True
    is_kaldi_object: bool = False
    instead_of: Mapping[str, str] | None = None
    is_right_for: str = ""
    is_network: bool = False
    said: Mapping[str, str] | None = None

    def sentence(self, expected: str) -> str:
        """``is a decision tree of Kaldi; expected a model``, to follow the name of a file and a colon.

        Empty for what can be read as the ``expected``.
        """
        if expected in (self.is_right_for, self.what) or (expected == NETWORK and self.is_network):
            return ""
        wanted = MODEL if expected == NETWORK else expected
        if self.said is not None and expected in self.said:
            return self.said[expected]
        parts = [f"is {self.what}"]
        if self.unexpected:
            parts.append(f"expected {NETWORK if self.is_kaldi_object and expected == MODEL else expected}")
        parts.append((self.instead_of or {}).get(wanted, "") or self.advice)
        return "; ".join(part for part in parts if part)

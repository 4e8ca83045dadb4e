"""How many word errors still pass."""

from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import WORD_LIMITS, Setting


@dataclass(frozen=True, slots=True)
class WordLimits:
    """The most word errors, and the most words that changed, that still pass; ``None`` sets no limit."""

    max_wer: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the word error rate is above PERCENT.", metavar="PERCENT", panel=WORD_LIMITS, least=0.0
        ),
    ] = None
    max_wer_increase: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the word error rate is higher than that of --hypothesis by more than PERCENT (from 8 "
            "to 9 is 1).",
            metavar="PERCENT",
            panel=WORD_LIMITS,
            least=0.0,
        ),
    ] = None
    max_changed_words: Annotated[
        int | None,
        Setting(
            "Exit with code 1 if more than N words are others than in --hypothesis.",
            metavar="N",
            panel=WORD_LIMITS,
            least=0,
        ),
    ] = None

    @property
    def are_set(self) -> bool:
        """Whether there is any limit."""
        return any(value is not None for value in (self.max_wer, self.max_wer_increase, self.max_changed_words))


def check_word_limits(limits: WordLimits, reference_text: str, hypothesis: str) -> None:
    """Raise UsageError for limits on what cannot be counted without another file."""
    said = ("reference_text", reference_text, "what was said")
    other = ("hypothesis", hypothesis, "the words of another run")
    needed = {"max_wer": (said,), "max_wer_increase": (said, other), "max_changed_words": (other,)}
    for name, files in needed.items():
        for setting, path, what in files:
            if getattr(limits, name) is not None and not path:
                raise UsageError(f"{name}: expected {what} ({setting} FILE), found none", fields=(name, setting))

"""Lists of phones as Kaldi's options have them."""

from ov_asr_score.errors import UsageError
from ov_asr_score.text import clipped


def parse_phones(text: str) -> tuple[int, ...]:
    """The phones in ``1:2:3``, ascending, also with commas as Kaldi takes them. Raises UsageError."""
    parts = [part for part in text.strip().replace(",", ":").split(":") if part]
    if not all(part.isascii() and part.isdigit() and 0 < len(part) < 10 and int(part) for part in parts):
        raise UsageError(f"expected numbers of phones with colons between, as in 1:2:3, found {clipped(text)}")
    phones = sorted(map(int, parts))
    if len(set(phones)) < len(phones):
        raise UsageError(f"expected every phone once, found {clipped(text)}")
    return tuple(phones)


def parse_given_phones(text: str) -> tuple[int, ...] | None:
    """The phones in ``text``, None where nothing is given. Raises UsageError."""
    return parse_phones(text) if text else None

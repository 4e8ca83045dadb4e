"""Sound of pages, for callers who allow it."""

from __future__ import annotations

from urllib.error import URLError
from urllib.request import Request, urlopen

from ov_asr_score.errors import FileAccessError
from ov_asr_score.pipelines.refusals import PipelineSoundError
from ov_asr_score.text import printable_name

_SECONDS = 30.0
_PIECE_BYTES = 1 << 20


def is_url(text: str) -> bool:
    """Whether a text names a page rather than a file."""
    return text.startswith(("http://", "https://"))


def read_url(url: str, most_bytes: int) -> bytes:
    """The bytes of a page. Raises FileAccessError, and PipelineSoundError for more than ``most_bytes``."""
    name = printable_name(url)
    pieces, count = [], 0
    try:
        with urlopen(Request(url, headers={"User-Agent": "ov-asr-score"}), timeout=_SECONDS) as answer:
            while piece := answer.read(_PIECE_BYTES):
                count += len(piece)
                if count > most_bytes:
                    raise PipelineSoundError(f"{name}: expected at most {most_bytes} bytes, found more")
                pieces.append(piece)
    except (URLError, OSError, ValueError) as error:
        if isinstance(error, PipelineSoundError):
            raise
        raise FileAccessError(f"{name}: cannot be fetched: {error}") from error
    return b"".join(pieces)

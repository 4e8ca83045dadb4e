"""Subtitles of vosk's results.

Source: vosk-api, python/vosk/__init__.py (``SrtResult``), and srt 3.5 (``timedelta_to_srt_timestamp``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta


def subtitles(results: Iterable[str], words_per_line: int) -> str:
    """The text of an SRT file of the words in ``results``, so many words to a subtitle; others are left out."""
    lines = []
    for result in results:
        words = json.loads(result).get("result", [])
        lines += [words[first : first + words_per_line] for first in range(0, len(words), words_per_line)]
    return "".join(
        f"{number}\n{_time(line[0]['start'])} --> {_time(line[-1]['end'])}\n{' '.join(w['word'] for w in line)}\n\n"
        for number, line in enumerate(lines, 1)
    )


def _time(seconds: float) -> str:
    rest, microseconds = divmod(timedelta(seconds=seconds), timedelta(seconds=1))
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02},{microseconds // timedelta(milliseconds=1):03}"

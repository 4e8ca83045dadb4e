"""Captions of speech that goes on: a file that is valid after each piece that is appended to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ov_asr_score.settings.words.captions import CaptionOptions, check_captions
from ov_asr_score.transcript.captions.captioning import make_captions
from ov_asr_score.transcript.captions.srt import srt_caption
from ov_asr_score.transcript.captions.timing import Caption
from ov_asr_score.transcript.captions.vtt import HEADER, vtt_cue
from ov_asr_score.transcript.transcript import Segment, Transcript, best_words


class GrowingCaptions:
    """What a file of captions begins with, and what each segment of a recording appends to it.

    ``header`` comes first, whether or not anything is said. What was appended stays as it is: a caption is no longer on
    screen when its segment ends, however much there is to read, so that nothing of the next one can meet it.
    """

    def __init__(self, form: Literal["srt", "vtt"], options: CaptionOptions | None = None) -> None:
        """Begin with no captions. Raises UsageError for options that contradict each other."""
        self._form, self._options = form, options or CaptionOptions()
        check_captions(self._options)
        self.header = HEADER if form == "vtt" else ""
        self._count = 0
        self._free_from = 0  # milliseconds

    def appended(self, segment: Segment) -> str:
        """The text that the next segment adds; empty if nothing was said in it. Raises UsageError: no times."""
        text = ""
        latest = max([segment.end or 0.0, *(word.end or 0.0 for word in best_words(segment))])
        for caption in make_captions(Transcript((segment,)), self._options, self._form):
            placed = self._placed(caption, round(latest * 1000))
            between = "\n" if self._count or self.header else ""
            self._count += 1
            text += between + (vtt_cue(placed) if self._form == "vtt" else srt_caption(placed, self._count))
        return text

    def _placed(self, caption: Caption, latest: int) -> Caption:
        start = max(caption.start, self._free_from)
        self._free_from = end = max(min(caption.end, latest), start + 1)
        return replace(caption, start=start, end=end)

"""SubRip captions."""

from __future__ import annotations

import re

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.captioning import clock, make_captions
from ov_asr_score.transcript.captions.timing import Caption
from ov_asr_score.transcript.transcript import Transcript

VIEW = "srt"

# Players take these for tags (<unk>), styles ({\an8}) and times. The format has no escapes: a space without width,
# after the first letter, tells them apart.
_MARKUP = re.compile(r"<(?=[A-Za-z/!])|\{(?=\\)|-(?=->)|(?<=\d):(?=\d\d[,.]\d)")


def srt(transcript: Transcript, options: CaptionOptions | None = None) -> str:
    """The captions of a recording in the form of SubRip; empty for none.

    Raises UsageError as :func:`~ov_asr_score.transcript.captions.captioning.make_captions` does.
    """
    captions = make_captions(transcript, options or CaptionOptions(), VIEW)
    return "\n".join(srt_caption(caption, number) for number, caption in enumerate(captions, start=1))


def srt_caption(caption: Caption, number: int) -> str:
    """The lines of the caption that is the ``number``-th of a file."""
    times = f"{clock(caption.start, ',')} --> {clock(caption.end, ',')}"
    return f"{number}\n{times}\n" + "".join(_MARKUP.sub("\\g<0>\u200b", line) + "\n" for line in caption.lines)

"""WebVTT captions, as browsers show them under a video."""

from __future__ import annotations

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.captioning import clock, in_one_line, make_captions
from ov_asr_score.transcript.captions.timing import Caption
from ov_asr_score.transcript.transcript import Transcript

VIEW, HEADER = "vtt", "WEBVTT\n"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def vtt(transcript: Transcript, options: CaptionOptions | None = None) -> str:
    """The captions of a recording in the form of WebVTT; where the speaker is known, in a voice of that name.

    Raises UsageError as :func:`~ov_asr_score.transcript.captions.captioning.make_captions` does.
    """
    captions = make_captions(transcript, options or CaptionOptions(), VIEW)
    return "\n".join([HEADER, *map(vtt_cue, captions)])


def vtt_cue(caption: Caption) -> str:
    """The lines of a caption."""
    times = f"{clock(caption.start, '.')} --> {clock(caption.end, '.')}"
    return f"{times}\n{_voice(caption.speaker)}" + "".join(f"{_escaped(line)}\n" for line in caption.lines)


def _voice(speaker: str) -> str:
    name = in_one_line(speaker)
    return f"<v {_escaped(name)}>" if name else ""


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)

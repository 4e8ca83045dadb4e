"""All views of a transcript by name, and by the suffixes of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from ov_asr_score.errors import UsageError
from ov_asr_score.report.html.transcript_page import transcript_page
from ov_asr_score.report.html.wave import PageSound
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.text import did_you_mean, near_names
from ov_asr_score.transcript.captions.srt import srt
from ov_asr_score.transcript.captions.vtt import vtt
from ov_asr_score.transcript.json_form import json_text, to_json
from ov_asr_score.transcript.lines.ctm import Sides, ctm, kaldi_ctm
from ov_asr_score.transcript.lines.kaldi_text import kaldi_text, nbest_text
from ov_asr_score.transcript.lines.stm import stm
from ov_asr_score.transcript.lines.trn import trn
from ov_asr_score.transcript.services.gstreamer import gstreamer_result
from ov_asr_score.transcript.services.hugging_face import hugging_face
from ov_asr_score.transcript.services.openai import openai_json, openai_verbose_json
from ov_asr_score.transcript.services.riva import riva
from ov_asr_score.transcript.services.speech_recognition_api import transcription
from ov_asr_score.transcript.services.vosk import vosk_alternatives, vosk_result
from ov_asr_score.transcript.text_grid import text_grid
from ov_asr_score.transcript.transcript import Transcript
from ov_asr_score.transcript.word_table import word_table


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What some views depend on, besides the transcript."""

    captions: CaptionOptions = field(default_factory=CaptionOptions)  # of srt and vtt
    sides: Sides | None = None  # of ctm and stm: file and side of recordings
    sounds: Mapping[str, PageSound] = field(default_factory=dict)  # of html, by name of recording
    acoustic_scale: float = 1.0  # of vosk-alternatives


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """A format of transcripts: a pure function, and the suffix of files that are written in it."""

    render: Callable[[Transcript, ViewOptions], str]
    suffix: str = ""  # none: only by name
    suffix_in_folders: str = ""  # of files that are named after their recordings, where no suffix means the view
    of_one_recording: bool = False  # several need a file each


VIEWS: Mapping[str, TranscriptView] = MappingProxyType(
    {
        "json": TranscriptView(lambda transcript, _: to_json(transcript), ".json"),
        "text": TranscriptView(lambda transcript, _: kaldi_text(transcript), ".txt"),
        "nbest-text": TranscriptView(lambda transcript, _: nbest_text(transcript), "", ".txt"),
        "ctm": TranscriptView(lambda transcript, options: ctm(transcript, options.sides), ".ctm"),
        "kaldi-ctm": TranscriptView(lambda transcript, _: kaldi_ctm(transcript), "", ".ctm"),
        "stm": TranscriptView(lambda transcript, options: stm(transcript, options.sides), ".stm"),
        "trn": TranscriptView(lambda transcript, _: trn(transcript), ".trn"),
        "srt": TranscriptView(
            lambda transcript, options: srt(transcript, options.captions), ".srt", of_one_recording=True
        ),
        "vtt": TranscriptView(
            lambda transcript, options: vtt(transcript, options.captions), ".vtt", of_one_recording=True
        ),
        "textgrid": TranscriptView(lambda transcript, _: text_grid(transcript), ".TextGrid", of_one_recording=True),
        "csv": TranscriptView(lambda transcript, _: word_table(transcript), ".csv"),
        "html": TranscriptView(lambda transcript, options: transcript_page(transcript, options.sounds), ".html"),
        "riva": TranscriptView(
            lambda transcript, _: _json(riva(transcript, max_alternatives=_most(transcript))), "", ".json"
        ),
        "hugging-face": TranscriptView(lambda transcript, _: _json(hugging_face(transcript)), "", ".json"),
        "hugging-face-words": TranscriptView(
            lambda transcript, _: _json(hugging_face(transcript, "word")), "", ".json"
        ),
        "speech-recognition-api": TranscriptView(lambda transcript, _: _json(transcription(transcript)), "", ".json"),
        "openai": TranscriptView(lambda transcript, _: _json(openai_json(transcript)), "", ".json"),
        "openai-verbose": TranscriptView(
            lambda transcript, _: _json(openai_verbose_json(transcript, ("word", "segment"))), "", ".json"
        ),
        "vosk": TranscriptView(lambda transcript, _: _messages(map(vosk_result, transcript.segments)), "", ".jsonl"),
        "vosk-alternatives": TranscriptView(
            lambda transcript, options: _messages(
                vosk_alternatives(
                    segment, max_alternatives=len(segment.alternatives), acoustic_scale=options.acoustic_scale
                )
                for segment in transcript.segments
            ),
            "",
            ".jsonl",
        ),
        "gstreamer": TranscriptView(
            lambda transcript, _: _messages(
                gstreamer_result(
                    segment,
                    number,
                    identifier=transcript.id,
                    max_alternatives=len(segment.alternatives),
                    total_seconds=transcript.duration,
                )
                for number, segment in enumerate(transcript.segments)
            ),
            "",
            ".jsonl",
        ),
    }
)
"""The views by name. Services that answer in several messages (vosk, gstreamer) have a line for each segment."""


def view(transcript: Transcript, name: str, options: ViewOptions | None = None) -> str:
    """The text of a view of the transcript, by its name in VIEWS; see :func:`encoded` for its bytes.

    Raises UsageError for another name, and where the transcript lacks what the view needs; TranscriptFormatError for
    words that it cannot hold.
    """
    if name not in VIEWS:
        raise UsageError(f"transcript_format: {_unknown(name)}", fields=("transcript_format",))
    return VIEWS[name].render(transcript, options or ViewOptions())


def view_of_file(path: str) -> str:
    """The name of the view that a file has by its suffix, in any case. Raises UsageError if it has none."""
    suffix = PurePath(path).suffix
    for name, each in VIEWS.items():
        if each.suffix and each.suffix.lower() == suffix.lower():
            return name
    known = ", ".join(each.suffix for each in VIEWS.values() if each.suffix)
    raise UsageError(
        f"{path}: expected a suffix of {known}; give the format by transcript_format", fields=("transcript_format",)
    )


def encoded(text: str) -> bytes:
    """The bytes of a view: UTF-8, and what words.txt has that is none as it is there."""
    return text.encode("utf-8", "surrogateescape")


def _unknown(name: str) -> str:
    return f"expected one of {', '.join(VIEWS)}, found {name!r}{did_you_mean(near_names(name, VIEWS))}"


def _most(transcript: Transcript) -> int:
    return max((len(segment.alternatives) for segment in transcript.segments), default=0)


def _json(value: dict[str, Any] | list[dict[str, Any]]) -> str:
    return json_text(value, indent=2)


def _messages(messages: Iterable[dict[str, Any]]) -> str:
    return "".join(map(json_text, messages))

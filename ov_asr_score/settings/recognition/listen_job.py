"""What is asked when somebody listens.

Tests: tests/job/test_listen.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Annotated, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.recognition.endpointing import EndpointSettings
from ov_asr_score.settings.recognition.listen_sound import ListenSound
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.recognition.search_choices import SearchChoices
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingSettings
from ov_asr_score.settings.setting import SPEED, WORDS, Part, Setting
from ov_asr_score.settings.words.captions import CaptionOptions

CAPTION_SUFFIXES = (".vtt", ".srt")


@dataclass(frozen=True, slots=True)
class ListenJob:
    """Words of sound while it comes, by the models in the folder ``model``."""

    model: Annotated[
        str,
        Setting(
            "Folder of a model with its graph: of vosk, an online directory or an experiment of Kaldi, or any with "
            "model.toml.",
            metavar="MODEL_DIR",
            positional=True,
        ),
    ]
    source: Annotated[
        str,
        Setting(
            "Sound that comes in: - is standard input (samples, or WAV), a FIFO or a file is read as such; without it "
            "the microphone.",
            metavar="[-|FILE]",
            positional=True,
        ),
    ] = ""
    sound: ListenSound = field(default_factory=ListenSound)
    words: Annotated[
        bool,
        Setting("Print each word with its times and confidence, as lines of CTM.", names=("--words",), panel=WORDS),
    ] = False
    partials: Annotated[
        Literal["auto", "always", "never"],
        Setting(
            "Show words before they are final: auto does on a terminal, in place; always also does where standard "
            "output is none, in lines on standard error.",
            panel=WORDS,
        ),
    ] = "auto"
    captions: Annotated[
        str,
        Setting(
            "Append captions to this file while words become final. Unlike other files it is there from the beginning, "
            "and complete after each of them.",
            metavar="FILE.vtt|FILE.srt",
            panel=WORDS,
        ),
    ] = ""
    transcript: Annotated[
        str,
        Setting(
            "Write a transcript of everything at the end; the suffix says which (docs/transcripts.md).",
            names=("--output", "-o", "--transcript"),
            metavar="FILE",
            panel=WORDS,
        ),
    ] = ""
    transcript_format: Annotated[
        str,
        Setting("Format of the transcript, in place of the one that the suffix says.", metavar="NAME", panel=WORDS),
    ] = ""
    state: Annotated[
        str,
        Setting(
            "What is known of the speaker: read at the beginning if the file is there, and written at the end.",
            metavar="FILE.json",
            panel=WORDS,
        ),
    ] = ""
    max_seconds: Annotated[
        float,
        Setting("End after so many seconds of sound; 0: never.", metavar="SECONDS", panel=WORDS, least=0),
    ] = 0.0
    low_latency: Annotated[
        bool,
        Setting("Show words sooner, in smaller steps than Kaldi's; some words may be others.", panel=SPEED),
    ] = False
    device: Annotated[DeviceSettings, Part(("device", "precision", "threads"))] = field(default_factory=DeviceSettings)
    search: SearchChoices = field(default_factory=SearchChoices)
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    silence_weighting: SilenceWeightingSettings = field(default_factory=SilenceWeightingSettings)
    caption_options: CaptionOptions = field(default_factory=CaptionOptions)
    command: Sequence[str] = ()  # the command line, if one started the job


def check_listening(job: ListenJob) -> None:
    """Raise UsageError if settings contradict each other."""
    if job.captions and PurePath(job.captions).suffix.lower() not in CAPTION_SUFFIXES:
        raise UsageError(
            f"captions {job.captions}: expected a name that ends in {' or '.join(CAPTION_SUFFIXES)}",
            fields=("captions",),
        )
    if job.transcript == "-":
        raise UsageError("transcript -: expected a file: words go to standard output", fields=("transcript",))
    if job.sound.microphone and job.source:
        raise UsageError(
            f"microphone {job.sound.microphone}: is not listened to where sound comes from {job.source}",
            fields=("microphone",),
        )

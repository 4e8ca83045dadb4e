"""How sound is read: what a file without a header holds, which channel counts, how rates are changed, limits."""

from dataclasses import dataclass
from typing import Annotated, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.memory import parse_memory
from ov_asr_score.settings.setting import SOUND, Setting, parse_flag

RawFormat = Literal[
    "s16le",
    "s16be",
    "u8",
    "s8",
    "s24le",
    "s24be",
    "s32le",
    "s32be",
    "f32le",
    "f32be",
    "f64le",
    "f64be",
    "alaw",
    "mulaw",
]
"""Samples of a file without a header: signed, unsigned or floating, bits, order of bytes; or a law of telephony."""

Channel = int | Literal["mix", "all"] | None
"""A channel counted from 0, the mean of all, all of them, or None: the first, as Kaldi takes it."""

MOST_SOUND_BYTES = 4 << 30
"""Default of ``max_sound_size``."""


def parse_channel(text: str) -> Channel:
    """The channels that a text names; Kaldi's -1, and no text, leave the choice open. Raises UsageError."""
    if text in ("", "-1"):
        return None
    if text == "mix":
        return "mix"
    if text == "all":
        return "all"
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise UsageError(f"'{text}': expected a channel counted from 0, mix or all")
    return int(text)


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """Everything about the reading of sound, whatever is computed from it."""

    channel: Annotated[
        Channel,
        Setting(
            "Channel, counted from 0; mix is the mean of all, all makes an utterance of each. Without it, and with "
            "Kaldi's -1, the first is taken, with a warning if there are others.",
            metavar="N|mix|all",
            panel=SOUND,
            parse=parse_channel,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    allow_downsample: Annotated[
        bool | None,
        Setting(
            "Resample sound of a higher rate than --sample-frequency (default false).",
            metavar="true|false",
            panel=SOUND,
            parse=parse_flag,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    allow_upsample: Annotated[
        bool | None,
        Setting(
            "Resample sound of a lower rate than --sample-frequency (default false).",
            metavar="true|false",
            panel=SOUND,
            parse=parse_flag,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    resampler: Annotated[
        Literal["kaldi", "soxr"],
        Setting(
            "What changes the rate of sound where that is allowed: Kaldi's filter, for Kaldi's numbers, or soxr, which "
            "keeps more of the highest frequencies.",
            panel=SOUND,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = "kaldi"
    segments: Annotated[
        str,
        Setting(
            "Kaldi's segments: lines with an utterance, its recording, its start and end in seconds, and perhaps a "
            "channel. A data directory has its own.",
            metavar="FILE",
            panel=SOUND,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = ""
    min_segment_length: Annotated[
        float,
        Setting(
            "Refuse segments that are shorter.",
            metavar="SECONDS",
            panel=SOUND,
            least=0.0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0.1
    max_overshoot: Annotated[
        float,
        Setting(
            "Cut segments at the end of their recording if they end no more than this behind it, and refuse others.",
            metavar="SECONDS",
            panel=SOUND,
            least=0.0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0.5
    raw_format: Annotated[
        RawFormat | None,
        Setting(
            "Sound files have no header, and samples of this kind; --raw-rate says their rate.",
            panel=SOUND,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    raw_rate: Annotated[
        int | None,
        Setting(
            "Samples per second of sound without a header.",
            metavar="HZ",
            panel=SOUND,
            least=1,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    raw_channels: Annotated[
        int,
        Setting(
            "Channels of sound without a header, sample by sample.",
            metavar="N",
            panel=SOUND,
            least=1,
            most=255,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 1
    max_sound_seconds: Annotated[
        float,
        Setting("Refuse a recording that is longer.", metavar="SECONDS", panel=SOUND, least=0.0, in_suite=True),
    ] = 86_400.0
    max_sound_size: Annotated[
        int,
        Setting(
            "Refuse what takes more memory or temporary disk: recordings that must be held as a whole (4 bytes for "
            "each sample), and streams of formats that can only be decoded from a file.",
            metavar="SIZE",
            panel=SOUND,
            parse=parse_memory,
            shown="4G",
            in_suite=True,
        ),
    ] = MOST_SOUND_BYTES
    max_channels: Annotated[
        int,
        Setting("Refuse sound with more channels.", metavar="N", panel=SOUND, least=1, in_suite=True),
    ] = 255


def check_sound(settings: SoundSettings) -> None:
    """Raise UsageError if settings contradict each other."""
    if settings.raw_format is not None and settings.raw_rate is None:
        raise UsageError("raw_format: expected raw_rate with it, found none", fields=("raw_format", "raw_rate"))
    if settings.raw_format is None and settings.raw_rate is not None:
        raise UsageError("raw_rate: expected raw_format with it, found none", fields=("raw_rate", "raw_format"))

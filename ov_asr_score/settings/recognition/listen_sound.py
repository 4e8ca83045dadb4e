"""Where live sound comes from, and what it is.

Tests: tests/audio/test_sound_stream.py, tests/audio/test_microphone.py
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import SOUND, Setting
from ov_asr_score.settings.speech.sound import RawFormat, parse_channel


def _parse_one_channel(text: str) -> int | Literal["mix"] | None:
    channel = parse_channel(text)
    if channel == "all":
        raise UsageError("'all': expected a channel counted from 0 or mix: one speaker is listened to")
    return channel


@dataclass(frozen=True, slots=True)
class ListenSound:
    """The sound of a microphone, or of a stream without a header; a header of WAV says more than these."""

    rate: Annotated[
        int | None,
        Setting(
            "Samples per second of the microphone, or of sound without a header (default: what the model takes).",
            metavar="HZ",
            panel=SOUND,
            least=1,
        ),
    ] = None
    channels: Annotated[
        int,
        Setting("Channels of the microphone, or of sound without a header.", metavar="N", panel=SOUND, least=1),
    ] = 1
    channel: Annotated[
        int | Literal["mix"] | None,
        Setting(
            "Channel that is listened to, counted from 0; mix is the mean of all. Without it the first.",
            metavar="N|mix",
            panel=SOUND,
            parse=_parse_one_channel,
        ),
    ] = None
    raw_format: Annotated[RawFormat, Setting("Samples of sound without a header on standard input.", panel=SOUND)] = (
        "s16le"
    )
    microphone: Annotated[
        str,
        Setting(
            "Microphone, by its number or part of its name (default: that of the system).", metavar="NAME", panel=SOUND
        ),
    ] = ""

"""How words become captions.

Tests: tests/transcript/captions/test_splitting.py, tests/transcript/captions/test_timing.py
"""

from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import CAPTIONS, Setting


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """Size, length and distance of captions; the defaults are those of usual guides for subtitles."""

    caption_line_length: Annotated[
        int,
        Setting(
            "Characters per line of captions; only a single longer word may have more.",
            metavar="N",
            panel=CAPTIONS,
            least=1,
        ),
    ] = 42
    caption_lines: Annotated[
        int,
        Setting("Lines per caption.", metavar="N", panel=CAPTIONS, least=1),
    ] = 2
    caption_reading_speed: Annotated[
        float,
        Setting(
            "Reading speed in characters per second: captions stay on screen that long where they can; 0: no limit.",
            metavar="N",
            panel=CAPTIONS,
            least=0,
        ),
    ] = 20.0
    caption_min_seconds: Annotated[
        float,
        Setting(
            "Least seconds that a caption stays on screen, where it can.", metavar="SECONDS", panel=CAPTIONS, least=0
        ),
    ] = 1.0
    caption_max_seconds: Annotated[
        float,
        Setting("Most seconds that a caption stays on screen.", metavar="SECONDS", panel=CAPTIONS, least=0.1),
    ] = 7.0
    caption_gap: Annotated[
        float,
        Setting("Least seconds between two captions.", metavar="SECONDS", panel=CAPTIONS, least=0),
    ] = 0.08
    caption_pause: Annotated[
        float,
        Setting("A pause of that many seconds begins a new caption.", metavar="SECONDS", panel=CAPTIONS, least=0),
    ] = 1.5
    caption_max_delay: Annotated[
        float,
        Setting(
            "Most seconds by which a caption may lag behind its first word, so that the one before can be read.",
            metavar="SECONDS",
            panel=CAPTIONS,
            least=0,
        ),
    ] = 1.0


def check_captions(options: CaptionOptions) -> None:
    """Raise UsageError for options that contradict each other."""
    if options.caption_min_seconds > options.caption_max_seconds:
        raise UsageError(
            f"caption_min_seconds: expected at most the {options.caption_max_seconds:g} of caption_max_seconds, "
            f"found {options.caption_min_seconds:g}",
            fields=("caption_min_seconds", "caption_max_seconds"),
        )

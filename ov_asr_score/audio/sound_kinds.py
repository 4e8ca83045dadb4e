"""What kind of sound a file is, by its first bytes, and what decodes it.

Only files that begin as one of these are given to other libraries, each with the name of its format: ffmpeg, which
PyAV brings, would take texts for lists of other files to open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Decoder = Literal["own", "soundfile", "av"]

START_BYTES = 512
SHORT_START_BYTES = 12
"""Enough for those that are decoded while they are read, so that a pipe need not deliver more."""


@dataclass(frozen=True, slots=True)
class SoundKind:
    """``name`` for people; the ``decoders`` in the order in which they are tried; ``av_format`` is ffmpeg's name."""

    name: str
    decoders: tuple[Decoder, ...]
    av_format: str = ""


WAV = SoundKind("wav", ("own", "soundfile", "av"), "wav")
SPHERE = SoundKind("NIST SPHERE", ("own", "av"), "nistsphere")
OGG = SoundKind("Ogg", ("soundfile", "av"), "ogg")
MP3 = SoundKind("MP3", ("soundfile", "av"), "mp3")

_MPEG_FRAME = rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xfd][\x00-\xef][^\xff]"  # layers II and III
_KINDS: tuple[tuple[bytes, SoundKind], ...] = (
    (rb"RIF[FX].{4}WAVE|(RF64|BW64).{4}WAVE", WAV),
    (rb"NIST_1A\n", SPHERE),
    (rb"fLaC", SoundKind("FLAC", ("soundfile", "av"), "flac")),
    (rb"OggS\0", OGG),
    (rb"FORM.{4}AIF[FC]", SoundKind("AIFF", ("soundfile", "av"), "aiff")),
    (rb"\.snd\0|dns\.", SoundKind("AU", ("soundfile", "av"), "au")),
    (rb"caff\0\x01", SoundKind("CAF", ("soundfile", "av"), "caf")),
    (rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", SoundKind("Wave64", ("soundfile", "av"), "w64")),
    (rb"Creative Voice File\x1a", SoundKind("VOC", ("soundfile", "av"), "voc")),
    (rb"FORM.{4}(8SVX|16SV)", SoundKind("IFF", ("soundfile",))),
    (rb".{4}(ftyp|moov|mdat|wide)", SoundKind("MP4 or QuickTime", ("av",), "mov")),
    (rb"\x1aE\xdf\xa3", SoundKind("WebM or Matroska", ("av",), "matroska")),
    (rb"\xff[\xf0\xf1\xf8\xf9]", SoundKind("AAC", ("av",), "aac")),
    (rb"#!AMR", SoundKind("AMR", ("av",), "amr")),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", SoundKind("Windows Media", ("av",), "asf")),
    (rb"FLV\x01", SoundKind("Flash video", ("av",), "flv")),
    (rb"RIFF.{4}AVI ", SoundKind("AVI", ("av",), "avi")),
    (rb"\x47.{187}\x47.{187}\x47", SoundKind("an MPEG transport stream", ("av",), "mpegts")),
    (rb"\0\0\x01\xba", SoundKind("an MPEG program stream", ("av",), "mpeg")),
    (rb"ajkg", SoundKind("Shorten", ("av",), "shn")),
    (rb"MAC ", SoundKind("Monkey's Audio", ("av",), "ape")),
    (rb"wvpk", SoundKind("WavPack", ("av",), "wv")),
    (rb"TTA1", SoundKind("True Audio", ("av",), "tta")),
    (rb"ID3[\x02-\x04]|" + _MPEG_FRAME, MP3),
)
_STARTS = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _KINDS)


def sound_kind(start: bytes, name: str) -> SoundKind | None:
    """The kind of a file that begins with ``start`` (START_BYTES are enough); None if it is none of these.

    MP3 may begin anywhere in a frame: there the suffix of ``name`` counts.
    """
    for pattern, kind in _STARTS:
        if pattern.match(start):
            return kind
    return MP3 if start and PurePosixPath(name).suffix.lower() in (".mp3", ".mp2") else None

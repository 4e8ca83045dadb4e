"""Wav files as bytes, with any header, and what Kaldi's wav-copy makes of them (``kaldi_wav_answers.json``).

``python -m tests.audio.wav_bytes FOLDER`` asks the wav-copy in FOLDER and writes the answers anew.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("kaldi_wav_answers.json")
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
PCM_DATA = struct.pack("<8h", 0, 1, -1, 32767, -32768, 300, -12345, 7)


def chunk(name: bytes, content: bytes, size: int | None = None, order: str = "<", pad: bool = False) -> bytes:
    """A chunk; ``size`` is what its header says."""
    size = len(content) if size is None else size
    return name + struct.pack(f"{order}I", size) + content + (b"\0" if pad and len(content) % 2 else b"")


def wav_format(
    tag: int = 1,
    channels: int = 1,
    rate: int = 16000,
    bits: int = 16,
    block: int | None = None,
    byte_rate: int | None = None,
    extra: bytes = b"",
    order: str = "<",
) -> bytes:
    """The content of a chunk ``fmt``."""
    block = channels * bits // 8 if block is None else block
    byte_rate = rate * block if byte_rate is None else byte_rate
    return struct.pack(f"{order}HHIIHH", tag, channels, rate, byte_rate % 2**32, block, bits) + extra


def extensible(tag: int = 1, bits: int = 16, tail: bytes = GUID_TAIL, extra_size: int = 22) -> bytes:
    """What follows in a format with the tag 0xFFFE."""
    return struct.pack("<HHIH", extra_size, bits, 0, tag) + tail


def wav(
    data: bytes = PCM_DATA,
    form: bytes | None = None,
    *,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    data_size: int | None = None,
    riff_size: int | None = None,
    form_size: int | None = None,
    order: str = "<",
    riff: bytes = b"RIFF",
) -> bytes:
    """A wav file with these chunks."""
    form = wav_format(order=order) if form is None else form
    body = b"WAVE" + before + chunk(b"fmt ", form, form_size, order) + between
    body += chunk(b"data", data, data_size, order) + after
    return riff + struct.pack(f"{order}I", len(body) if riff_size is None else riff_size) + body


def _cases() -> dict[str, bytes]:
    stereo = wav_format(channels=2)
    listed = chunk(b"LIST", b"INFO" + bytes(7))
    swapped = b"".join(PCM_DATA[i : i + 2][::-1] for i in range(0, len(PCM_DATA), 2))
    turned = struct.pack(">HHI4I", 22, 16, 0, 1, 0x00100000, 0xAA000080, 0x719B3800)
    cases = {
        "plain": wav(),
        "stereo": wav(form=stereo),
        "16 channels": wav(bytes(range(64)), wav_format(channels=16)),
        "255 channels": wav(bytes(510), wav_format(channels=255)),
        "rate 1": wav(form=wav_format(rate=1)),
        "rate 192000": wav(form=wav_format(rate=192000)),
        "fmt of 18": wav(form=wav_format(extra=b"\0\0")),
        "fmt of 40": wav(form=wav_format(extra=bytes(24))),
        "fmt of 17": wav(form=wav_format(extra=b"\0")),
        "fmt of 14": wav(form=wav_format()[:14]),
        "extensible": wav(form=wav_format(0xFFFE, extra=extensible())),
        "extensible longer": wav(form=wav_format(0xFFFE, extra=extensible() + bytes(4))),
        "extensible short": wav(form=wav_format(0xFFFE, extra=b"\0\0")),
        "extensible of 0 extra": wav(form=wav_format(0xFFFE, extra=extensible(extra_size=0))),
        "extensible float": wav(form=wav_format(0xFFFE, bits=32, extra=extensible(3, 32))),
        "extensible other": wav(form=wav_format(0xFFFE, extra=extensible(tail=bytes(14)))),
        "junk before fmt": wav(before=chunk(b"JUNK", bytes(28))),
        "odd junk before fmt": wav(before=chunk(b"JUNK", bytes(27))),
        "odd junk with pad": wav(before=chunk(b"JUNK", bytes(27), pad=True)),
        "fact": wav(between=chunk(b"fact", bytes(4))),
        "fact of 8": wav(between=chunk(b"fact", bytes(8))),
        "list between": wav(between=listed),
        "list of 12 between": wav(between=chunk(b"LIST", bytes(12))),
        "list after": wav(after=listed),
        "two data": wav(after=chunk(b"data", PCM_DATA)),
        "data before fmt": b"RIFF\0\0\0\0WAVE" + chunk(b"data", PCM_DATA) + wav()[12:],
        "no data chunk": wav()[:36],
        "only data header": wav()[:44],
        "cut in a sample": wav()[:-1],
        "cut samples": wav()[:-6],
        "one byte": wav()[:45],
        "one frame of stereo cut": wav(form=stereo)[:47],
        "one frame of stereo": wav(form=stereo)[:48],
        "size 0": wav(data_size=0),
        "size ffffffff": wav(data_size=0xFFFFFFFF),
        "size 7ffff000": wav(data_size=0x7FFFF000),
        "size 7fffffff": wav(data_size=0x7FFFFFFF),
        "size too large": wav(data_size=100),
        "size smaller": wav(data_size=6),
        "size odd": wav(data_size=7),
        "size 1": wav(data_size=1),
        "size 0 and list after": wav(data_size=0, after=chunk(b"LIST", bytes(12))),
        "riff 0": wav(riff_size=0),
        "riff 0 and list after": wav(riff_size=0, after=chunk(b"LIST", bytes(12))),
        "riff ffffffff": wav(riff_size=0xFFFFFFFF),
        "riff ffffffff data ffffffff": wav(riff_size=0xFFFFFFFF, data_size=0xFFFFFFFF),
        "riff wrong": wav(riff_size=5),
        "riff 0 data smaller": wav(riff_size=0, data_size=4),
        "no samples": wav(b""),
        "no samples, list after": wav(b"", after=chunk(b"LIST", bytes(12))),
        "rifx": wav(swapped, order=">", riff=b"RIFX"),
        "rifx extensible": wav(swapped, wav_format(0xFFFE, extra=turned, order=">"), order=">", riff=b"RIFX"),
        "riffx": wav(riff=b"RIFA"),
        "rf64": wav(riff=b"RF64"),
        "not wave": wav().replace(b"WAVE", b"WAVX"),
        "8 bits": wav(form=wav_format(bits=8)),
        "24 bits": wav(PCM_DATA[:15], wav_format(bits=24)),
        "32 bits": wav(form=wav_format(bits=32)),
        "12 bits in 2": wav(form=wav_format(bits=12, block=2)),
        "float": wav(struct.pack("<2f", 0.5, -1), wav_format(3, bits=32)),
        "alaw": wav(form=wav_format(6, bits=8)),
        "mulaw": wav(form=wav_format(7, bits=8)),
        "adpcm": wav(form=wav_format(2, bits=4, block=2)),
        "0 channels": wav(form=wav_format(channels=0)),
        "byte rate wrong": wav(form=wav_format(byte_rate=32001)),
        "byte rate 0": wav(form=wav_format(byte_rate=0)),
        "block wrong": wav(form=wav_format(block=4, byte_rate=32000)),
        "block 0": wav(form=wav_format(block=0, byte_rate=32000)),
        "empty": b"",
        "riff only": b"RIFF",
    }
    cases |= {f"cut at {end}": wav()[:end] for end in range(1, len(wav()), 3)}
    return cases


CASES = _cases()


def _answer(program: Path, content: bytes) -> Any:
    """Rate, and samples by channel; None if Kaldi refuses."""
    with tempfile.TemporaryDirectory() as folder:
        source, copy = Path(folder) / "in.wav", Path(folder) / "out.wav"
        source.write_bytes(content)
        if subprocess.run([program, source, copy], capture_output=True, check=False, timeout=3).returncode != 0:
            return None
        found = copy.read_bytes()
    channels, rate = struct.unpack("<HI", found[22:28])
    values = struct.unpack(f"<{(len(found) - 44) // 2}h", found[44:])
    return {"rate": rate, "channels": [values[channel::channels] for channel in range(channels)]}


if __name__ == "__main__":
    answers = {name: _answer(Path(sys.argv[1]) / "wav-copy", content) for name, content in CASES.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers.items())
    ANSWERS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")

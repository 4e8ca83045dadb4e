"""Random cases: cuts and joins of the shipped speech, and random options, as files for Kaldi and for us."""

from __future__ import annotations

import functools
import shutil
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio
from tests.command_line import DATA, MODELS

Kind = Literal["live", "whole", "experiment"]
KINDS: tuple[Kind, ...] = ("live", "whole", "experiment")
RATE = 16000
SILENCE = "1:2:3:4:5:6:7:8:9:10"
_MOST_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with ``model/`` (a directory as Kaldi has it), wav.scp and spk2utt; options in Kaldi's spelling.

    ``chunk_seconds`` is what a session gets at once, ``endpoints`` says whether it ends at the first one.
    """

    kind: Kind
    folder: Path
    speakers: dict[str, list[str]]
    options: dict[str, str]  # of the directory and of the search
    chunk_seconds: float
    endpoints: bool

    @property
    def text(self) -> str:
        """The case in one line."""
        shown = " ".join(f"--{name}={value}" for name, value in self.options.items())
        live = f" chunk {self.chunk_seconds:g}, endpoints {self.endpoints}" if self.kind == "live" else ""
        return f"{self.kind}: {sum(map(len, self.speakers.values()))} utterances{live} {shown}"


@functools.cache
def _recordings() -> tuple[NDArray[np.int16], ...]:
    return tuple(read_audio(path).samples[0].astype(np.int16) for path in sorted((DATA / "speech").glob("*.flac")))


def random_case(kind: Kind, seed: int, number: int, folder: Path) -> Case:
    """The case that seed and number stand for, written to ``folder``."""
    chance = np.random.default_rng((seed, number))
    folder.mkdir(parents=True)
    count = int(chance.integers(1, 5))
    keys = [f"u{place}" for place in range(count)]
    for key in keys:
        _write_wav(folder / f"{key}.wav", _sound(chance))
    speakers = {key: [key] for key in keys}
    if chance.random() < 0.5:
        cut = int(chance.integers(0, count + 1))
        speakers = {name: part for name, part in (("a", keys[:cut]), ("b", keys[cut:])) if part}
    (folder / "wav.scp").write_text("".join(f"{key} {folder / key}.wav\n" for key in keys))
    (folder / "spk2utt").write_text("".join(f"{name} {' '.join(part)}\n" for name, part in speakers.items()))
    (folder / "utt2spk").write_text("".join(f"{key} {name}\n" for name, part in speakers.items() for key in part))
    chunk = float(chance.choice((0.18, 1.0, 0.05, round(chance.uniform(0.02, 2.0), 3))))
    case = Case(kind, folder, speakers, _options(chance, kind), chunk, bool(chance.integers(2)))
    _write_model(case)
    return case


def _sound(chance: np.random.Generator) -> NDArray[np.int16]:
    """One to four cuts of recordings, at other levels, with light noise between them; or something odd."""
    parts: list[NDArray[np.float64]] = []
    for _ in range(int(chance.integers(1, 5))):
        recording = _recordings()[int(chance.integers(len(_recordings())))]
        first, last = 0, len(recording)
        if chance.random() < 0.4:
            first, last = sorted(int(chance.integers(len(recording))) for _ in range(2))
        part = recording[first : max(last, first + 1)] * chance.choice((1.0, 1.0, 1.0, 0.3, 2.0))
        pause = chance.standard_normal(int(chance.choice((0.0, 0.3, 1.0, 2.5)) * RATE)) * chance.choice((3, 10, 30))
        parts += [part, pause]
    joined = np.concatenate(parts)
    least = round(0.025 * RATE) + 1  # a frame
    if len(joined) < least:
        joined = np.resize(joined, least)
    return np.clip(np.rint(joined[: round(_MOST_SECONDS * RATE)]), -32768, 32767).astype(np.int16)


def _options(chance: np.random.Generator, kind: Kind) -> dict[str, str]:
    beam = float(chance.choice((15.0, 13.0, 10.0, round(chance.uniform(4, 16), 2))))
    options = {
        "beam": f"{beam:g}",
        "lattice-beam": f"{min(beam, float(chance.choice((2.0, 6.0, 8.0)))):g}",
        "max-active": str(int(chance.choice((7000, 3000, 300)))),
        "min-active": str(int(chance.choice((200, 200, 20, 0)))),
    }
    if kind == "experiment":
        return options | {"frames-per-chunk": str(int(chance.choice((50, 50, 21, 150))))}
    if chance.random() < 0.3:
        options["frames-per-chunk"] = str(int(chance.choice((20, 24, 9, 30, 51))))
    if kind == "live":
        options |= _endpoint_options(chance)
        if chance.random() < 0.4:
            options["ivector-silence-weighting.silence-phones"] = SILENCE
            options["ivector-silence-weighting.silence-weight"] = str(chance.choice((0.0, 0.001, 0.3)))
            if chance.random() < 0.3:
                options["ivector-silence-weighting.max-state-duration"] = str(int(chance.choice((5, 20, 100))))
    return options


def _endpoint_options(chance: np.random.Generator) -> dict[str, str]:
    options = {"endpoint.silence-phones": SILENCE}
    for rule in range(1, 6):
        if chance.random() < 0.3:
            options[f"endpoint.rule{rule}.min-trailing-silence"] = f"{chance.uniform(0.1, 2.0):.2f}"
        if chance.random() < 0.15:
            options[f"endpoint.rule{rule}.max-relative-cost"] = f"{chance.uniform(0.5, 10):.2f}"
        if chance.random() < 0.15:
            options[f"endpoint.rule{rule}.min-utterance-length"] = f"{chance.uniform(0.5, 5.0):.2f}"
        if chance.random() < 0.15:
            options[f"endpoint.rule{rule}.must-contain-nonsilence"] = str(chance.choice(("true", "false")))
    return options


def _write_model(case: Case) -> None:
    """The bundled model directory, with the options of the case in its files."""
    model = case.folder / "model"
    shutil.copytree(MODELS / "chain_ivector", model)
    for path in model.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    extractor = model / "ivector_extractor/ivector_extractor.conf"
    extractor.write_text(extractor.read_text().replace("=models/chain_ivector/", f"={model}/"))
    lines = [
        "--feature-type=mfcc",
        f"--mfcc-config={model}/conf/mfcc.conf",
        f"--ivector-extraction-config={extractor}",
        *(f"--{name}={value}" for name, value in case.options.items()),
    ]
    (model / "conf/online.conf").write_text("\n".join(lines) + "\n")


def _write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())

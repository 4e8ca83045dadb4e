"""Sound of the tests, and what Kaldi found in it (tests/kaldi_speech/sessions)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import soundfile
from numpy.typing import NDArray

from ov_asr_score.recognition.results import Final
from tests.command_line import ROOT

MODEL = ROOT / "models" / "chain_ivector"
SOUND = ROOT / "data" / "speech"
SESSIONS = ROOT / "tests" / "kaldi_speech" / "sessions"
PAUSES = SESSIONS / "pauses.flac"
KEYS = tuple(sorted(path.stem for path in SOUND.glob("*.flac")))
RATE = 16000


@dataclass(frozen=True, slots=True)
class KaldiPath:
    """The best path of a lattice of Kaldi's."""

    graph_cost: float
    acoustic_cost: float
    words: tuple[str, ...]


@cache
def symbols() -> dict[str, str]:
    """The words by their numbers."""
    lines = (MODEL / "graph" / "words.txt").read_text().splitlines()
    return {number: word for word, number in (line.split() for line in lines)}


@cache
def kaldi_paths(mode: str) -> dict[str, KaldiPath]:
    """What online2-wav-nnet3-latgen-faster found in ``data/speech``, by utterance."""
    found = {}
    for line in (SESSIONS / "best_paths.txt").read_text().splitlines():
        name, key, *rest = line.split()
        if name == mode:
            found[key] = KaldiPath(float(rest[0]), float(rest[1]), tuple(symbols()[each] for each in rest[2:]))
    assert len(found) == len(KEYS)
    return found


@cache
def samples_of(key: str) -> NDArray[np.int16]:
    """The samples of an utterance of ``data/speech``, or of PAUSES."""
    samples, rate = soundfile.read(PAUSES if key == "pauses" else SOUND / f"{key}.flac", dtype="int16")
    assert rate == RATE
    return np.asarray(samples, np.int16)


def pieces_of(key: str, num_samples: int) -> list[NDArray[np.int16]]:
    """The same in pieces."""
    samples = samples_of(key)
    return [samples[first : first + num_samples] for first in range(0, len(samples), num_samples)]


def path_of(final: Final) -> KaldiPath:
    """The best path of a final result."""
    best = final.segment.alternatives[0]
    assert best.graph_cost is not None and best.acoustic_cost is not None
    return KaldiPath(best.graph_cost, best.acoustic_cost, tuple(word.text for word in best.words))


def differs(found: KaldiPath, expected: KaldiPath) -> str:
    """What differs between both, an empty text if nothing does but rounding: Kaldi's own is up to 0.016."""
    if found.words != expected.words:
        return f"words {found.words} instead of {expected.words}"
    if abs(found.graph_cost - expected.graph_cost) > 1e-3:
        return f"graph cost {found.graph_cost} instead of {expected.graph_cost}"
    if abs(found.acoustic_cost - expected.acoustic_cost) > 0.02:
        return f"acoustic cost {found.acoustic_cost} instead of {expected.acoustic_cost}"
    return ""

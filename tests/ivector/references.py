"""Kaldi's own results in tests/kaldi_speech/ivector, and the extractor that they were made with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ivector.extractor import Extractor, load_extractor
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings

ROOT = Path(__file__).parents[2]
EXTRACTOR = ROOT / "models" / "chain_ivector" / "ivector_extractor"
KALDI = ROOT / "tests" / "kaldi_speech" / "ivector"


@cache
def extractor(repeat: bool | None = None, **options: Any) -> Extractor:
    """The bundled extractor with the options of the reference runs, which used max_count 0."""
    given = {"max_count": 0.0, **options}
    settings = IvectorOptions(ivector_extraction_config=str(EXTRACTOR), **given)
    return load_extractor(settings, IvectorTableSettings(repeat=repeat))


@cache
def table(name: str) -> dict[str, NDArray[Any]]:
    """An archive of the references by key: ``online/utt_p10.ark``."""
    return dict(read_table(f"ark:{KALDI / name}"))


def utterances(spk2utt: str, weights: str = "") -> Iterator[IvectorUtterance]:
    """The utterances of a list of speakers in its order, with weights of frames from a table if one is named."""
    features = table("feats.ark")
    for line in (KALDI / spk2utt).read_text(encoding="utf-8").splitlines():
        speaker, *keys = line.split()
        for key in keys:
            yield IvectorUtterance(key, features[key], speaker, table(weights)[key] if weights else None)


def differences(found: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Distances of all values, of utterances that must be the same in the same order, with the same shapes."""
    assert list(found) == list(expected)
    assert [array.shape for array in found.values()] == [array.shape for array in expected.values()]
    return np.concatenate([np.abs(found[key] - expected[key]).ravel().astype(np.float64) for key in expected])


TWO = ("es_Annie-t0024", "flite_slt-t0017")
"""The utterances of which tests/kaldi_speech/ivector/steps has each step."""


def posteriors_of(name: str, key: str) -> list[dict[int, float]]:
    """Posteriors of each frame by Gaussian, from a table that copy-post wrote as text."""
    lines = (KALDI / "steps" / name).read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{key} "))
    frames = [frame.split("]")[0].split() for frame in line.split("[")[1:]]
    return [{int(g): float(p) for g, p in zip(words[::2], words[1::2], strict=True)} for words in frames]

"""Sound, lists and results of Kaldi that tests of the front end use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import read_table
from tests.command_line import DATA, ROOT

KALDI = ROOT / "tests" / "kaldi_speech"
FEATURES, IVECTOR = KALDI / "features", KALDI / "ivector"
SPEECH = DATA / "speech"
EXTRACTOR = ROOT / "models" / "chain_ivector" / "ivector_extractor"
MFCC_CONFIG = ROOT / "models" / "chain_ivector" / "conf" / "mfcc.conf"


def stored(path: Path | str) -> dict[str, NDArray[np.float32]]:
    """A table of matrices as Kaldi wrote it."""
    return dict(read_table(str(path)))

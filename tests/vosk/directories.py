"""The bundled model in vosk's layout, as vosk got it for the messages in tests/kaldi_speech/vosk."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/chain_ivector"
_CONF = """--min-active=200
--max-active=3000
--beam=10.0
--lattice-beam=2.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1:2:3:4:5:6:7:8:9:10
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def write_vosk_directory(folder: Path) -> Path:
    """The folder, which now has the bundled model."""
    (folder / "am").mkdir(parents=True)
    shutil.copy(MODEL / "final.mdl", folder / "am")
    (folder / "conf").mkdir()
    shutil.copy(MODEL / "conf/mfcc.conf", folder / "conf")
    (folder / "conf/model.conf").write_text(_CONF)
    shutil.copytree(MODEL / "graph", folder / "graph")
    shutil.copytree(MODEL / "ivector_extractor", folder / "ivector")
    (folder / "ivector/ivector_extractor.conf").unlink()
    return folder

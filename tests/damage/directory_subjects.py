"""Files of model directories that say how the others are used: model.toml, online.conf, model.conf and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ov_asr_score.model_directory.reading import read_model_directory
from tests.model_directory.layouts.places import (
    extractor_files,
    graph_files,
    lay_out,
    lay_out_kaldi_serve,
    lay_out_vosk_1,
)
from tests.model_directory.layouts.test_kaldi_serve import SPECIFICATION
from tests.model_directory.layouts.test_model_toml import WHOLE

Read = Callable[[Path], None]

_ONLINE = """--feature-type=mfcc
--mfcc-config=/export/conf/mfcc.conf
--endpoint.silence-phones=1:2:3
--endpoint.rule2.min-trailing-silence=0.5
--ivector-silence-weighting.silence-weight=0.1
--ivector-extraction-config=/x/ie.conf
--beam=12.5
--max-active=3000
--frames-per-chunk=51
"""


def directory_subjects(folder: Path) -> Iterator[tuple[str, Path, Read]]:
    """Kind, file and what reads it; each stands in the folder that is read."""
    files = {"final.mdl": "final.mdl", "mfcc.conf": "conf/mfcc.conf"} | graph_files("", "word_boundary.int")
    extractor = extractor_files("e")
    made = lay_out(folder / "described", files | extractor)
    flat = WHOLE.replace("conf/mfcc.conf", "mfcc.conf").replace('folder = "graph"', 'folder = "."')
    flat = flat.replace('"ivector_extractor"', '"e"')
    lay_out(made, {"model.toml": flat})
    yield "directory", made / "model.toml", _read
    online = lay_out(folder / "online", files | extractor)
    options = {"online.conf": _ONLINE, "ie.conf": "ivector_extractor/ivector_extractor.conf"}
    lay_out(online, options | {"frame_subsampling_factor": "3\n"})
    for name in ("online.conf", "mfcc.conf", "frame_subsampling_factor", "ie.conf", "words.txt"):
        yield "directory", online / name, _read
    serve = lay_out(lay_out_kaldi_serve(folder / "serve"), {"model-spec.toml": SPECIFICATION})
    yield "directory", serve / "model-spec.toml", _read
    vosk = lay_out_vosk_1(folder / "vosk")
    for name in ("mfcc.conf", "HCLG.fst", "word_boundary.int"):
        yield "directory", vosk / name, _read


def _read(path: Path) -> None:
    read_model_directory(path.parent)

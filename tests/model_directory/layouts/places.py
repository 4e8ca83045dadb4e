"""Model directories that tests lay out, of the files in models/chain_ivector."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

CHAIN = Path(__file__).parents[3] / "models" / "chain_ivector"

EXTRACTOR = ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats", "splice.conf", "online_cmvn.conf")
MODEL_CONF = """--min-active=200
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


def lay_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Copy files of the shipped model (values) to their places in ``folder`` (keys); texts with a line stand as is."""
    for name, source in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith("\n"):
            place.write_text(source)
        else:
            shutil.copyfile(CHAIN / source, place)
    return folder


def graph_files(folder: str, boundary: str = "phones/word_boundary.int") -> dict[str, str]:
    """The graph in ``folder``, ``""`` for the top."""
    prefix = f"{folder}/" if folder else ""
    return {
        f"{prefix}HCLG.fst": "graph/HCLG.fst",
        f"{prefix}words.txt": "graph/words.txt",
        prefix + boundary: "graph/phones/word_boundary.int",
    }


def extractor_files(folder: str) -> dict[str, str]:
    """The extractor in ``folder``."""
    return {f"{folder}/{name}": f"ivector_extractor/{name}" for name in EXTRACTOR}


def lay_out_vosk_2(folder: Path) -> Path:
    """A directory of vosk, version 2."""
    files = {"am/final.mdl": "final.mdl", "conf/model.conf": MODEL_CONF, "conf/mfcc.conf": "conf/mfcc.conf"}
    return lay_out(folder, files | graph_files("graph") | extractor_files("ivector"))


def lay_out_vosk_1(folder: Path) -> Path:
    """A directory of vosk, version 1."""
    files = {"final.mdl": "final.mdl", "mfcc.conf": "conf/mfcc.conf"}
    return lay_out(folder, files | graph_files("", "word_boundary.int") | extractor_files("ivector"))


def lay_out_online(folder: Path) -> Path:
    """The shipped directory."""
    shutil.copytree(CHAIN, folder)
    return folder


def lay_out_experiment(root: Path) -> Path:
    """A recipe of Kaldi in ``root``, and its experiment directory."""
    files = {
        "exp/chain/tdnn1a_sp/final.mdl": "final.mdl",
        "exp/chain/tdnn1a_sp/frame_subsampling_factor": "frame_subsampling_factor",
        "exp/chain/tdnn1a_sp/cmvn_opts": "--norm-means=false --norm-vars=false\n",
        "exp/nnet3/extractor/splice_opts": "--left-context=3 --right-context=3\n",
        "conf/mfcc_hires.conf": "conf/mfcc.conf",
        "conf/mfcc.conf": "--use-energy=false\n",
        "conf/online_cmvn.conf": "ivector_extractor/online_cmvn.conf",
    }
    extractor = extractor_files("exp/nnet3/extractor")
    extractor.pop("exp/nnet3/extractor/splice.conf")
    lay_out(root, files | extractor | graph_files("exp/chain/tdnn1a_sp/graph_tgsmall"))
    return root / "exp/chain/tdnn1a_sp"


def lay_out_zamia(folder: Path) -> Path:
    """A directory of zamia-speech."""
    files = {"model/final.mdl": "final.mdl", "conf/mfcc_hires.conf": "conf/mfcc.conf"}
    return lay_out(folder, files | graph_files("model/graph") | extractor_files("extractor"))


def lay_out_kaldi_serve(folder: Path) -> Path:
    """A directory of kaldi-serve."""
    files = {
        "final.mdl": "final.mdl",
        "conf/mfcc.conf": "conf/mfcc.conf",
        "conf/ivector_extractor.conf": "ivector_extractor/ivector_extractor.conf",
    }
    return lay_out(folder, files | graph_files("", "word_boundary.int") | extractor_files("ivector_extractor"))

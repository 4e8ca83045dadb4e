"""Directories of vosk whose graph is the lookahead pair in `tests/kaldi_speech/lookahead`."""

from __future__ import annotations

import shutil
from pathlib import Path

from ov_asr_score.fst.language_model import open_language_model
from ov_asr_score.fst.symbols import read_symbols
from tests.model_directory.layouts.places import lay_out_vosk_1, lay_out_vosk_2

PAIR = Path(__file__).parents[2] / "kaldi_speech" / "lookahead"


def with_pair(folder: Path, graph: str) -> Path:
    """The directory in ``folder``, with the pair in the place of ``HCLG.fst`` in its folder ``graph``."""
    place = folder / graph
    (place / "HCLG.fst").unlink()
    for name in ("HCLr.fst", "Gr.fst", "disambig_tid.int", "words.txt"):
        shutil.copyfile(PAIR / name, place / name)
    return folder


def lay_out_vosk_2_pair(folder: Path) -> Path:
    """A directory of vosk, version 2, as most small models are."""
    return with_pair(lay_out_vosk_2(folder), "graph")


def lay_out_vosk_1_pair(folder: Path) -> Path:
    """A directory of vosk, version 1."""
    return with_pair(lay_out_vosk_1(folder), "")


def lay_out_vosk_2_packed_pair(folder: Path) -> Path:
    """The same with a packed language model, whose words have the numbers of labels, as mkgraph_lookahead.sh's."""
    lay_out_vosk_2_pair(folder)
    shutil.copyfile(PAIR / "Gr_ngram.fst", folder / "graph/Gr.fst")
    symbols, words = read_symbols(PAIR / "words.txt"), open_language_model(PAIR / "Gr.fst").model.words_of_label
    lines = [f"{symbols.text(word)} {label}\n" for label, word in enumerate(words.tolist()) if word]
    (folder / "graph/words.txt").write_text("".join(["<eps> 0\n", *lines]))
    return folder

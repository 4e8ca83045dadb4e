"""Lookahead pairs as files of a folder."""

from __future__ import annotations

import shutil
from mmap import mmap
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.decoding.token_passing.search_graph import compose_pair
from ov_asr_score.decoding.words.pair_files import is_pair, open_pair
from ov_asr_score.decoding.words.word_model import open_word_model
from ov_asr_score.errors import TableFormatError, UnsupportedModelError
from ov_asr_score.kaldi_io.matrices import stream
from ov_asr_score.settings.words.word_outputs import GraphSettings
from tests.decoding.kaldi_live_searches import MODEL, transitions
from tests.decoding.token_passing.small_pairs import CHAIN, DISAMBIGUATION, FOLDER, numbers


def test_what_is_a_pair(tmp_path: Path) -> None:
    assert is_pair(str(FOLDER / "HCLr.fst"))
    (tmp_path / "damaged").write_bytes((FOLDER / "HCLr.fst").read_bytes()[:9])
    others = (MODEL / "graph/HCLG.fst", FOLDER / "Gr.fst", MODEL / "graph/words.txt", tmp_path / "damaged", tmp_path)
    assert not any(is_pair(str(path)) for path in others)
    assert not is_pair("-") and not is_pair(f"fstcompile {300 * 'x'} |")


def test_the_first_half_is_there_once() -> None:
    graph, files = open_pair(str(FOLDER / "HCLr.fst"))
    hclr = files.pair.hclr
    assert graph.fst is hclr and files.disambiguation == DISAMBIGUATION
    words = {int(line.split()[1]) for line in (FOLDER / "words.txt").read_text().splitlines()}
    used = set(files.pair.model.words_of_label[np.unique(hclr.olabels)].tolist())
    assert used <= words and {word for each in numbers("words.int").values() for word in each} <= used
    assert hclr.largest_ilabel == hclr.ilabels.max() == max(DISAMBIGUATION)


def test_transition_ids_of_a_word_model() -> None:
    settings = GraphSettings(str(FOLDER / "HCLr.fst"), words=str(FOLDER / "words.txt"))
    model = open_word_model(settings, CHAIN, str(MODEL / "final.mdl"), wants_times=False)
    used = model.used_transition_ids()
    assert used.tolist() == sorted(set(model.graph.fst.ilabels.tolist()) - {0, *DISAMBIGUATION})
    assert used[-1] <= transitions().num_transition_ids < max(DISAMBIGUATION)


def test_the_search_shares_the_arrays_of_both_halves(tmp_path: Path) -> None:
    """A large pair is in memory once; arcs of HCLr.fst are the pages of the file."""
    shutil.copyfile(FOLDER / "HCLr.fst", tmp_path / "HCLr.fst")
    shutil.copyfile(FOLDER / "Gr_ngram.fst", tmp_path / "Gr.fst")
    with patch.object(stream, "FEWEST_MAPPED_BYTES", 1):
        pair = open_pair(str(tmp_path / "HCLr.fst"))[1].pair
    hclr, model = pair.hclr, pair.model
    base: object = hclr.arcs
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, memoryview) and isinstance(base.obj, mmap)
    arrays = compose_pair("x", hclr, model, transitions().pdfs, transitions().num_pdfs, DISAMBIGUATION).arrays
    shared = [(arrays.arcs, hclr.arcs), (arrays.first_arcs, hclr.first_arcs), (arrays.finals, hclr.final_weights)]
    shared += [(arrays.sets, hclr.set_of_state), (arrays.set_first, hclr.set_first)]
    shared += [(arrays.set_begins, hclr.interval_begin), (arrays.labels, model.labels), (arrays.nexts, model.nexts)]
    shared += [(arrays.word_costs, model.weights), (arrays.word_first, model.first_arcs)]
    assert all(np.shares_memory(used, read) for used, read in shared)


def test_one_half_alone(tmp_path: Path) -> None:
    shutil.copyfile(FOLDER / "HCLr.fst", tmp_path / "HCLr.fst")
    with pytest.raises(UnsupportedModelError, match=r"HCLr\.fst: .* expected the second half, Gr\.fst, beside it"):
        open_pair(str(tmp_path / "HCLr.fst"))


@pytest.mark.parametrize("text", ["295 x", "0", "-3", "99999999999"])
def test_labels_that_are_none(text: str, tmp_path: Path) -> None:
    for name in ("HCLr.fst", "Gr.fst"):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    (tmp_path / "disambig_tid.int").write_text(text)
    with pytest.raises(TableFormatError, match=r"disambig_tid\.int: expected labels of disambiguation symbols"):
        open_pair(str(tmp_path / "HCLr.fst"))

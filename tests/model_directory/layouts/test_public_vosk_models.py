"""Public models of vosk: directories with the files that they have, told apart as in docs/model-directories.md.

Files that are used are those of the shipped model; the others hold a letter.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ov_asr_score.fst.language_model import open_language_model
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.fst.lookahead_files import data_of, with_symbols
from tests.model_directory.layouts.pairs import PAIR, lay_out_vosk_1_pair, lay_out_vosk_2_pair
from tests.model_directory.layouts.places import lay_out, lay_out_vosk_1, lay_out_vosk_2

EXTRACTOR = {f"ivector/{name}" for name in ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats")}
EXTRACTOR |= {"ivector/splice.conf", "ivector/online_cmvn.conf"}
COMMON = {"am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/phones/word_boundary.int"} | EXTRACTOR
BIG = {"am/tree", "README", "graph/phones.txt", "graph/num_pdfs", "graph/disambig_tid.int"}
BIG |= {f"graph/phones/{name}" for name in ("align_lexicon.int", "align_lexicon.txt", "disambig.int", "disambig.txt")}
BIG |= {f"graph/phones/{name}" for name in ("optional_silence.csl", "silence.csl", "word_boundary.txt")}
RESCORE = {"rescore/G.carpa", "rescore/G.fst"}
RNNLM = {f"rnnlm/{name}" for name in ("feat_embedding.final.mat", "final.raw", "special_symbol_opts.conf")}
RNNLM |= {"rnnlm/word_feats.txt"}
LARGE_CONF = """--min-active=200
--max-active=7000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1:2:3:4:5:11:12:13:14:15
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=2.0
"""


def add(folder: Path, names: set[str]) -> Path:
    """Put files with a letter where there are none."""
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_text("x\n")
    return folder


def with_own_words(folder: Path) -> Path:
    """A pair whose language model is packed and has the table of its words."""
    model = open_language_model(PAIR / "Gr.fst").model
    symbols = read_symbols(PAIR / "words.txt")
    texts = {label: symbols.text(word) for label, word in enumerate(model.words_of_label.tolist()) if word}
    (folder / "graph/Gr.fst").write_bytes(with_symbols(data_of("Gr_ngram"), {0: "<eps>", **texts}))
    return folder


def small(folder: Path) -> Path:
    """vosk-model-small-en-us-0.15."""
    folder = with_own_words(lay_out_vosk_2_pair(folder))
    (folder / "graph/words.txt").unlink()
    return add(folder, {"README"})


def dynamic_graph(folder: Path) -> Path:
    """vosk-model-en-us-0.22-lgraph."""
    folder = lay_out(lay_out_vosk_2_pair(folder), {"conf/model.conf": LARGE_CONF})
    return add(folder, BIG - {"graph/num_pdfs"})


def large(folder: Path) -> Path:
    """vosk-model-en-us-0.22."""
    return add(lay_out(lay_out_vosk_2(folder), {"conf/model.conf": LARGE_CONF}), BIG | RESCORE | RNNLM)


def rescored(folder: Path) -> Path:
    """With a larger language model, without rnnlm."""
    return add(lay_out_vosk_2(folder), BIG | RESCORE)


def portuguese(folder: Path) -> Path:
    """vosk-model-small-pt-0.3: version 1 with a lookahead pair."""
    return add(lay_out_vosk_1_pair(folder), {"README", "phones.txt"})


def old_complete_graph(folder: Path) -> Path:
    """Version 1 with a complete graph."""
    return add(lay_out_vosk_1(folder), {"README", "phones.txt"})


USED: dict[Callable[[Path], Path], set[str]] = {
    small: COMMON | {"graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"},
    dynamic_graph: COMMON | {"graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int", "graph/words.txt"},
    large: COMMON | {"graph/HCLG.fst", "graph/words.txt"},
    rescored: COMMON | {"graph/HCLG.fst", "graph/words.txt"},
    portuguese: EXTRACTOR
    | {"final.mdl", "mfcc.conf", "HCLr.fst", "Gr.fst", "disambig_tid.int", "words.txt", "word_boundary.int"},
    old_complete_graph: EXTRACTOR | {"final.mdl", "mfcc.conf", "HCLG.fst", "words.txt", "word_boundary.int"},
}


@pytest.mark.parametrize("model", USED, ids=lambda model: str(model.__name__))
def test_each_file_is_used_or_has_a_reason(model: Callable[[Path], Path], tmp_path: Path) -> None:
    files = read_model_directory(model(tmp_path)).files
    assert {each.path for each in files if each.role == "used"} == USED[model]
    assert not [each for each in files if each.role == "missing"]
    assert {each.path: each.use for each in files if each.use == "not needed"}.keys() <= {
        "graph/phones/optional_silence.csl"
    }


@pytest.mark.parametrize(
    ("model", "layout", "search"),
    [
        (small, "vosk 2", DecodingOptions(10.0, 3000, 200, 2.0, decoding_scale=1.0)),
        (dynamic_graph, "vosk 2", DecodingOptions(13.0, 7000, 200, 6.0, decoding_scale=1.0)),
        (large, "vosk 2", DecodingOptions(13.0, 7000, 200, 6.0, decoding_scale=1.0)),
        (portuguese, "vosk 1", DecodingOptions(13.0, 7000, None, 6.0, decoding_scale=1.0)),
    ],
    ids=["small", "dynamic_graph", "large", "portuguese"],
)
def test_the_search_is_that_of_vosk(
    model: Callable[[Path], Path], layout: str, search: DecodingOptions, tmp_path: Path
) -> None:
    found = read_model_directory(model(tmp_path))
    assert (found.layout, found.words.search) == (layout, search)


def second_passes(folder: Path) -> list[str]:
    return [note for note in read_model_directory(folder).notes if "first pass" in note]


def test_language_models_for_a_second_pass_are_told_with_what_leaving_them_out_costs(tmp_path: Path) -> None:
    (note,) = second_passes(large(tmp_path / "large"))
    assert note.startswith("rescore/ and rnnlm/ are not used: words are those of the first pass")
    assert "a tenth of the word errors" in note
    assert "rnnlm/ a twentieth" in note
    (note,) = second_passes(rescored(tmp_path / "rescored"))
    assert note.startswith("rescore/ is not used")
    assert "rnnlm" not in note


@pytest.mark.parametrize("names", [RNNLM, {"rescore/G.fst"}])
def test_vosk_makes_no_second_pass_without_a_const_arpa(names: set[str], tmp_path: Path) -> None:
    assert second_passes(add(lay_out_vosk_2(tmp_path), names)) == []


def test_options_that_scripts_write(tmp_path: Path) -> None:
    lines = ("--min-active=200", "--frames-per-chunk=51", "--extra-left-context-initial=1", "--verbose=-1")
    text = "".join(f"    {line}\r\n" for line in (*lines, "--acoustic-scale=1.0", "--frame-subsampling-factor=3"))
    lay_out(lay_out_vosk_2(tmp_path), {"conf/model.conf": f"\r\n{text}#--beam=1\r\n"})
    found = read_model_directory(tmp_path)
    assert (found.looped.frames_per_chunk, found.looped.extra_left_context_initial) == (51, 1)
    assert found.words.search.beam == DecodingOptions().beam


def test_a_table_of_words_beside_a_language_model_with_its_own_is_not_used(tmp_path: Path) -> None:
    """As in models whose table is that of another graph: labels of a pair have other numbers."""
    folder = with_own_words(lay_out_vosk_2_pair(tmp_path))
    files = {each.path: each for each in read_model_directory(folder).files}
    assert files["graph/words.txt"].role == "ignored"
    assert "the graph has a table of its words" in files["graph/words.txt"].use


def test_word_boundaries_beside_the_graph(tmp_path: Path) -> None:
    folder = lay_out_vosk_2(tmp_path)
    shutil.move(folder / "graph/phones/word_boundary.int", folder / "graph/word_boundary.int")
    assert read_model_directory(folder).words.graph.word_boundary == str(folder / "graph/word_boundary.int")


def test_a_directory_of_vosk_without_its_options_but_with_those_of_kaldi(tmp_path: Path) -> None:
    folder = lay_out_vosk_2(tmp_path)
    (folder / "conf/model.conf").unlink()
    lay_out(folder, {"conf/online.conf": "conf/online.conf", "conf/splice.conf": "ivector_extractor/splice.conf"})
    lay_out(folder, {"conf/ivector_extractor.conf": "ivector_extractor/ivector_extractor.conf"})
    found = read_model_directory(folder)
    assert (found.layout, found.model) == ("kaldi online", str(folder / "am/final.mdl"))

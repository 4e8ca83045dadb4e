from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding import search
from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.search import NO_FRAMES, NO_PATH, NOT_FINAL, PARTIAL, decode
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_decodings import (
    FOLDER,
    NUM_PDFS,
    alignments,
    decode_either,
    graph,
    integers,
    linear_fst,
    pdfs,
    scores,
    words,
)

# of latgen-faster-mapped: --beam=15 --max-active=7000
CHAIN = DecodingOptions(beam=15.0, max_active=7000, decoding_scale=1.0)
WIDE = replace(CHAIN, decoding_scale=0.3)


@pytest.mark.parametrize("wants_lattice", [False, True])
@pytest.mark.parametrize(("name", "options"), [("chain", CHAIN), ("wide", WIDE)])
def test_words_alignments_and_costs_of_kaldi(name: str, options: DecodingOptions, wants_lattice: bool) -> None:
    found = [decode_either(options, key, values, wants_lattice) for key, values in scores().items()]
    assert words(found) == integers(f"{name}_words.int")
    assert alignments(found) == integers(f"{name}_ali.txt")
    costs = {key: tuple(map(float, rest)) for key, *rest in map(str.split, (FOLDER / f"{name}_costs.txt").open())}
    for each in found:
        assert each.path is not None and each.path.is_final and each.warnings == ()
        assert each.num_frames == len(scores()[each.key])
        assert (each.path.graph_cost, each.path.acoustic_cost) == pytest.approx(costs[each.key], rel=1e-5, abs=1e-3)


def test_narrow_beams_and_few_states_as_kaldi() -> None:
    options = DecodingOptions(beam=6.0, max_active=20, min_active=5, beam_delta=0.1, hash_ratio=1.0, decoding_scale=1.0)
    found = [decode(graph(), options, key, values) for key, values in scores().items()]
    assert words(found) == integers("chain_words_beam6.int")


def test_a_narrow_beam_drops_nothing_of_small_graphs() -> None:
    # latgen-faster-mapped --beam=0.5 --lattice-beam=0.5: the graph has less states than are kept at least
    options = DecodingOptions(beam=0.5, lattice_beam=0.5, decoding_scale=1.0)
    found = [decode_either(options, key, values, wants_lattice=True) for key, values in scores().items()]
    assert words(found) == integers("chain_words.int")
    # so does a path beside which all others are as good as impossible
    huge = [decode_either(options, key, values * np.float32(1e25), True) for key, values in scores().items()]
    assert all(each.path is not None for each in huge)


@pytest.mark.parametrize("wants_lattice", [False, True])
def test_odd_utterances_as_kaldi(wants_lattice: bool) -> None:
    # --beam=15, acoustic scale 0.1; all scores of const are equal, and so are the costs of several words
    utterances = dict(read_table(f"ark:{FOLDER / 'odd_scores.txt'}"))
    options = DecodingOptions(beam=15.0, min_active=20, allow_partial=True)
    found = [decode_either(options, key, values, wants_lattice) for key, values in utterances.items()]
    decided = [each for each in found if each.key != "const" or not wants_lattice]
    for kind, name in ((words, "odd_words.int"), (alignments, "odd_ali.txt")):
        assert kind(decided) == {key: ids for key, ids in integers(name).items() if key != "const" or not wants_lattice}
    assert {each.key: each.warnings for each in found if each.warnings} == {
        "empty": (NO_FRAMES,),
        "prefix1": (PARTIAL,),
    }
    strict = decode_either(replace(options, allow_partial=False), "prefix1", utterances["prefix1"], wants_lattice)
    assert strict.path is None and strict.warnings == (NOT_FINAL,)


def test_graph_without_final_states() -> None:
    # latgen-faster-mapped --allow-partial=true
    options = DecodingOptions(allow_partial=True)
    keys = integers("nofinal_words.int")
    found = [decode(graph("HCLG_nofinal.fst"), options, key, scores()[key]) for key in keys]
    assert words(found) == keys
    assert [each.warnings for each in found] == [(PARTIAL,)] * 2
    strict = decode(graph("HCLG_nofinal.fst"), DecodingOptions(), "a", scores()["es_Annie-t0002"])
    assert strict.path is None and strict.warnings == (NOT_FINAL,)


@pytest.mark.parametrize("wants_lattice", [False, True])
def test_paths_that_end_before_the_utterance(wants_lattice: bool) -> None:
    # two arcs, as Kaldi: no output, whether partial or not
    for partial in (True, False):
        options = DecodingOptions(allow_partial=partial)
        found = decode_either(options, "a", scores()["es_Annie-t0002"], wants_lattice, "tiny.fst")
        assert found.path is None and found.warnings == (NO_PATH,)


def test_a_path_by_hand() -> None:
    # words on an arc without a frame, on one with a frame, and behind the last frame
    fst = linear_fst((0, 7, 0.5), (2, 0, 0.25), (2, 8, 1.0), (1, 0, 2.0), (0, 9, 4.0), final=8.0)
    values = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32)
    small = make_graph("hand", fst, np.array([-1, 2, 0], np.int32), 3)
    found = decode(small, DecodingOptions(beam=100.0, decoding_scale=0.5), "a", values)
    path = found.path
    assert path is not None
    assert path.words.tolist() == [7, 8, 9]
    assert path.word_frames.tolist() == [0, 1, 3]
    assert path.alignment.tolist() == [2, 2, 1]
    assert path.graph_cost == pytest.approx(0.5 + 0.25 + 1 + 2 + 4 + 8)
    assert path.acoustic_cost == pytest.approx(-(1 + 4 + 9))
    assert {each.dtype for each in (path.words, path.word_frames, path.alignment)} == {np.dtype(np.int32)}


def test_scale_of_nothing() -> None:
    for wants_lattice in (False, True):
        options = replace(CHAIN, decoding_scale=0.0, beam=4.0)
        found = decode_either(options, "a", scores()["es_Annie-t0002"], wants_lattice)
        assert found.path is not None and len(found.path.alignment) == found.num_frames


def test_costs_of_a_lattice_and_its_best_path_agree() -> None:
    for penalty in (0.0, 1.5):
        for key, values in scores().items():
            found = decode_either(replace(WIDE, word_insertion_penalty=penalty), key, values, wants_lattice=True)
            lattice, path = found.lattice, found.path
            assert lattice is not None and path is not None
            best = np.full(lattice.num_states, np.inf)
            best[0] = 0
            arc_costs = lattice.graph_costs + 0.3 * lattice.acoustic_costs + penalty * (lattice.words > 0)
            for source, target, cost in zip(lattice.sources, lattice.targets, arc_costs, strict=True):
                best[target] = min(best[target], best[source] + cost)
            least = (best[lattice.final_states] + lattice.final_graph_costs).min()
            total = path.graph_cost + 0.3 * path.acoustic_cost + penalty * len(path.words)
            assert total == pytest.approx(least, abs=1e-3)


def test_word_insertion_penalty_decides_and_is_not_counted() -> None:
    counts = []
    for penalty in (-20.0, 0.0, 20.0):
        found = [decode(graph(word_penalty=penalty), WIDE, key, values).path for key, values in scores().items()]
        counts.append(sum(len(path.words) for path in found if path is not None))
    assert counts[0] > counts[1] > counts[2]
    # where the words are the same, so are the costs
    key = "es_Annie-t0002"
    free, dear = (decode(graph(word_penalty=penalty), CHAIN, key, scores()[key]).path for penalty in (0.0, 1.5))
    assert free is not None and dear is not None and len(free.words) > 0
    assert free.words.tolist() == dear.words.tolist()
    assert free.graph_cost == pytest.approx(dear.graph_cost, abs=1e-4)


def test_scores_that_cannot_be_compared() -> None:
    for value in (np.nan, np.inf):
        values = scores()["es_Annie-t0002"].copy()
        values[3, 5] = value
        found = decode(graph(), CHAIN, "a", values)
        assert found.path is None and found.warnings == ("NaN or infinity in the scores of frame 3: no words",)
    # the logarithm of 0 is a path that nobody takes
    values = scores()["es_Annie-t0002"].copy()
    unused = np.setdiff1d(np.arange(NUM_PDFS), pdfs()[decode(graph(), CHAIN, "a", values).path.alignment])  # type: ignore[union-attr]
    values[:, unused] = -np.inf
    found = decode(graph(), CHAIN, "es_Annie-t0002", values)
    assert words([found])["es_Annie-t0002"] == integers("chain_words.int")["es_Annie-t0002"]
    values[:] = -np.inf
    assert decode(graph(), CHAIN, "a", values).warnings == (NO_PATH,)


def test_scores_of_another_width() -> None:
    for width in (NUM_PDFS - 1, NUM_PDFS + 1):
        with pytest.raises(ShapeMismatchError, match=f"utterance 'a': expected scores of 56 pdfs.* found {width}"):
            decode(graph(), CHAIN, "a", np.zeros((2, width), np.float32))


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    key, values = next(iter(scores().items()))
    monkeypatch.setattr(search, "_PIECE_VALUES", 1)
    one_by_one = decode(graph(), CHAIN, key, np.asfortranarray(values.astype(np.float64)))
    assert alignments([one_by_one])[key] == integers("chain_ali.txt")[key]


def test_an_utterance_that_takes_too_long() -> None:
    found = decode(graph(), replace(CHAIN, decoding_seconds=0.0), "a", scores()["es_Annie-t0002"])
    assert found.path is None and found.warnings == ("given up after 0 seconds; choose a narrower beam",)


def test_long_utterances_keep_their_costs() -> None:
    values = np.tile(np.concatenate(list(scores().values())), (60, 1)) - 100
    key = "long"
    options = replace(CHAIN, beam=10.0)
    path, from_lattice = (decode_either(options, key, values, wants).path for wants in (False, True))
    assert path is not None and from_lattice is not None
    assert len(path.alignment) == len(values) > 20_000
    assert path.words.tolist() == from_lattice.words.tolist()
    assert path.alignment.tolist() == from_lattice.alignment.tolist()
    assert path.graph_cost == pytest.approx(from_lattice.graph_cost, rel=1e-6)
    assert path.acoustic_cost == pytest.approx(from_lattice.acoustic_cost)


@pytest.mark.slow
def test_a_million_frames() -> None:
    values = np.concatenate(list(scores().values()))
    values = np.tile(values, (1_000_000 // len(values) + 1, 1))[:1_000_000]
    path = decode(graph(), replace(CHAIN, beam=6.0, min_active=20, allow_partial=True), "a", values).path
    assert path is not None and len(path.alignment) == 1_000_000

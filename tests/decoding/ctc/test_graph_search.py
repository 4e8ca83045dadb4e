"""Tests of CTC scores decoded with a graph, against every alignment of a few frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.ctc_decoder import decode_ctc, open_ctc_decoder
from ov_asr_score.decoding.ctc.graph_search import CtcGraph
from ov_asr_score.decoding.ctc.path_words import FROM_ARCS
from ov_asr_score.decoding.search import NO_FRAMES
from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.ctc.plain_ctc import labels_of, random_log_probs, spans_of
from tests.decoding.ctc.small_graph import ARPA, WORDS, write_graph
from tests.decoding.ctc.test_arpa import by_definition, grams_of

WIDE = DecodingOptions(beam=1000.0)
PIECES = ("<blk>", "▁a", "▁b", "a", "b")
LETTERS = {"a": ["▁a"], "ab": ["▁a", "b"], "ba": ["▁b", "a"]}


def make(
    folder: Path, tokens: Sequence[str] = PIECES, lexicon: Mapping[str, Sequence[str]] = LETTERS, blank: int = 0
) -> tuple[CtcOptions, CtcGraph]:
    write_graph(folder, tokens, lexicon, blank)
    (folder / "tokens.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(tokens)))
    graph = CtcGraph(open_graph(folder / "TLG.fst"), read_symbols(folder / "words.txt"), WIDE, workers=1)
    return CtcOptions(tokens=str(folder / "tokens.txt")), graph


def segmentations(labels: tuple[int, ...], spelled: Mapping[str, tuple[int, ...]]) -> list[list[str]]:
    """The word sequences that are spelled like this."""
    if not labels:
        return [[]]
    found = []
    for word, spelling in spelled.items():
        if labels[: len(spelling)] == spelling:
            found += [[word, *rest] for rest in segmentations(labels[len(spelling) :], spelled)]
    return found


def all_paths(
    log_probs: NDArray[np.float64], tokens: Sequence[str], lexicon: Mapping[str, Sequence[str]], scale: float = 1.0
) -> list[tuple[float, tuple[str, ...], tuple[int, ...]]]:
    """Cost, words and alignment of the best alignment of every word sequence, cheapest first."""
    spelled = {word: tuple(tokens.index(token) for token in lexicon[word]) for word in WORDS}
    grams = grams_of(ARPA)
    best: dict[tuple[str, ...], tuple[float, tuple[str, ...], tuple[int, ...]]] = {}
    for alignment in itertools.product(range(len(tokens)), repeat=len(log_probs)):
        acoustic = -sum(log_probs[frame, label] for frame, label in enumerate(alignment)) * scale
        for words in segmentations(labels_of(alignment, 0), spelled):
            sentence = ["<s>", *words, "</s>"]
            grammar = -sum(by_definition(grams, (one,), two) for one, two in itertools.pairwise(sentence))
            cost = float(acoustic + grammar * math.log(10))
            if cost < best.get(tuple(words), (math.inf, (), ()))[0]:
                best[tuple(words)] = (cost, tuple(words), alignment)
    return sorted(best.values())


def texts(words: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(getattr(word, "text", "")) for word in words)


@pytest.mark.parametrize("seed", range(3))
def test_best_of_all_alignments(tmp_path: Path, seed: int) -> None:
    options, graph = make(tmp_path)
    for number in range(3):
        log_probs = random_log_probs(10 * seed + number, 5, 5, 2.0)
        cost, words, alignment = all_paths(log_probs, PIECES, LETTERS)[0]
        (found,) = decode_ctc([("u", log_probs)], options, graph)
        assert found.best is not None
        assert texts(found.best.words) == words
        assert found.best.acoustic_cost + found.best.graph_cost == pytest.approx(cost, abs=1e-3)
        # frames of the tokens, and of words from their first token to their last
        spans = spans_of(alignment, 0)
        assert list(zip(found.best.tokens.first_frames, found.best.tokens.end_frames, strict=True)) == spans
        bounds, place = [], 0
        for word in words:
            bounds.append((spans[place][0], spans[place + len(LETTERS[word]) - 1][1]))
            place += len(LETTERS[word])
        assert [(word.first_frame, word.end_frame) for word in found.best.words] == bounds
        assert (found.num_frames, found.warnings) == (5, ())


def test_several_word_sequences_from_a_lattice(tmp_path: Path) -> None:
    options, graph = make(tmp_path)
    graph = replace(graph, search=DecodingOptions(beam=60.0, lattice_beam=60.0, decoding_scale=0.7))
    log_probs = random_log_probs(4, 5, 5, 1.0)
    expected = all_paths(log_probs, PIECES, LETTERS, 0.7)[:6]
    (found,) = decode_ctc([("u", log_probs)], options, graph, 6)
    assert [texts(each.words) for each in found.alternatives] == [words for _, words, _ in expected]
    totals = [0.7 * each.acoustic_cost + each.graph_cost for each in found.alternatives]
    assert totals == pytest.approx([cost for cost, _, _ in expected], abs=1e-3)
    shares = np.exp(-np.array(totals))
    assert [each.posterior for each in found.alternatives] == pytest.approx(shares / shares.sum())


def test_words_that_tokens_do_not_spell(tmp_path: Path) -> None:
    tokens = ("<blk>", "AH", "B")
    options, graph = make(tmp_path, tokens, {"a": ["AH"], "ab": ["AH", "B"], "ba": ["B", "AH"]})
    options = replace(options, word_separator="each-token")
    probs = np.full((7, 3), 0.01)
    probs[np.arange(7), [0, 1, 2, 2, 0, 1, 0]] = 0.98
    (found,) = decode_ctc([("u", np.log(probs))], options, graph)
    assert found.best is not None
    assert texts(found.best.words) == ("ab", "a")
    assert found.warnings == (FROM_ARCS,)
    first, second = found.best.words
    assert 1 <= first.first_frame <= 2 and first.end_frame <= second.first_frame <= 6
    assert first.confidence == pytest.approx(0.98)


def test_utterances_in_worker_processes_and_in_order(tmp_path: Path) -> None:
    options, graph = make(tmp_path)
    utterances = [(f"u{number}", random_log_probs(number, 3 + number, 5)) for number in range(6)]
    here = list(decode_ctc(utterances, options, graph, 2))
    there = list(decode_ctc(utterances, options, replace(graph, workers=2), 2))
    for one, other in zip(here, there, strict=True):
        assert (one.key, one.num_frames) == (other.key, other.num_frames)
        assert [each.words for each in one.alternatives] == [each.words for each in other.alternatives]


def test_utterances_without_words(tmp_path: Path) -> None:
    options, graph = make(tmp_path)
    decoded = list(decode_ctc([("empty", np.zeros((0, 5))), ("u", random_log_probs(1, 4, 5))], options, graph))
    assert (decoded[0].alternatives, decoded[0].best, decoded[0].warnings) == ((), None, (NO_FRAMES,))
    assert decoded[1].best is not None
    (found,) = decode_ctc([("u", np.full((3, 5), np.nan))], options, graph)
    assert (found.best, found.warnings) == (None, ("NaN or infinity in the scores of frame 0: no words",))


def test_logits_are_normalized(tmp_path: Path) -> None:
    options, graph = make(tmp_path)
    log_probs = random_log_probs(2, 5, 5)
    (one,) = decode_ctc([("u", log_probs)], options, graph)
    (other,) = decode_ctc([("u", log_probs + 3)], options, graph)
    assert one.best is not None and other.best is not None
    assert texts(one.best.words) == texts(other.best.words)
    assert other.warnings == ("the log-softmax of scores is taken: they are not normalized",)


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    options, graph = make(tmp_path)
    (tmp_path / "few.txt").write_text("<blk> 0\n▁a 1\nb 2\n")
    with pytest.raises(
        ShapeMismatchError, match=r"TLG.fst: expected input labels up to 3, .* found 5; is it the graph"
    ):
        open_ctc_decoder(replace(options, tokens=str(tmp_path / "few.txt")), graph)
    (tmp_path / "words.txt").write_text("<eps> 0\na 1\n")
    with pytest.raises(ShapeMismatchError, match=r"words.txt: expected a symbol for each of the 3 words"):
        open_ctc_decoder(options, replace(graph, words=read_symbols(tmp_path / "words.txt")))
    with pytest.raises(UsageError, match="lm: is for the search without a graph"):
        open_ctc_decoder(replace(options, lm="lm.arpa"), graph)
    with pytest.raises(ShapeMismatchError, match="for each of the 4 columns of the scores of utterance u, found 5"):
        list(decode_ctc([("u", random_log_probs(1, 4, 4))], options, graph))

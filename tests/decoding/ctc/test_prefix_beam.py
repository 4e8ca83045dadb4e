"""Tests of prefix beam search, against all alignments of a few frames."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc import prefix_beam
from ov_asr_score.decoding.ctc.arpa import load_arpa
from ov_asr_score.decoding.ctc.prefix_beam import FoundPrefix, PrefixSearch
from ov_asr_score.decoding.ctc.prefix_tree import Chains
from ov_asr_score.decoding.ctc.word_rules import WordRule, find_word_rule
from ov_asr_score.decoding.ctc.word_scores import WordScores
from tests.decoding.ctc.plain_ctc import all_labellings, random_log_probs, spans_of
from tests.decoding.ctc.test_arpa import TRIGRAMS, by_definition, grams_of

WHOLE = 10_000  # prefixes: nothing is left out
RULES = {
    "separator": (["<blk>", "a", "b", "|"], ""),
    "pieces": (["<blk>", "▁a", "▁b", "c"], ""),
    "continued before": (["<blk>", "a", "b", "##c"], ""),
    "continued behind": (["<blk>", "a@@", "b", "c"], ""),
    "each token": (["<blk>", "a", "b", "c"], "each-token"),
}


def rule_of(name: str) -> WordRule:
    texts, asked = RULES[name]
    return find_word_rule(texts, 0, asked, "tokens.txt")


def search(
    log_probs: NDArray[np.floating],
    beam: int = WHOLE,
    blank: int = 0,
    rule: WordRule | None = None,
    scores: WordScores | None = None,
    token_beam: float = 1e9,
) -> list[FoundPrefix]:
    found = PrefixSearch(blank, beam, token_beam, rule or rule_of("separator"), scores)
    found.accept(log_probs)
    return found.finish()


@pytest.mark.parametrize("seed", range(12))
def test_without_pruning_all_sums_are_those_of_all_alignments(seed: int) -> None:
    log_probs = random_log_probs(seed, 5, 4)
    expected = all_labellings(log_probs, 0)
    found = search(log_probs)
    assert [each.log_prob for each in found] == sorted((each.log_prob for each in found), reverse=True)
    assert {tuple(each.ids.tolist()): pytest.approx(each.log_prob) for each in found} == {
        ids: each.log_prob for ids, each in expected.items()
    }
    for each in found:
        spans = list(zip(each.first_frames.tolist(), each.end_frames.tolist(), strict=True))
        assert spans in [spans_of(best, 0) for best in expected[tuple(each.ids.tolist())].alignments]


def test_another_blank_and_probabilities_of_zero() -> None:
    log_probs = random_log_probs(3, 5, 4)
    log_probs[[0, 2, 2, 3], [1, 3, 0, 2]] = -np.inf
    with np.errstate(invalid="ignore"):
        expected = all_labellings(log_probs, 3)
    rule = find_word_rule(["a", "b", "|", "<blk>"], 3, "", "tokens.txt")
    found = search(log_probs, blank=3, rule=rule)
    possible = {ids: each.log_prob for ids, each in expected.items() if each.log_prob > -np.inf}
    assert {tuple(each.ids.tolist()): pytest.approx(each.log_prob) for each in found} == possible


def plain_word_score(scores: WordScores, grams: dict[tuple[str, ...], tuple[float, float]], words: list[str]) -> float:
    """alpha log p(words </s>) + beta |words|."""
    total, history = 0.0, ["<s>"]
    for word in [*words, "</s>"]:
        known = word if (word,) in grams else "<unk>"
        total += by_definition(grams, tuple(history[-2:]), known)
        history.append(known)
    return scores.weight * total * math.log(10) + scores.bonus * len(words)


@pytest.mark.parametrize("name", RULES)
def test_language_model_of_whole_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "lm.arpa").write_text(TRIGRAMS)
    rule, grams = rule_of(name), grams_of(TRIGRAMS)
    scores = WordScores(rule, load_arpa(str(tmp_path / "lm.arpa")), 0.8, 0.6)
    for seed in range(4):
        log_probs = random_log_probs(seed, 5, 4, 1.0)
        expected = {}
        for ids, each in all_labellings(log_probs, 0).items():
            words = [word.text for word in rule.words(ids)]
            expected[ids] = each.log_prob + plain_word_score(scores, grams, words)
        found = search(log_probs, rule=rule, scores=scores)
        totals = {tuple(each.ids.tolist()): each.log_prob + each.word_score for each in found}
        assert {ids: pytest.approx(total, abs=1e-4) for ids, total in totals.items()} == expected
        assert tuple(found[0].ids.tolist()) == max(expected, key=lambda ids: expected[ids])


def test_a_narrow_beam_finds_the_best_of_sharp_scores() -> None:
    for seed in range(5):
        log_probs = random_log_probs(seed, 6, 4, 4.0)
        expected = all_labellings(log_probs, 0)
        best = max(expected, key=lambda ids: expected[ids].log_prob)
        assert tuple(search(log_probs, beam=8)[0].ids.tolist()) == best
        assert len(search(log_probs, beam=8)) == 8


def test_more_than_the_best_alignment() -> None:
    # greedily all blanks: 0.36; but both frames together say "a" with 0.64
    log_probs = np.log(np.array([[0.6, 0.4, 1e-9, 1e-9]] * 2))
    assert search(log_probs)[0].ids.tolist() == [1]


def test_tokens_out_of_the_beam_are_not_looked_at() -> None:
    log_probs = np.log(np.array([[0.9, 0.09, 0.005, 0.005]] * 2))
    found = {tuple(each.ids.tolist()) for each in search(log_probs, token_beam=3.0)}
    assert found == {(), (1,)}


def test_pieces_of_an_utterance_and_forgotten_prefixes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(TRIGRAMS)
    rule = rule_of("separator")
    scores = WordScores(rule, load_arpa(str(tmp_path / "lm.arpa")), 0.8, 0.6)
    log_probs = random_log_probs(5, 300, 4)
    kept = PrefixSearch(0, 6, 1e9, rule, scores)
    kept.accept(log_probs)
    monkeypatch.setattr(prefix_beam, "_MOST_NODES", 200)
    pieces = PrefixSearch(0, 6, 1e9, rule, scores)
    for start in range(0, 300, 7):
        pieces.accept(log_probs[start : start + 7])
    assert len(pieces._prefixes) < 0.6 * len(kept._prefixes)
    for one, other in zip(kept.finish(), pieces.finish(), strict=True):
        assert one.ids.tolist() == other.ids.tolist()
        assert one.first_frames.tolist() == other.first_frames.tolist()
        assert one.end_frames.tolist() == other.end_frames.tolist()
        assert (one.log_prob, one.word_score) == (other.log_prob, other.word_score)


def test_what_lies_far_back_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    log_probs = random_log_probs(7, 3000, 4, 4.0)
    best = search(log_probs, beam=4)[0]
    monkeypatch.setattr(prefix_beam, "_MOST_NODES", 400)
    monkeypatch.setattr(prefix_beam, "_OPEN_FRAMES", 100)
    settling = PrefixSearch(0, 4, 1e9, rule_of("separator"))
    settling.accept(log_probs)
    # about as many nodes as the best prefix has tokens, and not for each prefix of the beam
    assert len(settling._prefixes) < 1.5 * len(best.ids)
    found = settling.finish()
    # the beam is free for what is still open: better prefixes are found
    assert found[0].log_prob > best.log_prob
    assert (np.diff(found[0].first_frames) > 0).all()
    assert (found[0].end_frames[:-1] <= found[0].first_frames[1:]).all()
    assert len({tuple(each.ids[: len(best.ids) // 2].tolist()) for each in found}) == 1


def test_no_frames() -> None:
    (found,) = search(np.zeros((0, 4)))
    assert (found.ids.tolist(), found.end_frames.tolist(), found.log_prob) == ([], [], 0.0)


def test_chains_that_share_beginnings() -> None:
    chains = Chains(1)
    first = chains.add(np.array([0, 0]), np.array([5, 6]))
    second = chains.add(first, np.array([7, 8]))
    assert chains.values(int(second[1])).tolist() == [[6], [8]]
    numbers = chains.keep(second[1:])
    assert numbers.tolist() == [0, -1, 1, -1, 2]
    assert chains.values(2).tolist() == [[6], [8]]
    assert (len(chains), chains.parents.tolist()) == (3, [-1, 0, 1])
    many = chains.add(np.full(1000, 2), np.arange(1000))
    assert chains.values(int(many[999])).tolist() == [[6], [8], [999]]
    assert (chains.keep(many[:1], settled=2) >= 0).tolist() == [True] * 4 + [False] * 999
    assert (chains.keep(np.array([0])) >= 0).tolist() == [True, True, True, False]

"""Tests of utterances decoded with the tokens and options of a CTC model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.alternatives import CtcAlternative, CtcDecoded
from ov_asr_score.decoding.ctc.ctc_decoder import decode_ctc, open_ctc_decoder
from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.kaldi_io import parse_read_specifier, read_table
from ov_asr_score.settings.words.ctc import CtcOptions
from tests.decoding.ctc.plain_ctc import all_labellings, random_log_probs
from tests.decoding.ctc.test_arpa import TRIGRAMS
from tests.places import ROOT


@pytest.fixture
def options(tmp_path: Path) -> CtcOptions:
    (tmp_path / "tokens.txt").write_text("<blk> 0\n| 1\na 2\nb 3\n")
    return CtcOptions(tokens=str(tmp_path / "tokens.txt"))


def decode(options: CtcOptions, log_probs: NDArray[np.floating], num_best: int = 1) -> CtcDecoded:
    (found,) = decode_ctc([("u1", log_probs)], options, num_best=num_best)
    return found


def texts(found: CtcDecoded) -> list[str]:
    return [" ".join(word.text for word in each.words) for each in found.alternatives]


def best(found: CtcDecoded) -> CtcAlternative:
    assert found.best is not None
    return found.best


def of_labels(labels: list[int], tokens: int = 4) -> NDArray[np.float64]:
    """Log-probabilities [T, V] of which these labels are the best."""
    probs = np.full((len(labels), tokens), 0.1 / (tokens - 1))
    probs[np.arange(len(labels)), labels] = 0.9
    log_probs: NDArray[np.float64] = np.log(probs)
    return log_probs


def test_words_with_frames_and_confidences(options: CtcOptions) -> None:
    for choice in (options, replace(options, ctc_beam=20)):
        found = decode(choice, of_labels([0, 2, 2, 0, 3, 1, 0, 2, 0]))
        assert texts(found) == ["ab a"]
        words = best(found).words
        assert [(word.first_frame, word.end_frame) for word in words] == [(1, 5), (7, 8)]
        assert [word.confidence for word in words] == pytest.approx([0.9, 0.9])
        assert (found.key, found.num_frames, found.warnings) == ("u1", 9, ())
    assert best(found).posterior < 1


def test_costs(options: CtcOptions) -> None:
    log_probs = of_labels([2, 0])
    assert best(decode(options, log_probs)).acoustic_cost == pytest.approx(-2 * np.log(0.9))
    found = best(decode(replace(options, ctc_beam=50), log_probs))
    expected = all_labellings(log_probs, 0)
    # the word "a", with separators around it or not
    total = np.logaddexp.reduce([expected[ids].log_prob for ids in [(2,), (1, 2), (2, 1)]])
    assert found.acoustic_cost == pytest.approx(-total)
    assert found.graph_cost == 0


def test_distinct_word_sequences(options: CtcOptions) -> None:
    log_probs = random_log_probs(2, 5, 4, 1.0)
    by_words: dict[str, float] = {}
    for ids, each in all_labellings(log_probs, 0).items():
        text = " ".join("".join("__ab"[label] for label in ids).replace("_", " ").split())
        by_words[text] = float(np.logaddexp(by_words.get(text, -np.inf), each.log_prob))
    expected = sorted(by_words, key=lambda text: -by_words[text])
    found = decode(replace(options, ctc_beam=5000), log_probs, num_best=10)
    assert texts(found) == expected[:10]
    assert [-each.acoustic_cost for each in found.alternatives] == pytest.approx(
        [by_words[text] for text in expected[:10]]
    )
    # nothing was left out: the shares are the probabilities themselves
    assert [each.posterior for each in found.alternatives] == pytest.approx(
        [np.exp(by_words[text]) for text in expected[:10]]
    )
    assert decode(options, log_probs, num_best=3).alternatives[0].posterior > 0


def test_language_model_changes_words(options: CtcOptions, tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(TRIGRAMS)
    log_probs = np.log(np.array([[0.05, 0.05, 0.85, 0.05], [0.05, 0.85, 0.05, 0.05], [0.04, 0.06, 0.46, 0.44]]))
    assert texts(decode(options, log_probs)) == ["a a"]
    with_lm = replace(options, lm=str(tmp_path / "lm.arpa"))
    found = decode(with_lm, log_probs)
    assert texts(found) == ["a b"]  # -0.1 after <s> a, and -0.15 - 0.3 - 0.7 for a
    assert best(found).graph_cost != 0
    assert open_ctc_decoder(with_lm).notes == ()
    (tmp_path / "lm.arpa").write_text("\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\\n")
    assert (
        open_ctc_decoder(with_lm)
        .notes[0]
        .endswith("lm.arpa has no <unk>: words that it does not know get the probability 1e-100")
    )


def test_utterances_without_words(options: CtcOptions) -> None:
    for choice in (options, replace(options, ctc_beam=3)):
        found = decode(choice, np.zeros((0, 4), np.float32))
        assert (found.alternatives, found.best, found.num_frames, found.warnings) == ((), None, 0, ("no frames",))
        found = decode(choice, np.full((2, 4), np.nan))
        assert (found.best, found.warnings) == (None, ("NaN or infinity in the scores of frame 0: no words",))
        assert texts(decode(choice, of_labels([0, 0]))) == [""]  # silence is a result


def test_what_was_done_to_scores_is_told(options: CtcOptions) -> None:
    found = decode(options, np.array([[0, 0, 5, 0]], np.float32))
    assert found.warnings == ("the log-softmax of scores is taken: they are not normalized",)


def test_model_as_nemo_exports_it() -> None:
    options = CtcOptions(tokens=str(ROOT / "data" / "conv_ctc" / "vocab.txt"))
    table = parse_read_specifier(f"ark:{ROOT / 'data' / 'conv_ctc' / 'logprobs.ark'}")
    scores = {key: np.asarray(matrix) for key, matrix in read_table(table)}
    for decoded in decode_ctc(scores.items(), options):
        labels = scores[decoded.key].argmax(axis=1)
        kept = [
            label for place, label in enumerate(labels) if label != 11 and (not place or labels[place - 1] != label)
        ]
        assert texts(decoded) == [" ".join("".join(" etaoinshrd"[label] for label in kept).split())]
        assert decoded.warnings == ()


def test_usage(options: CtcOptions) -> None:
    with pytest.raises(UsageError, match="tokens: expected the file with the tokens of the model"):
        open_ctc_decoder(CtcOptions())
    with pytest.raises(ShapeMismatchError, match="for each of the 5 columns of the scores of utterance u1, found 4"):
        decode(options, of_labels([0], 5))

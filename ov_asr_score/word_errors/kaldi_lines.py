"""The lines that compute-wer prints. Source: bin/compute-wer.cc."""

from __future__ import annotations

import numpy as np

from ov_asr_score.word_errors.alignment import EditCounts


def kaldi_lines(words: EditCounts, sentences: int, wrong_sentences: int, absent: int) -> tuple[str, str, str]:
    """The three lines for the ``words`` of all scored ``sentences``, without line ends.

    ``absent`` counts the utterances of the reference that the hypothesis lacks.
    """
    partial = " [PARTIAL]" if absent else ""
    return (
        f"%WER {_percent(words.errors, words.length)} [ {words.errors} / {words.length}, {words.insertions} ins, "
        f"{words.deletions} del, {words.substitutions} sub ]{partial}",
        f"%SER {_percent(wrong_sentences, sentences)} [ {wrong_sentences} / {sentences} ]",
        f"Scored {sentences} sentences, {absent} not present in hyp.",
    )


def _percent(errors: int, total: int) -> str:
    """Two decimals of the float32 that compute-wer divides; 0 / 0 is a negative NaN on x86."""
    if not total:
        return "inf" if errors else "-nan"
    return f"{float(np.float32(100.0 * float(np.float32(errors)) / float(np.float32(total)))):.2f}"

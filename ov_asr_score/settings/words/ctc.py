"""How words are found in the scores of a CTC model.

Tests: tests/settings/test_setting.py, tests/decoding/ctc/test_ctc_decoder.py
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from ov_asr_score.settings.setting import CTC, Setting

CtcScores = Literal["auto", "logits", "as-they-are"]


@dataclass(frozen=True, slots=True)
class CtcOptions:
    """Tokens of the model, search, language model."""

    tokens: Annotated[
        str,
        Setting(
            "Tokens of the model: tokens.txt of icefall and sherpa, units.txt of wenet, vocab.json of Hugging Face, or "
            "one token a line as NeMo and ESPnet have them.",
            metavar="FILE",
            panel=CTC,
            in_suite=True,
        ),
    ] = ""
    blank: Annotated[
        str,
        Setting(
            "The blank: a token, or its number. By default, the token with a name of the blank (blk or blank in angle "
            "brackets); without one, the padding of vocab.json, or the column behind a list without numbers "
            "(docs/ctc.md).",
            metavar="TOKEN|N",
            panel=CTC,
            in_suite=True,
        ),
    ] = ""
    word_separator: Annotated[
        str,
        Setting(
            "What separates words: the token between them, such as |; ▁ where it begins words; ## or @@ where they "
            "mark that a word goes on; each-token if every token is a word. Without it, the tokens must tell.",
            metavar="TEXT",
            panel=CTC,
            in_suite=True,
        ),
    ] = ""
    ctc_scores: Annotated[
        CtcScores,
        Setting(
            "What scores are: auto takes log-probabilities as they are, logarithms of probabilities, and the "
            "log-softmax of others, with a note; logits: always their log-softmax; as-they-are: no look at sums, such "
            "as for scores of which priors were subtracted.",
            panel=CTC,
            in_suite=True,
        ),
    ] = "auto"
    ctc_beam: Annotated[
        int | None,
        Setting(
            "Prefixes that the search keeps (default 32 with --lm, or where several word sequences are asked for; else "
            "the best token of each frame is taken).",
            metavar="N",
            panel=CTC,
            in_suite=True,
            least=1,
            most=10_000,
        ),
    ] = None
    token_beam: Annotated[
        float,
        Setting(
            "Tokens of a frame whose log-probability is lower than that of the best one by more than this are not "
            "looked at.",
            metavar="X",
            panel=CTC,
            in_suite=True,
            least=0.0,
        ),
    ] = 12.0
    lm: Annotated[
        str, Setting("Language model of words in ARPA form, also gzipped.", metavar="ARPA", panel=CTC, in_suite=True)
    ] = ""
    lm_weight: Annotated[
        float,
        Setting("Factor of the language model's log-probabilities (alpha).", metavar="X", panel=CTC, in_suite=True),
    ] = 0.5
    word_bonus: Annotated[
        float,
        Setting(
            "What every word adds to the score with a language model (beta).", metavar="X", panel=CTC, in_suite=True
        ),
    ] = 1.5
    token_confidence: Annotated[
        Literal["mean", "least"],
        Setting(
            "Confidence of a word: mean or least of the posteriors of its tokens, each the mean over the frames that "
            "the token lasts.",
            panel=CTC,
            in_suite=True,
        ),
    ] = "mean"

"""Word models that phrases, grammars and boosted words are a part of, whether their graphs are complete or a pair.

Tests: tests/recognition/test_lookahead_phrases.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ov_asr_score.decoding.phrases.models.pair_phrases import pair_phrases
from ov_asr_score.decoding.phrases.phrase_files import read_phrase_options
from ov_asr_score.decoding.phrases.phrase_graph import phrase_graph
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.decoding.words.word_model import WordModel
from ov_asr_score.settings.recognition.phrases import PhraseSettings


@dataclass(frozen=True, slots=True, eq=False)
class RestrictedModel:
    """A word model; ``warnings`` name phrases and words that cannot be recognized."""

    model: WordModel
    warnings: tuple[str, ...] = ()


def restricted_model(model: WordModel, options: PhraseOptions) -> RestrictedModel:
    """The model with all that ``options`` ask for.

    Raises UsageError where nothing is left, and UnsupportedModelError (too large, or a language that no automaton has).
    """
    if model.pair is None:
        made = phrase_graph(model.graph, model.symbols, options)
        return RestrictedModel(replace(model, graph=made.graph, symbols=made.symbols), made.warnings)
    found = pair_phrases(model.graph.path, model.pair.pair, model.symbols, options)
    pair = replace(model.pair, pair=found.pair)
    return RestrictedModel(replace(model, pair=pair, symbols=found.symbols), found.warnings)


def open_restricted_model(
    model: WordModel, settings: PhraseSettings, *, allow_commands: bool = False
) -> RestrictedModel:
    """`restricted_model` for what ``settings`` ask for; they name files. Raises what reading them raises, too."""
    if not settings.are_given:
        return RestrictedModel(model)
    return restricted_model(model, read_phrase_options(settings, allow_commands))

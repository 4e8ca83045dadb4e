"""Options of the search that count more than what a model directory says.

Tests: tests/settings/recognition/test_transcribe_job.py
"""

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from ov_asr_score.settings.memory import parse_limit
from ov_asr_score.settings.setting import DECODING, Setting, parse_flag
from ov_asr_score.settings.words.decoding import DecodingOptions


def _number(help: str, metavar: str = "X", *names: str, **more: Any) -> Setting:
    return Setting(help, names=names, metavar=metavar, panel=DECODING, **more)


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """Options of `DecodingOptions`, None where the model directory is to decide."""

    beam: Annotated[float | None, _number("Drop paths that are worse than the best one by more than X.")] = None
    max_active: Annotated[int | None, _number("Keep about N states of the graph per frame at most.", "N", least=2)] = (
        None
    )
    min_active: Annotated[
        int | None,
        _number("Widen the beam where fewer than N states are left.", "N", least=0),
    ] = None
    lattice_beam: Annotated[
        float | None,
        _number("Lattices: drop paths that are worse than the best one by more than X in the end."),
    ] = None
    decoding_scale: Annotated[
        float | None, _number("Factor for scores before they meet the graph.", "X", "--acoustic-scale", least=0)
    ] = None
    word_insertion_penalty: Annotated[float | None, _number("Cost of every word, as lattice-add-penalty adds it.")] = (
        None
    )
    allow_partial: Annotated[
        bool | None,
        Setting(
            "Give the best path of an utterance also if it ends in no final state of the graph.",
            metavar="true|false",
            panel=DECODING,
            parse=parse_flag,
        ),
    ] = None
    decoding_seconds: Annotated[
        float | None,
        _number("Give an utterance up that takes longer than X seconds (default: a minute, and 0.1 for every frame)."),
    ] = None
    decoding_memory: Annotated[  # bytes
        int | None,
        Setting(
            "Give an utterance up whose search takes more memory than SIZE (default 4G).",
            metavar="SIZE",
            panel=DECODING,
            parse=parse_limit,
        ),
    ] = None

    def over(self, options: DecodingOptions) -> DecodingOptions:
        """``options`` with what is chosen here in their place."""
        chosen = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(options, **{name: value for name, value in chosen.items() if value is not None})

"""What a job of transcription takes, and what counts more than a model directory."""

from __future__ import annotations

from dataclasses import fields

from ov_asr_score.settings.recognition.search_choices import SearchChoices
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.decoding import DecodingOptions


def test_a_single_source_is_a_list_of_one() -> None:
    assert TranscribeJob("model", "a.wav").sources == ("a.wav",)


def test_nothing_chosen_leaves_the_options_as_they_are() -> None:
    options = DecodingOptions(beam=11.0, max_active=500)
    assert SearchChoices().over(options) == options


def test_what_is_chosen_counts_also_where_it_is_a_default() -> None:
    options = DecodingOptions(beam=11.0, allow_partial=True, max_active=500)
    assert SearchChoices(beam=16.0, allow_partial=False).over(options) == DecodingOptions(max_active=500)


def test_every_choice_is_an_option_of_the_search() -> None:
    assert {each.name for each in fields(SearchChoices)} <= {each.name for each in fields(DecodingOptions)}

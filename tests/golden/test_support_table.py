"""The documents list what is supported, and nothing is listed without a case."""

from __future__ import annotations

import pytest

from ov_asr_score.convert.layers.registry import supported_types
from ov_asr_score.kaldi_model.components.type_table import type_names
from ov_asr_score.kaldi_model.network import Generation
from tests.golden.support_table import DESCRIPTORS, DOCUMENT, cases_of, document_with_table


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_every_type_has_a_case(generation: Generation) -> None:
    assert sorted(set(type_names(generation)) - set(cases_of(f"nnet{generation}", "components"))) == []


def test_every_descriptor_has_a_case() -> None:
    assert set(DESCRIPTORS) <= set(cases_of("nnet3", "descriptors"))


def test_nothing_is_supported_that_is_not_listed() -> None:
    generations: tuple[Generation, ...] = (1, 2, 3)
    for generation in generations:
        assert set(supported_types(generation)) <= set(type_names(generation))


def test_the_document_has_this_table() -> None:
    text = DOCUMENT.read_text()
    assert document_with_table(text) == text, "python -m tests.golden.support_table writes it anew"

"""The documents list what is supported, and nothing is listed without a case."""

from __future__ import annotations

import pytest

from ov_asr_score.convert.graph.time_layers import TIME_LAYERS
from ov_asr_score.convert.registry import supported_types
from ov_asr_score.kaldi_model.components.nnet1_fields import LAYOUTS
from ov_asr_score.kaldi_model.components.nnet2_fields import NNET2_TABLES
from ov_asr_score.kaldi_model.reading.nnet3 import NNET3_TYPES
from tests.golden.support_table import DESCRIPTORS, DOCUMENT, cases_of, document_with_table


@pytest.mark.parametrize(("folder", "types"), [("nnet1", LAYOUTS), ("nnet2", NNET2_TABLES), ("nnet3", NNET3_TYPES)])
def test_every_type_has_a_case(folder: str, types: frozenset[str]) -> None:
    assert sorted(set(types) - set(cases_of(folder, "components"))) == []


def test_every_descriptor_has_a_case() -> None:
    assert set(DESCRIPTORS) <= set(cases_of("nnet3", "descriptors"))


def test_nothing_is_supported_that_is_not_listed() -> None:
    assert set(supported_types(1)) <= set(LAYOUTS)
    assert set(supported_types(2)) <= set(NNET2_TABLES)
    assert {*supported_types(3), *TIME_LAYERS} <= NNET3_TYPES


def test_the_document_has_this_table() -> None:
    text = DOCUMENT.read_text()
    assert document_with_table(text) == text, "python -m tests.golden.support_table writes it anew"

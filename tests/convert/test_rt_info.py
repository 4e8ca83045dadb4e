from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.rt_info import SECTION, parse_facts, read_facts, write_facts
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.openvino_api import ov
from tests.scoring.tiny_models import affine_model

FACTS = ConversionFacts(
    time="chunk",
    source="final mdl & more.mdl",
    source_sha256="0" * 64,
    generation=3,
    left_context=29,
    right_context=28,
    frame_subsampling_factor=3,
    frames_per_chunk=51,
    extra_left_context_initial=0,
    batch_compute=True,
    pad_input=False,
    options='--frames-per-chunk=50 --class-frame-counts="a<b".counts',
)


def test_facts_go_with_an_ir(tmp_path: Path) -> None:
    model = affine_model([1, -1, 6])
    assert read_facts(model) is None
    write_facts(model, FACTS)
    assert read_facts(model) == FACTS
    ov.save_model(model, tmp_path / "model.xml", compress_to_fp16=False)
    assert read_facts(ov.Core().read_model(tmp_path / "model.xml")) == FACTS


def test_later_facts_replace_earlier_ones() -> None:
    model = affine_model([1, -1, 6])
    write_facts(model, FACTS)
    write_facts(model, replace(FACTS, version="2"))
    assert read_facts(model) == replace(FACTS, version="2")


def test_facts_of_a_note() -> None:
    assert parse_facts(asdict(FACTS), "model.blob") == FACTS
    assert parse_facts(asdict(FACTS) | {"of_the_future": 1}, "model.blob") == FACTS
    known = {name: value for name, value in asdict(FACTS).items() if name != "version"}
    assert parse_facts(known, "model.blob") == FACTS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("left_context", "many", "left_context: expected int, found 'many'; the metadata are damaged"),
        ("pad_input", "perhaps", "pad_input: expected bool, found 'perhaps'"),
        ("generation", 2.5, "generation: expected int, found '2.5'"),
    ],
)
def test_damaged_facts(name: str, value: object, message: str) -> None:
    with pytest.raises(ModelFormatError) as raised:
        parse_facts(asdict(FACTS) | {name: value}, "model.blob")
    assert str(raised.value).startswith(f"model.blob: {message}")
    model = affine_model([1, -1, 6])
    write_facts(model, FACTS)
    model.set_rt_info(str(value), [SECTION, name])
    with pytest.raises(ModelFormatError) as raised:
        read_facts(model, "model.xml")
    assert str(raised.value).startswith(f"model.xml: rt_info {SECTION}: {message}")


def test_facts_that_are_missing() -> None:
    known = {name: value for name, value in asdict(FACTS).items() if name != "generation"}
    with pytest.raises(ModelFormatError, match="'generation'; convert the Kaldi model again"):
        parse_facts(known, "model.blob")

"""Which frames components read, as their fields say; entered once, when a file is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.kaldi_model.components import type_table
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.components.type_table import find_type, type_names
from ov_asr_score.kaldi_model.dependency import (
    SAME_FRAME,
    Dependency,
    FrameWindow,
    IndexBlock,
    Nothing,
    Offsets,
    Period,
)
from ov_asr_score.kaldi_model.loading import load_network
from tests.kaldi_model.model_files import FOLDER

CHAIN_MODEL = Path(__file__).parents[2] / "models" / "nnet3_chain_tdnnf" / "final.mdl"

OF_NNET3: dict[str, Dependency] = {
    "tdnn": Offsets((-1, 2)),
    "cnn": Offsets((0,), (-1, 1)),
    "stats": Period(3, 1),
    "pooling": FrameWindow(6, 3, 3),
    "constant": Nothing(),
    "dropout-mask": Nothing(),
    "distribute": IndexBlock(2),
    "fixed-constant": Nothing(),
    "constant-function": SAME_FRAME,
    "attention": Offsets((-2, 0), (-4, 2)),
    "affine": SAME_FRAME,
    "composite": SAME_FRAME,
}


def test_frames_of_nnet3() -> None:
    components = load_network(FOLDER / "nnet3_components.raw").components
    assert {name: components[name].reads for name in OF_NNET3} == OF_NNET3


def test_frames_of_nnet2_and_nnet1() -> None:
    nnet2 = load_network(FOLDER / "nnet2_am.mdl").components
    assert nnet2["component0.SpliceComponent"].reads == Offsets((-2, 0, 1))
    assert nnet2["component3.SpliceComponent"].reads == Offsets((-1, 0, 1, 2))
    nnet1 = load_network(FOLDER / "nnet1_every.nnet").components
    assert nnet1["component1.Splice"].reads == Offsets((-1, 0, 2))


def test_each_component_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()

    def counting(reads: Callable[[Fields], Dependency]) -> Callable[[Fields], Dependency]:
        def counted(fields: Fields) -> Dependency:
            asked[fields.component.name] += 1
            return reads(fields)

        return counted

    # in the table itself, so that no module asks uncounted
    records = {name: find_type(3, name) for name in type_names(3)}
    counted = {name: replace(kind, reads=counting(kind.reads)) for name, kind in records.items() if kind is not None}
    monkeypatch.setattr(type_table, "_BY_NAME", {3: counted})
    network = load_network(CHAIN_MODEL)
    convert_network(network, ConvertOptions())
    assert asked == dict.fromkeys(network.components, 1)

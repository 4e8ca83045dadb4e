from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.nnet1.chain_graph import chain_contexts, chain_problems
from ov_asr_score.convert.support import check_supported
from ov_asr_score.errors import UnsupportedModelError
from tests.convert.nnet1_chains import chain, network
from tests.golden.nnet1_text import ModelText, parallel, plain, sentence_averaging, splice
from tests.golden.nnet1_text import network as text

DROPOUT = plain("Dropout", 4, "<DropoutRate> 0.25")


def test_dropout_inside_of_a_component_is_refused_because_kaldi_draws_numbers_there(tmp_path: Path) -> None:
    net = network(tmp_path, parallel(4, 4, text(plain("Tanh", 4), DROPOUT)))
    place = (tmp_path / "model.nnet").read_text().index("<Dropout>")
    expected = (
        r"model\.nnet: cannot be converted: 'component1\.ParallelComponent\.1\.2\.Dropout' "
        rf"\(Dropout at byte {place}\): nnet-forward keeps dropout of 0\.25 going .* set its <DropoutRate> to 0$"
    )
    with pytest.raises(UnsupportedModelError, match=expected):
        convert_network(net, ConvertOptions())


def test_dropout_of_zero_is_fine_inside_and_any_outside(tmp_path: Path) -> None:
    net = network(tmp_path, DROPOUT, parallel(4, 4, text(plain("Dropout", 4, "<DropoutRate> 0"))))
    assert list(chain_problems(chain(net))) == []


def test_everything_that_cannot_be_converted_is_named_at_once(tmp_path: Path) -> None:
    model = ModelText(1)
    inner = text(sentence_averaging(8, 4, text(DROPOUT)), model.affine(3, 8))
    net = network(tmp_path, plain("Tanh", 8), parallel(7, 8, text(DROPOUT), inner), plain("Softmax", 7))
    unknown = {**net.components, "component1.Tanh": replace(net.components["component1.Tanh"], type="Mystery")}
    net = replace(net, components=unknown)
    with pytest.raises(UnsupportedModelError) as caught:
        check_supported(net, ("output",))
    message = str(caught.value)
    first, second, third = message.removeprefix(f"{net.source}: cannot be converted: ").split("; '")
    assert first == "'component1.Tanh' (Mystery at byte 7): not supported"
    assert second.startswith("component2.ParallelComponent.1.1.Dropout' (Dropout at byte ")
    assert third.startswith("component2.ParallelComponent.2.1.SentenceAveragingComponent.1.Dropout' (Dropout at byte ")
    assert [bool(list(chain_problems([component]))) for component in chain(net)] == [True, True, False]


def test_contexts_are_those_of_all_splices_one_after_the_other(tmp_path: Path) -> None:
    model = ModelText(2)
    deep = text(splice(2, -4, 0), splice(4, 1, 2))
    wide = text(splice(2, -1, 7))
    net = network(
        tmp_path,
        splice(4, 3, 5),
        model.affine(4, 8),
        parallel(12, 4, deep, wide),
        splice(12, -2, -1),
        model.lstm(3, 3, 24),
    )
    assert chain_contexts(chain(net)) == (4 + 2, 5 + 7)

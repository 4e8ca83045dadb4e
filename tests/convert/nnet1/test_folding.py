from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.nnet1.folding import fold_chain
from ov_asr_score.kaldi_model.network import Component, KaldiNetwork
from tests.convert.nnet1_chains import chain, converted_scores, frames, network, reference
from tests.golden.nnet1_text import ModelText, copy, plain, splice

# Float32 of the runtime for values of about 1.
TOLERANCE = 3e-6


def types(components: list[Component]) -> list[str]:
    return [component.type for component in components]


def names(components: list[Component]) -> list[str]:
    return [component.name for component in components]


def check(net: KaldiNetwork, *, mean: float = 0.0) -> list[Component]:
    """The folded chain, which must give what the chain itself gives."""
    components = chain(net)
    rows = frames(net.inputs[0].dim, mean=mean)
    expected = reference(components, rows)[components[-1].name]
    (found,) = converted_scores(net, rows)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    folded = fold_chain(components)
    np.testing.assert_allclose(reference(folded, rows)[folded[-1].name], expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert folded[-1].name == components[-1].name
    return folded


def test_small_shift_and_scale_go_into_the_matrix_behind_them(tmp_path: Path) -> None:
    model = ModelText(1)
    shift = "<AddShift> 12 12 <LearnRateCoef> 0 [ 0.1 0.2 0.3 -0.4 0.1 0 0 0 0.2 0.2 0.2 0.2 ] <!EndOfComponent>"
    folded = check(network(tmp_path, splice(4, -1, 0, 1), shift, model.rescale(12), model.affine(5, 12)))
    assert names(folded) == ["component1.Splice", "component4.AffineTransform"]


def test_mean_is_taken_off_before_frames_are_spliced(tmp_path: Path) -> None:
    model = ModelText(2)
    mean = np.tile([-8.0, -9.0, -7.0, -20.0], 3) + np.linspace(-0.2, 0.2, 12)
    shift = f"<AddShift> 12 12 [ {' '.join(f'{value:.4f}' for value in mean)} ] <!EndOfComponent>"
    net = network(tmp_path, splice(4, -1, 0, 1), shift, model.rescale(12), model.affine(5, 12))
    folded = check(net, mean=9.0)
    assert names(folded) == ["component3.Rescale.shift", "component1.Splice.unscaled", "component4.AffineTransform"]
    assert folded[0].fields["InputDim"] == 4
    np.testing.assert_allclose(folded[0].fields["ShiftData"], [-8, -9, -7, -20], atol=0.2)  # type: ignore[arg-type]


def test_means_that_differ_from_frame_to_frame_stay_behind_splice(tmp_path: Path) -> None:
    model = ModelText(3)
    shift = f"<AddShift> 6 6 [ {' '.join(str(value) for value in (-9, 9, -3, 3, 50, -50))} ] <!EndOfComponent>"
    net = network(tmp_path, splice(2, -1, 0, 1), shift, model.rescale(6), model.affine(5, 6))
    assert names(check(net)) == ["component1.Splice", "component3.Rescale.shift", "component4.AffineTransform"]


def test_a_large_mean_costs_no_digits(tmp_path: Path) -> None:
    model = ModelText(4)
    shift = f"<AddShift> 6 6 [ {' '.join(['-4000'] * 6)} ] <!EndOfComponent>"
    net = network(tmp_path, shift, model.rescale(6), splice(6, -1, 0), model.affine(40, 12))
    check(net, mean=4000.0)


@pytest.mark.parametrize("kind", ["affine", "rbm", "recurrent"])
def test_scale_before_splice_and_copy_goes_into_the_next_product(tmp_path: Path, kind: str) -> None:
    model = ModelText(5)
    last = {"affine": model.affine(5, 8), "rbm": model.rbm(5, 8, "gauss", "bern"), "recurrent": model.recurrent(5, 8)}
    net = network(tmp_path, model.rescale(3), splice(3, 0, 2), copy(6, 1, 1, 5, 4, 6, 2, 3, 3), last[kind])
    folded = check(net)
    assert "Rescale" not in types(folded)
    assert folded[0].name == "component2.Splice.unscaled"


def test_scales_before_a_lstm_go_into_the_product_with_its_input(tmp_path: Path) -> None:
    model = ModelText(6)
    lstm = model.lstm(4, 3, 10)
    net = network(tmp_path, splice(5, -1, 1), model.add_shift(10, -3.0), model.rescale(10), lstm)
    folded = fold_chain(chain(net))
    assert types(folded) == ["AddShift", "Splice", "LstmProjected"]
    rows = frames(5, mean=3.0)
    kept = frozenset(component.name for component in chain(net))
    np.testing.assert_allclose(
        converted_scores(net, rows)[0], converted_scores(net, rows, keep_nodes=kept)[0], atol=TOLERANCE
    )


def test_scales_behind_a_matrix_go_into_it(tmp_path: Path) -> None:
    model = ModelText(7)
    net = network(tmp_path, model.linear(6, 4), model.add_shift(6, 2.0), model.rescale(6), model.add_shift(6))
    folded = check(net)
    assert names(folded) == ["component4.AddShift"]
    assert types(folded) == ["AffineTransform"]


def test_two_matrices_become_one_if_that_is_smaller(tmp_path: Path) -> None:
    model = ModelText(8)
    assert types(check(network(tmp_path, model.linear(7, 6), model.affine(8, 7)))) == ["AffineTransform"]
    bottleneck = check(network(tmp_path, model.linear(2, 6), model.affine(8, 2)))
    assert types(bottleneck) == ["LinearTransform", "AffineTransform"]


def test_copies_are_folded_where_the_product_does_not_grow(tmp_path: Path) -> None:
    model = ModelText(9)
    assert types(check(network(tmp_path, copy(4, 4, 4, 1, 3, 2), model.affine(5, 5)))) == ["AffineTransform"]
    assert types(check(network(tmp_path, model.affine(5, 4), copy(5, 5, 1)))) == ["AffineTransform"]
    few = network(tmp_path, copy(4, 2, 3), model.affine(5, 2))
    assert types(check(few)) == ["Copy", "AffineTransform"]
    many = network(tmp_path, model.affine(2, 4), copy(2, 1, 2, 1, 2))
    assert types(check(many)) == ["AffineTransform", "Copy"]


def test_scales_without_a_product_are_joined(tmp_path: Path) -> None:
    model = ModelText(10)
    net = network(
        tmp_path, model.add_shift(4), model.rescale(4), model.add_shift(4), model.rescale(4), plain("Sigmoid", 4)
    )
    assert types(check(net)) == ["AddShift", "Rescale", "Sigmoid"]


def test_a_scale_of_zero_is_no_reason_to_divide_by_it(tmp_path: Path) -> None:
    model = ModelText(11)
    zero = "<Rescale> 3 3 [ 0 2 1e-38 ] <!EndOfComponent>"
    check(network(tmp_path, model.add_shift(3), zero, model.add_shift(3), plain("Sigmoid", 3)))
    check(network(tmp_path, zero, model.add_shift(3, 3.0), model.affine(4, 3)))


def test_what_would_leave_float32_stays(tmp_path: Path) -> None:
    model = ModelText(14)
    large = "<Rescale> 2 2 [ 3e38 3e38 ] <!EndOfComponent>"
    net = network(tmp_path, large, "<LinearTransform> 1 2 [ 20 30 ] <!EndOfComponent>", model.rescale(1))
    rows = (frames(2) * 1e-38).astype(np.float32)
    expected = reference(chain(net), rows)["component3.Rescale"]
    np.testing.assert_allclose(converted_scores(net, rows)[0], expected, rtol=1e-5)


def test_dropout_goes_and_joins_what_it_parted(tmp_path: Path) -> None:
    model = ModelText(12)
    dropout = plain("Dropout", 6, "<DropoutRate> 0.5")
    net = network(tmp_path, model.affine(6, 4), dropout, model.rescale(6))
    assert types(check(net)) == ["AffineTransform"]


def test_kept_components_give_what_they_gave(tmp_path: Path) -> None:
    model = ModelText(13)
    net = network(
        tmp_path,
        model.rescale(4),
        splice(4, -2, 0, 1),
        model.add_shift(12, -4.0),
        model.rescale(12),
        copy(12, *range(12, 0, -1)),
        model.linear(9, 12),
        plain("Dropout", 9, "<DropoutRate> 0.5"),
        model.rescale(9),
        model.affine(5, 9),
        plain("Sigmoid", 5),
    )
    rows = frames(4, mean=4.0)
    expected = reference(chain(net), rows)
    for component in chain(net):
        (found,) = converted_scores(net, rows, outputs=(component.name,))
        np.testing.assert_allclose(found, expected[component.name], rtol=TOLERANCE, atol=TOLERANCE)
        (last,) = converted_scores(net, rows, keep_nodes=frozenset({component.name}))
        np.testing.assert_allclose(last, expected["component10.Sigmoid"], rtol=TOLERANCE, atol=TOLERANCE)
    every = tuple(component.name for component in chain(net))
    for name, found in zip(every, converted_scores(net, rows, outputs=every), strict=True):
        np.testing.assert_allclose(found, expected[name], rtol=TOLERANCE, atol=TOLERANCE)

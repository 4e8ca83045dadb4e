"""Which table belongs to which layer, from the texts of the command line."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.scoring.utterances.table_specs import pair_layers, split_name, split_specifiers

LAYERS = ("in0", "in1", "conv/1:0", "a=b", "a,b")


def is_layer(name: str) -> bool:
    return name in LAYERS


def paired(*values: str, names: str = "") -> dict[str, str]:
    return pair_layers("-i", values, names, is_layer, ["in0", "in1"], lambda name: f"; not {name}")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a.ark", ["a.ark"]),
        ("a.ark,b.npz", ["a.ark", "b.npz"]),
        ("a.ark, b.npz", ["a.ark", "b.npz"]),
        ("ark:a.ark", ["ark:a.ark"]),
        ("ark:a.ark,scp:b.scp", ["ark:a.ark", "scp:b.scp"]),
        ("ark,t:a.txt", ["ark,t:a.txt"]),
        ("o,s,cs,ark:a.ark", ["o,s,cs,ark:a.ark"]),
        ("ark,scp:a.ark,a.scp", ["ark,scp:a.ark,a.scp"]),
        ("ark,t,scp:a.ark,a.scp,ark:b.ark", ["ark,t,scp:a.ark,a.scp", "ark:b.ark"]),
        ("ark:a,b.ark", ["ark:a,b.ark"]),
        ("ark:copy-feats ark:a,b ark:- |", ["ark:copy-feats ark:a,b ark:- |"]),
        ("in0=a.ark,in1=b.ark", ["in0=a.ark", "in1=b.ark"]),
        ("in0=ark:x,y.ark,in1=ark,t:b", ["in0=ark:x,y.ark", "in1=ark,t:b"]),
        ("in0=ark:a,b.ark,in1=c", ["in0=ark:a,b.ark", "in1=c"]),
        ("in0=a,b.ark", ["in0=a", "b.ark"]),
        ("ark,t:cut -d, -f1 a |,ark:b", ["ark,t:cut -d, -f1 a |", "ark:b"]),
    ],
)
def test_commas_inside_a_specifier_do_not_split_it(text: str, items: list[str]) -> None:
    assert split_specifiers(text, is_layer) == items


@pytest.mark.parametrize("text", ["", "a.ark,", ",a.ark", "a.ark,,b.ark"])
def test_nothing_between_commas(text: str) -> None:
    with pytest.raises(UsageError, match="found nothing between the commas"):
        split_specifiers(text, is_layer)


@pytest.mark.parametrize(
    ("text", "name", "specifier"),
    [
        ("in0=a.ark", "in0", "a.ark"),
        ("conv/1:0=ark:a", "conv/1:0", "ark:a"),
        ("a=b=c.ark", "a=b", "c.ark"),
        ("dir/x=1/a.ark", None, "dir/x=1/a.ark"),
        ("in0=x=y.ark", "in0", "x=y.ark"),
    ],
)
def test_a_name_is_a_layer_of_the_model(text: str, name: str | None, specifier: str) -> None:
    assert split_name(text, is_layer) == (name, specifier)


def test_tables_without_names_take_the_layers_in_order() -> None:
    assert paired("a.ark,b.ark") == {"in0": "a.ark", "in1": "b.ark"}
    assert paired("a.ark", "b.ark") == {"in0": "a.ark", "in1": "b.ark"}
    assert paired("a.ark") == {"in0": "a.ark"}
    assert paired("a.ark,b.ark", names="in1, in0") == {"in1": "a.ark", "in0": "b.ark"}
    assert paired() == {}


def test_named_tables() -> None:
    assert paired("in1=b.ark,in0=a.ark") == {"in1": "b.ark", "in0": "a.ark"}
    assert pair_layers("-i", {"in1": "x,y"}, "", is_layer, [], str) == {"in1": "x,y"}


@pytest.mark.parametrize(
    ("values", "names", "message"),
    [
        (("in0=a.ark", "b.ark"), "", "either all tables have a layer .* 'b.ark' has none"),
        (("in0=a.ark", "in0=b.ark"), "", "layer 'in0' is given twice"),
        (("a,b,c",), "", r"3 tables for 2 layers \(in0, in1\)"),
        (("a.ark",), "in0,in1", r"1 table for 2 layers \(in0, in1"),
    ],
)
def test_tables_that_do_not_match_the_layers(values: tuple[str, ...], names: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        paired(*values, names=names)


def test_a_misspelt_layer_is_not_taken_for_a_path() -> None:
    with pytest.raises(UnknownNameError, match=r"-i 'im0=a.ark': the model has no layer 'im0'; not im0"):
        paired("im0=a.ark")
    assert paired("./im0=a.ark") == {"in0": "./im0=a.ark"}

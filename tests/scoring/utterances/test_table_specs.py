"""Which table belongs to which layer, from the texts of the command line."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.scoring.utterances.table_specs import (
    apparent_name,
    apparent_pairs,
    pair_layers,
    split_name,
    split_names,
    split_specifiers,
)

LAYERS = (
    "in0",
    "in1",
    "conv/1:0",
    "a=b",
    "a,b",
    "tdnn1.affine",
    "/encoder/Add_output_0",
    "onnx::MatMul_1",
    "two words",
)


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
        ("a,b=x.ark,in0=y.ark", ["a,b=x.ark", "in0=y.ark"]),
        ("in0=y.ark, a,b=ark:x,z.ark", ["in0=y.ark", "a,b=ark:x,z.ark"]),
        ("a,b=ark,t:x", ["a,b=ark,t:x"]),
        ("onnx::MatMul_1=x.ark,conv/1:0=y.ark", ["onnx::MatMul_1=x.ark", "conv/1:0=y.ark"]),
        ("ark,scp:a=1.ark,a=1.scp", ["ark,scp:a=1.ark,a=1.scp"]),
        ("in0=ark,scp:a=1.ark,a=1.scp,in1=b", ["in0=ark,scp:a=1.ark,a=1.scp", "in1=b"]),
        ("in0=ark,scp:a.ark,in1=b.ark", ["in0=ark,scp:a.ark", "in1=b.ark"]),
        ("ark:copy --x=1,2 --y=3 a |", ["ark:copy --x=1,2 --y=3 a |"]),
        ("ark:awk -F, --assign=x=2 a |", ["ark:awk -F, --assign=x=2 a |"]),
        ("ark:awk '{a=1,b=2}' f |", ["ark:awk '{a=1,b=2}' f |"]),
        ('ark:| awk "{a=1,b=2}"', ['ark:| awk "{a=1,b=2}"']),
        ("in0=ark:x,no[1]=ark:c", ["in0=ark:x", "no[1]=ark:c"]),
        ("ark:a,b.ark,no.such=ark:c", ["ark:a,b.ark", "no.such=ark:c"]),
        ("in0=ark:a |,no.such=ark:b |", ["in0=ark:a |", "no.such=ark:b |"]),
        ("in0=ark:| gzip > a,no.such=b", ["in0=ark:| gzip > a", "no.such=b"]),
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
        ("a=b=ark:c.ark", "a=b", "ark:c.ark"),
        ("tdnn1.affine=a=b.ark", "tdnn1.affine", "a=b.ark"),
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


def test_an_equal_sign_in_two_names_is_asked_about() -> None:
    def is_one(name: str) -> bool:
        return name in ("a", "a=b")

    assert split_name("a=b=ark:c", is_one) == ("a=b", "ark:c")
    with pytest.raises(UsageError, match=r"'a=b=c': may be for layer 'a' or 'a=b'; write the table with its form"):
        split_name("a=b=c", is_one)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("h.relu=hidden.ark", "h.relu"),
        ("/encoder/Add_output_0=x.ark", "/encoder/Add_output_0"),
        ("layer:0=ark,t:-", "layer:0"),
        ("onnx::MatMul_1=x", "onnx::MatMul_1"),
        ("out/a=b.ark", "out/a"),
        ("/data/x=1/feats.scp", "/data/x"),
        ("a=b=ark:c", "a=b"),
        ("h.relu=copy-feats --x=y ark:a ark:- |", "h.relu"),
        ("two words=x.ark", "two words"),
        ("a.ark", None),
        ("ark:a=b.ark", None),
        ("ARK:a=b.ark", None),
        ("o,s,cs,scp:a=b", None),
        ("npz:a=b.npz", None),
        ("./a=b.ark", None),
        ("../a=b.ark", None),
        ("copy-feats --x=y ark:a ark:- |", None),
        ("| sort -k=1", None),
    ],
)
def test_what_looks_like_a_name(item: str, name: str | None) -> None:
    assert apparent_name(item) == name
    assert apparent_pairs([item]) == [(name, item if name is None else item[len(name) + 1 :])]


@pytest.mark.parametrize("near", ["tdnn1.afine", "/encoder/Add", "conv/1:1", "onnx::MatMul_2", "im0"])
@pytest.mark.parametrize("specifier", ["x.ark", "ark:x.ark", "ark,scp:x,y", "x.npz"])
@pytest.mark.parametrize("before", ["", "in0=", "in0=ark:"])
def test_what_stands_before_an_equal_sign_is_a_layer(near: str, specifier: str, before: str) -> None:
    given = f"{near}={specifier}"
    text = f"{before}f.ark,{given}" if before else given
    with pytest.raises(UnknownNameError) as raised:
        paired(text)
    assert str(raised.value).startswith(f"-i '{given}': the model has no layer '{near}'; not {near}")
    assert raised.value.fields == ("-i", "output_name")


@pytest.mark.parametrize(
    ("option", "item", "advice"),
    [
        ("inputs", "dir/a=b.ark", "; if 'dir/a=b.ark' is a file name, write ark:dir/a=b.ark"),
        ("inputs", "a.b=c.scp", "; if 'a.b=c.scp' is a file name, write scp:a.b=c.scp"),
        ("outputs", "a.b=c.npz", "; if 'a.b=c.npz' is a file name, write npz:a.b=c.npz"),
        ("utt2spk", "a.b=c", "; if 'a.b=c' is a file name, write ark:a.b=c"),
        ("outputs", "a.b=ark:c", ""),
        ("ivector_period", "a.b=10", ""),
        ("outputs", "ark:f.ark,a=b.ark", "; if ',a=b.ark' belongs to 'ark:f.ark', write it without ',' or '='"),
    ],
)
def test_how_a_file_name_with_an_equal_sign_is_written(option: str, item: str, advice: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        pair_layers(option, item, "", lambda _: False, ["in0", "in1"], lambda _: "; HINT")
    assert str(raised.value).partition("; HINT")[2] == advice
    written = advice.partition("write ")[2]
    if written.startswith(("ark:", "scp:", "npz:")):
        assert pair_layers(option, written, "", lambda _: False, ["in0"], str) == {"in0": written}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("in0", ["in0"]),
        ("in0, in1", ["in0", "in1"]),
        ("a,b", ["a,b"]),
        ("in0,a,b,in1", ["in0", "a,b", "in1"]),
        ("onnx::MatMul_1,conv/1:0", ["onnx::MatMul_1", "conv/1:0"]),
        ("in0,nowhere", ["in0", "nowhere"]),
        ("a,c", ["a", "c"]),
    ],
)
def test_names_with_commas_in_a_list(text: str, names: list[str]) -> None:
    assert split_names(text, is_layer) == names


def test_a_list_of_names_that_can_be_read_twice() -> None:
    with pytest.raises(UsageError, match=r"'a,b': may be .*'a,b'.*, or .*'a' and 'b'|'a' and 'b', or 'a,b'"):
        split_names("a,b", lambda name: name in ("a", "b", "a,b"))


def test_a_misspelt_layer_is_not_taken_for_a_path() -> None:
    with pytest.raises(UnknownNameError, match=r"-i 'im0=a.ark': the model has no layer 'im0'; not im0"):
        paired("im0=a.ark")
    assert paired("./im0=a.ark") == {"in0": "./im0=a.ark"}

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.job_tables import JobTables, resolve_tables
from ov_asr_score.settings.score_job import ScoreJob


def port(name: str, *more_names: str, layer: str = "") -> PortInfo:
    return PortInfo(name, layer or f"{name}_layer", 0, (name, *more_names), (None, 4), "f32", "")


FEATURES, VECTOR = port("features", "feats:x"), port("ivector")
SCORES, BOTTLENECK = port("scores", "log=odds"), port("bottleneck")
LAYERS = frozenset({"features_layer", "scores_layer", "bottleneck_layer", "hidden", "hidden:0", "a/b=c"})


def resolved(job: ScoreJob, num_inputs: int = 1, num_outputs: int = 1) -> JobTables:
    inputs: Sequence[PortInfo] = (FEATURES, VECTOR)[:num_inputs]
    return resolve_tables(job, inputs, (SCORES, BOTTLENECK)[:num_outputs], LAYERS)


def specifiers(tables: JobTables) -> dict[str, str]:
    return {table.input: table.specifier for table in tables.inputs}


@pytest.mark.parametrize(
    "values",
    [
        ["features=f.ark,ivector=v.ark"],
        ["features=f.ark", "ivector=v.ark"],
        ["feats:x=f.ark", "ivector:0=v.ark"],
        ["features_layer:0=f.ark,ivector_layer=v.ark"],
        ["f.ark,v.ark"],
        ["f.ark", "v.ark"],
        {"features": "f.ark", "ivector_layer": "v.ark"},
    ],
)
def test_two_inputs_in_any_spelling(values: list[str] | dict[str, str]) -> None:
    assert specifiers(resolved(ScoreJob(inputs=values), 2)) == {"features": "f.ark", "ivector": "v.ark"}


def test_names_listed_apart() -> None:
    job = ScoreJob(inputs=["v.ark,f.ark"], input_layers="ivector,features")
    assert specifiers(resolved(job, 2)) == {"ivector": "v.ark", "features": "f.ark"}
    job = ScoreJob(outputs=["h.ark,s.ark"], references=["r.ark", "q.ark"], output_layers="hidden:0, scores")
    assert resolved(job).outputs == {"hidden:0": "h.ark", "scores": "s.ark"}
    assert resolved(job).references == {"hidden:0": "r.ark", "scores": "q.ark"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./out/a=b.ark", {"scores": "./out/a=b.ark"}),
        ("ark:out/a=b.ark", {"scores": "ark:out/a=b.ark"}),
        ("scores=out/a=b.ark", {"scores": "out/a=b.ark"}),
        ("log=odds=x.ark", {"log=odds": "x.ark"}),
        ("a/b=c=x=y.ark", {"a/b=c": "x=y.ark"}),
        ("ark,scp:a.ark,a.scp", {"scores": "ark,scp:a.ark,a.scp"}),
        ("ark,t:a=b,c.txt", {"scores": "ark,t:a=b,c.txt"}),
        (
            "scores=ark,scp,t:a.ark,a.scp,hidden=ark,t:h.txt",
            {"scores": "ark,scp,t:a.ark,a.scp", "hidden": "ark,t:h.txt"},
        ),
        ("scores=ark:| sort -t, -k1,hidden=h.ark", {"scores": "ark:| sort -t, -k1", "hidden": "h.ark"}),
    ],
)
def test_equal_signs_and_commas_in_specifiers(text: str, expected: dict[str, str]) -> None:
    assert resolved(ScoreJob(outputs=[text])).outputs == expected


def test_unnamed_tables_take_the_names_of_the_other_option() -> None:
    job = ScoreJob(outputs=["bottleneck=b.ark"], references=["r.ark"])
    tables = resolved(job, num_outputs=2)
    assert (tables.outputs, tables.references) == ({"bottleneck": "b.ark"}, {"bottleneck": "r.ark"})
    assert tables.layers == ("bottleneck",)
    job = ScoreJob(outputs=["s.ark"], references={"bottleneck": "r.ark"})
    assert resolved(job, num_outputs=2).outputs == {"bottleneck": "s.ark"}


def test_nothing_named_is_nothing() -> None:
    tables = resolved(ScoreJob(output_layers="hidden", input_layers="features"))
    assert (tables.inputs, tables.outputs, tables.references, tables.layers) == ((), {}, {}, ())


def test_inner_layers_come_after_outputs_once() -> None:
    tables = resolved(ScoreJob(outputs=["hidden=h.ark,scores=s.ark"], references=["scores=r.ark,a/b=c=c.ark"]))
    assert tables.layers == ("hidden", "scores", "a/b=c")


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (ScoreJob(inputs=["features=f.ark", "v.ark"]), "either all tables have a layer"),
        (ScoreJob(inputs=["features=f.ark", "features=g.ark"]), "layer 'features' is given twice"),
        (ScoreJob(inputs=["features=f.ark,feats:x=g.ark"]), "'features' is another name of it"),
        (ScoreJob(inputs=["f.ark"]), "no table for input ivector; the model has 2 inputs"),
        (ScoreJob(inputs=["a,b,c"]), "3 tables for 2 layers"),
        (ScoreJob(inputs=["a,b"], input_layers="features"), "2 tables for 1 layer"),
        (ScoreJob(inputs=["a,b"], ivector_period=["ten"]), "ivector_period 'ten': expected a number of frames"),
        (ScoreJob(inputs=["a,b"], ivector_period=["²"]), "expected a number of frames"),
        (ScoreJob(outputs=["b", "scores=a"]), "either all tables have a layer"),
        (ScoreJob(outputs=["scores=a", "scores=b"]), "layer 'scores' is given twice"),
        (ScoreJob(outputs=["a.ark"]), "the model has 2 outputs (scores, bottleneck), and it is not clear"),
        (ScoreJob(references=["a.ark"]), "references: the model has 2 outputs"),
        (ScoreJob(outputs=["a.ark"], references=["b.ark"]), "it is not clear which one is meant"),
        (ScoreJob(outputs=["a.ark,"]), "expected a table, found nothing between the commas"),
    ],
)
def test_what_is_not_clear_is_wrong_use(job: ScoreJob, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        resolved(job, 2, 2)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (ScoreJob(inputs=["feature=f.ark"]), "inputs"),
        (
            ScoreJob(inputs={"feature": "f.ark"}),
            "inputs: the model has no input 'feature'; did you mean 'features'",
        ),
        (ScoreJob(inputs=["f.ark"], input_layers="feature"), "the model has no input 'feature'"),
        (ScoreJob(outputs={"hiden": "f.ark"}), "outputs: the model has no layer 'hiden'; did you mean 'hidden'"),
        (ScoreJob(references=["f.ark"], output_layers="hiden"), "references: the model has no layer 'hiden'"),
        (
            ScoreJob(outputs=["a/b=d=x.ark"]),
            "outputs 'a/b=d=x.ark': the model has no layer 'a/b'; did you mean 'a/b=c'",
        ),
        (ScoreJob(references=["hidden:1=f.ark"]), "references 'hidden:1=f.ark': the model has no layer 'hidden:1'"),
        (ScoreJob(inputs=["feats:y=f.ark"]), "inputs 'feats:y=f.ark': the model has no layer 'feats:y'"),
    ],
)
def test_unknown_names_get_suggestions(job: ScoreJob, message: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        resolved(job)
    assert message in str(raised.value)
    assert "did you mean" in str(raised.value)


def test_options_of_ivectors_belong_to_all_inputs_but_the_first() -> None:
    features, vector = resolved(ScoreJob(inputs=["f,v"], ivector_period=["10"], utt2spk=["utt2spk"]), 2).inputs
    assert (features.period, features.utt2spk, vector.period, vector.utt2spk) == (0, "", 10, "utt2spk")
    vector = resolved(ScoreJob(inputs=["f,v"], ivector_period={"ivector": 5}, utt2spk={"ivector": "u"}), 2).inputs[1]
    assert (vector.period, vector.utt2spk) == (5, "u")
    vector = resolved(ScoreJob(inputs=["f,v"], ivector_period=["ivector=5"], utt2spk=["ivector=u"]), 2).inputs[1]
    assert (vector.period, vector.utt2spk) == (5, "u")


@pytest.mark.parametrize("option", ["utt2spk", "ivector_period"])
@pytest.mark.parametrize("value", ["ivektor=5", "i.vector=5", "ivector:1=5"])
def test_options_of_ivectors_name_inputs(option: str, value: str) -> None:
    asked = ScoreJob(inputs=["f,v"])
    job = replace(asked, utt2spk=[value]) if option == "utt2spk" else replace(asked, ivector_period=[value])
    with pytest.raises(
        UnknownNameError, match=rf"^{option} '{value}': the model has no layer '.*did you mean 'ivector'"
    ):
        resolved(job, 2)


INPUT, IVECTOR = port("input"), port("ivector")


def test_ivectors_in_the_words_of_kaldi() -> None:
    job = ScoreJob(inputs=["f"], ivectors="ark:v", utt2spk=["ark:u"])
    features, vector = resolve_tables(job, (INPUT, IVECTOR), (SCORES,), LAYERS).inputs
    assert (features.input, features.specifier, features.utt2spk) == ("input", "f", "")
    assert (vector.input, vector.specifier, vector.utt2spk, vector.period) == ("ivector", "ark:v", "ark:u", 0)
    job = ScoreJob(inputs={"input": "f"}, online_ivectors="scp:v", online_ivector_period=10)
    vector = resolve_tables(job, (INPUT, IVECTOR), (SCORES,), LAYERS).inputs[1]
    assert (vector.specifier, vector.period, vector.may_hold_more) == ("scp:v", 10, True)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (ScoreJob(inputs=["f"]), "no table for input ivector; the model has 2 inputs; i-vectors go to ivectors"),
        (ScoreJob(inputs=["f,v"], ivectors="w"), "inputs, ivectors: input 'ivector' is given twice"),
        (ScoreJob(inputs=["ivector=v"], ivectors="w"), "input 'ivector' is given twice"),
        (
            ScoreJob(inputs=["f"], online_ivectors="v", online_ivector_period=10, utt2spk=["u"]),
            "utt2spk: is for ivectors",
        ),
    ],
)
def test_ivectors_that_are_wrong(job: ScoreJob, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        resolve_tables(job, (INPUT, IVECTOR), (SCORES,), LAYERS)
    assert message in str(raised.value)


def test_advice_on_layers_that_are_not_there() -> None:
    for job in (ScoreJob(outputs=["nowhere=x.ark"]), ScoreJob(outputs={"nowhere": "x.ark"})):
        with pytest.raises(UnknownNameError, match=r"no layer 'nowhere'.*; ask for it"):
            resolve_tables(job, (INPUT,), (SCORES,), LAYERS, "; ask for it")

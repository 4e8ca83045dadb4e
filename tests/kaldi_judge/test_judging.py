"""The parts of the judge, without Kaldi: programs that play its role give the scores of golden cases, or fail."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from tests.kaldi_judge.field_changes import FIELD_CHANGES, drop_field, repeat_component
from tests.kaldi_judge.judging import ChangedModel, changed_model, difference, judge, verdict_of
from tests.kaldi_judge.noise import IN_BINARY, IN_TEXT
from tests.kaldi_judge.outcomes import Refusal, Scores
from tests.kaldi_judge.reading import read_values
from tests.kaldi_judge.start_models import GENERATIONS, GOLDEN, start_models
from tests.kaldi_judge.value_changes import VALUE_CHANGES, change_whole, other_height
from tests.kaldi_judge.values import Number, Values, Whole, Wholes, Word, as_bytes

TANH: Values = [Word("<Nnet>"), Word("<Tanh>"), Whole(4), Whole(4), Word("<!EndOfComponent>"), Word("</Nnet>")]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_start_models_are_read_and_written_again(generation: str) -> None:
    models = start_models(generation)
    assert len({model.folder for model in models}) >= 50
    for model in models:
        text, binary = (as_bytes(model.values, binary=binary) for binary in (False, True))
        assert read_values(text, binary) == model.values or "old" in model.name or "priors" in model.name, model.name


@pytest.mark.parametrize("case", ["nnet1/lstm", "nnet1/parallel_nested", "nnet2/splice", "nnet3/tdnn"])
def test_binary_form_is_that_of_kaldi(case: str) -> None:
    folder = GOLDEN / case
    binary = next(path for path in folder.glob("model.*") if path.suffix in (".nnet", ".raw")).read_bytes()
    text = next(folder.glob("*.txt")).read_bytes()
    assert as_bytes(read_values(text, binary), binary=True) == binary


def test_values_are_of_the_kind_that_the_binary_form_has() -> None:
    folder = GOLDEN / "nnet2/acoustic_model"
    values = read_values((folder / "model.txt").read_bytes(), (folder / "model.mdl").read_bytes())
    place = values.index(Word("<Context>"))
    assert isinstance(values[place + 1], Wholes)
    assert values[values.index(Word("<InputDim>")) + 1] == Whole(4)
    assert any(isinstance(value, Number) for value in values)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_models_are_the_same_for_the_same_seed(generation: str) -> None:
    starts = start_models(generation)
    first, again = ([changed_model(starts, 7, number).data for number in range(40)] for _ in range(2))
    assert first == again
    assert first != [changed_model(starts, 8, number).data for number in range(40)]
    assert len(set(first)) == 40


def test_every_change_changes_some_model() -> None:
    starts = [model for generation in GENERATIONS for model in start_models(generation)]
    chance = random.Random(3)
    for change in dict.fromkeys((*FIELD_CHANGES, *VALUE_CHANGES)):
        tries = (start.values for start in chance.sample(starts, len(starts)))
        assert any((found := change(values, chance)) is not None and found != values for values in tries), change
    data = as_bytes(starts[0].values, binary=False)
    for noise in dict.fromkeys((*IN_TEXT, *IN_BINARY)):
        assert any(noise(data, chance) != data for _ in range(20)), noise


def test_some_changes() -> None:
    assert change_whole(TANH, random.Random(1)) not in (None, TANH)
    assert drop_field(TANH, random.Random(1)) == [*TANH[:1], *TANH[4:]]
    assert repeat_component(TANH, random.Random(1)) == [*TANH[:5], *TANH[1:]]
    assert other_height(TANH, random.Random(1)) is None


def scores(*numbers: float) -> Scores:
    return {"utt1": np.array([numbers], np.float32)}


def test_verdicts() -> None:
    refusal, crash = Refusal("no"), Refusal("no", crashed=True)
    assert verdict_of(scores(1), scores(1.00005)) == "equal"
    assert verdict_of(scores(1), scores(1.01)) == "differ"
    assert verdict_of(scores(1000), scores(1000.05)) == "equal"
    assert verdict_of(scores(1, 2), scores(1)) == "differ"
    assert verdict_of(refusal, refusal) == "both refuse"
    assert verdict_of(crash, refusal) == "both refuse"
    assert verdict_of(scores(1), refusal) == "we refuse"
    assert verdict_of(refusal, scores(1)) == "kaldi refuses"
    assert verdict_of(crash, scores(1)) == "kaldi crashes"
    assert verdict_of(scores(1), crash) == verdict_of(refusal, crash) == "we crash"


def test_difference_of_what_is_not_finite() -> None:
    assert difference(scores(np.nan, np.inf), scores(np.nan, np.inf)) == ""
    assert "other places" in difference(scores(np.nan, 1), scores(0, 1))
    assert "other places" in difference(scores(np.inf, 1), scores(-np.inf, 1))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder whose nnet-forward gives the scores of the case ``tanh``, or fails for other models."""
    folder = tmp_path / "programs"
    folder.mkdir()
    golden = GOLDEN / "nnet1/tanh"
    program = folder / "nnet-forward"
    program.write_text(
        "#!/bin/sh\n"
        f"cmp -s {golden}/model.nnet model.nnet && cp {golden}/output.ark kaldi.ark && exit 0\n"
        "echo 'ERROR (nnet-forward:Read():nnet.cc:1) no' >&2\nexit 255\n"
    )
    program.chmod(0o755)
    return folder


def test_judge_compares_what_both_say(tmp_path: Path, programs: Path) -> None:
    start = next(model for model in start_models("nnet1") if model.name == "tanh")
    data = as_bytes(start.values, binary=True)
    same = judge(ChangedModel(start, (), True, data), "nnet1", programs, tmp_path / "model")
    assert (same.verdict, same.kaldi, same.ours) == ("equal", "scores", "scores")
    more = judge(ChangedModel(start, (), True, data + b"more"), "nnet1", programs, tmp_path / "model")
    assert (more.verdict, more.kaldi) == ("kaldi refuses", "ERROR (nnet-forward:Read():nnet.cc:1) no")
    less = judge(ChangedModel(start, (), True, data[:20]), "nnet1", programs, tmp_path / "model")
    assert less.verdict == "both refuse"
    assert "model.nnet" in less.ours

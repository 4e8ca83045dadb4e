from __future__ import annotations

from typing import Any

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances.ivector_tables import ivector_table, missing_tables, per_speaker
from ov_asr_score.scoring.utterances.joining import InputTable


def port(name: str) -> PortInfo:
    return PortInfo(name, name, 0, (name,), (None, 4), "f32", "")


BOTH, ONE = (port("input"), port("ivector")), (port("input"),)


def test_tables_of_kaldi() -> None:
    assert ivector_table(ONE) is None
    vectors = ivector_table(BOTH, "ark:v")
    assert vectors == InputTable("ivector", "ark:v", may_hold_more=True)
    assert per_speaker(vectors, "") == vectors
    assert per_speaker(vectors, "ark:u").utt2spk == "ark:u"
    online = ivector_table(BOTH, online_ivectors="ark:o", online_ivector_period=10)
    assert online == InputTable("ivector", "ark:o", period=10, may_hold_more=True)
    with pytest.raises(UsageError, match="utt2spk: is for ivectors"):
        per_speaker(online, "utt2spk")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ivectors": "a", "online_ivectors": "b"}, "expected one of them, found both"),
        ({"online_ivectors": "a"}, "expected online_ivector_period with it"),
        (
            {"online_ivectors": "a", "online_ivector_period": -1},
            "online_ivector_period -1: expected a number of frames",
        ),
        ({"online_ivector_period": 10}, "online_ivector_period 10: expected online_ivectors with it"),
        ({"ivectors": "a", "online_ivector_period": 10}, "expected online_ivectors with it"),
    ],
)
def test_what_does_not_fit_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        ivector_table(BOTH, **options)
    assert message in str(raised.value)


@pytest.mark.parametrize("options", [{"ivectors": "a"}, {"online_ivectors": "a", "online_ivector_period": 10}])
def test_a_model_without_such_an_input(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="the model has no input 'ivector'; its inputs are 'input', 'other'"):
        ivector_table((port("input"), port("other")), **options)


def test_what_is_missing() -> None:
    assert str(missing_tables(["x"], ONE)) == "inputs: no table for input x; the model has one input"
    message = str(missing_tables(["ivector"], BOTH))
    assert message.startswith("inputs: no table for input ivector; the model has 2 inputs; i-vectors")

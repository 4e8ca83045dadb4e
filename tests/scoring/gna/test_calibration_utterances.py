from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.gna.compiler.measured_ranges import MOST_FRAMES
from ov_asr_score.scoring.gna.calibration_utterances import calibrate
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings
from tests.tiny_model import write_table


def asked(**gna: object) -> ScorerOptions:
    return ScorerOptions(device=DeviceSettings("GNA_SW_EXACT", gna=GnaSettings(**gna)))  # type: ignore[arg-type]


@pytest.fixture
def table(folder: object) -> InputTable:
    """Utterances of a thousand frames, the later the louder; one has no frames, and one is not finite."""
    frames = {f"utt{index}": np.full((1000, 4), index, np.float32) for index in range(1, 9)}
    frames["utt3"] = np.zeros((0, 4), np.float32)
    frames["utt4"] = np.full((1000, 4), np.nan, np.float32)
    return InputTable("feats", write_table("feats.ark", frames))


def test_the_loudest_utterances_are_kept(table: InputTable) -> None:
    options, calibration = calibrate(asked(scale_factor_utterances=None), [table], JoinOptions())
    assert [utterance.key for utterance in calibration] == ["utt8", "utt7", "utt6", "utt5"]
    assert sum(utterance.num_frames for utterance in calibration) == MOST_FRAMES
    assert options.device.gna.scale_factors == {"feats": 16384 / 8}


def test_no_more_utterances_than_asked_for(table: InputTable) -> None:
    options, calibration = calibrate(asked(scale_factor_utterances=2), [table], JoinOptions())
    assert [utterance.key for utterance in calibration] == ["utt2", "utt1"]
    assert options.device.gna.scale_factors == {"feats": 16384 / 2}


def test_given_factors_stay(table: InputTable) -> None:
    given = asked(scale_factor_utterances=2, scale_factors={"": 7.0})
    options, calibration = calibrate(given, [table], JoinOptions())
    assert options == given
    assert len(calibration) == 2


def test_what_can_be_read_once_gives_nothing() -> None:
    stdin = InputTable("feats", "ark:-")
    with pytest.raises(UsageError, match="can be read only once"):
        calibrate(asked(scale_factor_utterances=2), [stdin], JoinOptions())
    given = asked(scale_factor_utterances=2, scale_factors={"": 7.0})
    assert calibrate(given, [stdin], JoinOptions()) == (given, [])
    assert calibrate(asked(), [stdin], JoinOptions()) == (asked(), [])

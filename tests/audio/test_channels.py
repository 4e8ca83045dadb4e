from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.audio.channels import check_channel, chosen_channel, one_channel
from ov_asr_score.audio.decoding import open_audio
from ov_asr_score.errors import SoundFormatError
from tests.audio.sounds import SPEECH


def test_one_channel_and_the_mean() -> None:
    samples = np.array([[1, 2, 3e38], [2, 5, 3e38]], np.float32)
    assert one_channel(samples, 1).tolist() == samples[1].tolist()
    assert one_channel(samples, "mix").tolist() == [1.5, 3.5, np.float32(3e38)]
    assert one_channel(samples[:1], "mix").tolist() == samples[0].tolist()
    assert one_channel(samples, "mix").dtype == np.float32


def test_choice() -> None:
    warnings: list[str] = []
    with open_audio(SPEECH / "stereo.flac", name="x.flac") as stream:
        assert chosen_channel(stream, 1, warnings.append) == 1
        assert chosen_channel(stream, "mix", warnings.append) == "mix"
        assert warnings == []
        assert chosen_channel(stream, None, warnings.append) == 0
        assert warnings == ["x.flac: has 2 channels, none of them was chosen; channel 0 is taken"]
        for channel in (2, -1):
            with pytest.raises(
                SoundFormatError, match=rf"^x\.flac: expected channel {channel} \(counted from 0\), found 2"
            ):
                check_channel(stream, channel)
    with open_audio(SPEECH / "tiny.flac") as stream:
        assert chosen_channel(stream, None, warnings.append) == 0 and len(warnings) == 1
        with pytest.raises(SoundFormatError, match=r"found 1 channel$"):
            chosen_channel(stream, 1, warnings.append)

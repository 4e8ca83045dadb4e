from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.kaldi_io.files.config_file import ConfigOption
from ov_asr_score.kaldi_io.files.joined_options import checked_options, join_options

KINDS: dict[str, type] = {"num_bins": int, "low_freq": float, "use_energy": bool, "window_type": str}
LINES = [ConfigOption("num-bins", "23", 1, "x.conf"), ConfigOption("low-freq", "0.1", 2, "x.conf")]


def test_what_is_given_counts_more() -> None:
    joined = join_options(LINES, {"num_bins": 40, "low_freq": None, "other": "of no file"}, KINDS, "bins")
    assert joined.values == {"num_bins": 40, "low_freq": float(np.float32(0.1)), "other": "of no file"}
    assert joined.places == {"low_freq": "x.conf: line 2"}


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        (("num_bins",), ConfigFormatError, "x.conf: line 1: num-bins: too few for low_freq"),
        (("low_freq", "num_bins"), ConfigFormatError, "x.conf: line 2: num-bins: too few for low-freq"),
        (("window_type",), UsageError, "num_bins: too few for low_freq"),
        ((), UsageError, "num_bins: too few for low_freq"),
    ],
)
def test_errors_say_the_line(fields: tuple[str, ...], kind: type[Exception], message: str) -> None:
    with (
        pytest.raises(kind) as caught,
        join_options(LINES, {}, KINDS, "bins").place_of_errors(),
    ):
        raise UsageError("num_bins: too few for low_freq", fields=fields)
    assert type(caught.value) is kind
    assert str(caught.value) == message


def test_a_given_value_is_no_error_of_the_file() -> None:
    with pytest.raises(UsageError), join_options(LINES, {"num_bins": 2}, KINDS, "bins").place_of_errors():
        raise UsageError("num_bins: too few", fields=("num_bins",))


def test_given_values_are_of_their_types() -> None:
    given = {"num_bins": 3.0, "low_freq": 0.1, "use_energy": False, "window_type": None}
    found = checked_options(given, KINDS, "bins")
    assert found == {"num_bins": 3, "low_freq": float(np.float32(0.1)), "use_energy": False}
    assert type(found["num_bins"]) is int


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num_bins": True}, "num_bins: expected an integer for bins, found True"),
        ({"num_bins": 2.5}, "num_bins: expected an integer for bins, found 2.5"),
        ({"num_bins": 1e40}, "num_bins: expected an integer for bins, found 1e+40"),
        ({"num_bins": 2**31}, "num_bins: expected an integer for bins, found 2147483648"),
        ({"low_freq": True}, "low_freq: expected a number for bins, found True"),
        ({"low_freq": 1e40}, "low_freq: expected a number of single precision, found 1e+40"),
        ({"use_energy": 1}, "use_energy: expected true or false for bins, found 1"),
        ({"num_bin": 1}, "num_bin: expected an option of bins; did you mean 'num_bins'?"),
        ({"rest": 1}, "rest: expected an option of bins, which only others have"),
    ],
)
def test_what_is_no_value(given: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_options(given, KINDS, "bins", lambda name: ", which only others have" if name == "rest" else "")
    assert str(caught.value) == message
    assert caught.value.fields == tuple(given)

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, OvAsrScoreError
from ov_asr_score.kaldi_io.files.config_file import MOST_BYTES, ConfigOption, config_value, config_values, read_config

CONF = Path(__file__).parents[2] / "kaldi_speech" / "features" / "conf"
KINDS = {"num-ceps": int, "low-freq": float, "use-energy": bool, "window-type": str}


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "mfcc.conf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def values(folder: Path, text: str) -> dict[str, object]:
    return config_values(read_config(written(folder, text)), KINDS, "MFCC features")


def test_a_file_of_a_recipe() -> None:
    lines = read_config(CONF / "mfcc_hires.conf")
    assert [(line.name, line.value) for line in lines][:2] == [("use-energy", "false"), ("num-mel-bins", "40")]
    assert all(line.file == str(CONF / "mfcc_hires.conf") for line in lines)


def test_lines(tmp_path: Path) -> None:
    text = "# first\n\n  --Use_Energy  \r\n--num_ceps= 13 # C0 counts\n\t--window-type=a=b\n--low-freq=\n"
    path = written(tmp_path, text)
    assert read_config(path) == [
        ConfigOption("use-energy", None, 3, path),
        ConfigOption("num-ceps", "13", 4, path),
        ConfigOption("window-type", "a=b", 5, path),
        ConfigOption("low-freq", "", 6, path),
    ]


def test_the_last_value_counts(tmp_path: Path) -> None:
    assert values(tmp_path, "--num-ceps=13\n--num_ceps=20\n") == {"num-ceps": 20}
    assert values(tmp_path, "") == {}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (bool, None, True),
        (bool, "T", True),
        (bool, "1", True),
        (bool, "TRUE", True),
        (bool, "false", False),
        (bool, "F", False),
        (bool, "0", False),
        (int, "-1", -1),
        (int, "+007", 7),
        (int, "2147483647", 2**31 - 1),
        (float, "0.97", float(np.float32(0.97))),
        (float, "1e3", 1000.0),
        (float, ".5", 0.5),
        (float, "-5.", -5.0),
        (float, "1e-60", 0.0),
        (float, "-INF", -math.inf),
        (str, "", ""),
        (str, "ark:map", "ark:map"),
    ],
)
def test_values_that_kaldi_takes(kind: type, text: str | None, expected: object) -> None:
    value = config_value(ConfigOption("name", text, 1), kind)
    assert value == expected and type(value) is kind


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (bool, "yes", "expected true or false, found 'yes'"),
        (bool, "", "expected true or false, found nothing"),
        (int, None, "expected an integer, found nothing"),
        (int, "1.0", "expected an integer, found '1.0'"),
        (int, "2147483648", "expected an integer, found '2147483648'"),
        (int, "1_0", "expected an integer, found '1_0'"),
        (int, "٣", "expected an integer, found '٣'"),
        (float, "1,5", "expected a number, found '1,5'"),
        (float, "1_0", "expected a number, found '1_0'"),
        (float, "1e39", "expected a number, found '1e39'"),
        (float, "0x10", "expected a number, found '0x10'"),
        (float, "", "expected a number, found nothing"),
        (str, None, "expected a text, found nothing"),
    ],
)
def test_values_that_kaldi_refuses(kind: type, text: str | None, message: str) -> None:
    with pytest.raises(ConfigFormatError) as caught:
        config_value(ConfigOption("name", text, 7, "a.conf"), kind)
    assert str(caught.value) == f"a.conf: line 7: name: {message}"


def test_nan_is_a_number() -> None:
    assert math.isnan(config_value(ConfigOption("name", "NaN", 1), float))


def test_unknown_options_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigFormatError) as caught:
        values(tmp_path, "--num-ceps=13\n--num-cep=13\n")
    assert str(caught.value) == (
        f"{tmp_path / 'mfcc.conf'}: line 2: expected an option of MFCC features, found 'num-cep'"
        "; did you mean 'num-ceps'?"
    )
    with pytest.raises(ConfigFormatError, match="found 'num-ceps '; did you mean 'num-ceps'"):
        values(tmp_path, "--num-ceps = 13\n")


def test_options_of_all_programs(tmp_path: Path) -> None:
    assert values(tmp_path, "--verbose=2\n--print-args=false\n--config=x\n--help\n") == {}
    with pytest.raises(ConfigFormatError, match="line 1: verbose: expected an integer, found 'high'"):
        values(tmp_path, "--verbose=high\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_ceps=13\n", "line 1: .* found 'num_ceps=13'; a line without the two hyphens is for shell scripts"),
        ("\n-num-ceps=13\n", "line 2: expected an option of the form --name=value, found '-num-ceps=13'"),
        ("--=13\n", "line 1: expected an option of the form --name=value, found '--=13'"),
        ("--\n", "line 1: expected an option of the form --name=value, found '--'"),
        (b"\xff\xfe-\0-\0a\0", r"line 1: expected an option of the form --name=value, found "),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
        (b"--a=1\n" * (MOST_BYTES // 6 + 1), f"found more than {MOST_BYTES} bytes"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigFormatError, match=message) as caught:
        read_config(written(tmp_path, text))
    assert "\n" not in str(caught.value) and str(caught.value).startswith(f"{tmp_path / 'mfcc.conf'}: ")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path, "")
    with pytest.raises(FileAccessError, match=r"no such file; did you mean mfcc\.conf"):
        read_config(tmp_path / "mfc.conf")
    with pytest.raises(FileAccessError, match="expected a file, found a folder"):
        read_config(tmp_path)


def test_every_flip_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    content = (CONF / "mfcc_hires.conf").read_bytes()
    for position in range(len(content)):
        for mask in (1, 32, 128):
            damaged = bytearray(content)
            damaged[position] ^= mask
            try:
                read_config(written(tmp_path, bytes(damaged)))
            except OvAsrScoreError as error:
                assert "\n" not in str(error)

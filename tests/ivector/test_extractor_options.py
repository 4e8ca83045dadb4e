"""Options of i-vector extraction: Kaldi's defaults, configuration files, ranges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.features.steps.online_cmvn import OnlineCmvnOptions
from ov_asr_score.ivector.extractor_options import (
    ExtractionOptions,
    cmvn_options,
    extraction_options,
    splice_options,
)
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, read_config


def lines(text: str, tmp_path: Path) -> list[ConfigOption]:
    (tmp_path / "x.conf").write_text(text)
    return read_config(tmp_path / "x.conf")


def test_values_of_files_and_settings(tmp_path: Path) -> None:
    config = lines(
        "--num_gselect=3 # as usual\n--min-post=0.1\n--greedy-ivector-extractor=true\n--repeat=t\n", tmp_path
    )
    options, files = extraction_options(config, {"num_gselect": 7, "min_post": None, "posterior_scale": 0.5})
    assert not files
    assert options == ExtractionOptions(
        num_gselect=7, min_post=0.1, posterior_scale=0.5, greedy_ivector_extractor=True, repeat=True
    )
    assert options.min_post == pytest.approx(0.1, rel=1e-7) and options.min_post != 0.1, "single precision, as in Kaldi"


def test_files_and_options_of_the_program(tmp_path: Path) -> None:
    text = (
        "--ivector-extractor=a/final.ie\n--diag-ubm=\n--num-threads=4\n--frame-weights-rspecifier=ark:w\n--verbose=2\n"
    )
    options, files = extraction_options(lines(text, tmp_path), {"diag_ubm": "b"})
    assert files == {"ivector_extractor": "a/final.ie", "diag_ubm": "b"}
    assert options.frame_weights == "ark:w"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--ivector-period=0", "x.conf: line 1: ivector-period 0: expected a number of frames, 1 or more"),
        ("\n--min-post=0.5", "x.conf: line 2: min-post 0.5: expected a posterior from 0 to below 0.5"),
        ("--posterior-scale=0", "posterior-scale 0: expected a scale above 0 and up to 1"),
        ("--posterior-scale=1.1", "posterior-scale 1.1: expected a scale above 0 and up to 1"),
        ("--max-remembered-frames=-1", "max-remembered-frames -1: expected a number of frames, 0 or more"),
        ("--max-count=nan", "max-count nan: expected a finite number"),
        ("--num-gselect=2.5", "x.conf: line 1: num-gselect: expected an integer, found '2.5'"),
        ("--num-cg-iters=20", "x.conf: line 1: expected an option of ivector-extract-online2, found 'num-cg-iters'"),
    ],
)
def test_refused_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigFormatError, match=message):
        extraction_options(lines(text, tmp_path), {})


@pytest.mark.parametrize(
    "given",
    [
        {"num_gselect": 0},
        {"min_post": -0.1},
        {"posterior_scale": float("nan")},
        {"num_cg_iters": -1},
        {"max_count": 1e40},
        {"max_count": float("inf")},
    ],
)
def test_refused_settings(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        ExtractionOptions(**given)
    assert caught.value.fields == tuple(given)


def test_a_setting_in_place_of_a_bad_line(tmp_path: Path) -> None:
    options, _ = extraction_options(lines("--num-gselect=0", tmp_path), {"num_gselect": 2})
    assert options.num_gselect == 2
    with pytest.raises(UsageError, match="num_gselect 0"):
        extraction_options(lines("--num-gselect=2", tmp_path), {"num_gselect": 0})


def test_splicing(tmp_path: Path) -> None:
    assert splice_options([]) == (4, 4)
    assert splice_options(lines("--left-context=3\n--right-context=2\n", tmp_path)) == (3, 2)
    assert splice_options(lines("--left-context=3 --right-context=2\n", tmp_path)) == (3, 2), "splice_opts"
    with pytest.raises(ConfigFormatError, match="line 1: left-context: expected a number of frames, 0 or more"):
        splice_options(lines("--left-context=-1\n", tmp_path))
    with pytest.raises(ConfigFormatError, match="line 1: expected an option of splicing, found 'lift-context'"):
        splice_options(lines("--lift-context=1\n", tmp_path))


def test_cmvn(tmp_path: Path) -> None:
    assert cmvn_options([]) == OnlineCmvnOptions()
    text = "--cmn-window=100\n--global-frames=30\n--speaker-frames=60\n--norm-vars=true\n--skip-dims=13:14\n"
    assert cmvn_options(lines(text, tmp_path)) == OnlineCmvnOptions(100, 60, 30, True, True, (13, 14))
    with pytest.raises(ConfigFormatError, match=r"x.conf: line 1: skip-dims: expected columns separated by colons"):
        cmvn_options(lines("--skip-dims=a", tmp_path))
    with pytest.raises(ConfigFormatError, match=r"x.conf: cmn-window 0: expected a number of frames, 1 or more"):
        cmvn_options(lines("--cmn-window=0", tmp_path))

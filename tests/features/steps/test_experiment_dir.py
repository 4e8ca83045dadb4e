from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, UsageError
from ov_asr_score.features.steps.experiment_dir import like_dir, settled_steps
from ov_asr_score.settings.speech.feature_steps import NO_STEPS, FeatureSteps


def folder(tmp_path: Path, **files: str) -> Path:
    """A directory with files; ``final_mat`` is called ``final.mat``."""
    for name, content in files.items():
        (tmp_path / name.replace("__", ".")).write_text(content)
    return tmp_path


def test_deltas_of_gaussian_mixtures(tmp_path: Path) -> None:
    path = folder(
        tmp_path, cmvn_opts="--norm-vars=false --norm-means=true\n", delta_opts="--delta-order=1", final__occs=""
    )
    expected = FeatureSteps(cmvn="speaker", norm_means=True, norm_vars=False, delta_order=1, delta_window=2)
    assert like_dir(path) == expected
    assert settled_steps(FeatureSteps(like_dir=str(path))) == expected


def test_an_empty_line_of_options_means_the_defaults(tmp_path: Path) -> None:
    assert like_dir(folder(tmp_path, cmvn_opts="\n", delta_opts="\n")) == FeatureSteps(cmvn="speaker")


@pytest.mark.parametrize(("splice_opts", "splice"), [(None, (4, 4)), ("--left-context=3 --right-context=2", (3, 2))])
def test_lda_after_splicing(tmp_path: Path, splice_opts: str | None, splice: tuple[int, int]) -> None:
    path = folder(tmp_path, cmvn_opts="", final__mat="", delta_opts="--delta-order=2")
    if splice_opts is not None:
        folder(tmp_path, splice_opts=splice_opts)
    expected = FeatureSteps(cmvn="speaker", splice=splice, transforms=(str(path / "final.mat"),))
    assert like_dir(path) == expected
    given = FeatureSteps(like_dir=str(path), transforms=("ark:trans",), splice=(1, 1))
    settled = settled_steps(given)
    assert settled.transforms == (str(path / "final.mat"), "ark:trans") and settled.splice == (1, 1)


def test_splice_opts_without_final_mat_are_not_used(tmp_path: Path) -> None:
    path = folder(tmp_path, cmvn_opts="--norm-means=false --norm-vars=false", splice_opts="--left-context=3")
    assert like_dir(path) == FeatureSteps(cmvn="none")


def test_online_cmvn_of_nnet3(tmp_path: Path) -> None:
    conf = tmp_path / "online_cmvn.conf"
    conf.write_text("# comment\n--cmn-window=300\n--speaker-frames=200\n")
    path = folder(tmp_path, cmvn_opts=f"--config={conf} --speaker-frames=100", online_cmvn="")
    with pytest.raises(FileAccessError, match=r"global_cmvn\.stats: expected statistics for online CMVN"):
        like_dir(path)
    folder(tmp_path, global_cmvn__stats="[ ]")
    stats = str(path / "global_cmvn.stats")
    assert like_dir(path) == FeatureSteps(cmvn="online", cmvn_stats=stats, cmn_window=300, speaker_frames=100)


def test_nnet1(tmp_path: Path) -> None:
    path = folder(tmp_path, final__nnet="", final__mat="")
    assert like_dir(path) == FeatureSteps(cmvn="none")
    folder(
        tmp_path,
        delta_opts="--delta-order=2 --delta-window=3 --truncate=13",
        cmvn_opts="--norm-means=true --norm-vars=true",
    )
    deltas = FeatureSteps(delta_order=2, delta_window=3, delta_truncate=13)
    assert like_dir(path) == replace(deltas, cmvn="speaker", norm_means=True, norm_vars=True)
    folder(tmp_path, online_cmvn_opts="--cmn-window=100", global_cmvn_stats__mat="")
    with pytest.raises(UsageError, match="found both"):
        like_dir(path)
    folder(tmp_path, cmvn_opts="")
    stats = str(path / "global_cmvn_stats.mat")
    assert like_dir(path) == replace(deltas, cmvn="online", cmvn_stats=stats, cmn_window=100)


def test_norm_vars_of_old_recipes(tmp_path: Path) -> None:
    path = folder(tmp_path, final__nnet="", norm_vars="true\n")
    assert like_dir(path) == FeatureSteps(cmvn="speaker", norm_vars=True)
    folder(tmp_path, norm_vars="perhaps")
    with pytest.raises(
        ConfigFormatError, match="norm_vars: line 1: norm-vars: expected true or false, found 'perhaps'"
    ):
        like_dir(path)


def test_what_is_given_counts(tmp_path: Path) -> None:
    path = folder(tmp_path, cmvn_opts="--norm-vars=true --skip-dims=13:14", online_cmvn="", global_cmvn__stats="")
    given = FeatureSteps(like_dir=str(path), cmvn="sliding", center=True)
    assert settled_steps(given) == FeatureSteps(cmvn="sliding", center=True, norm_vars=True)
    given = FeatureSteps(like_dir=str(path), cmvn="utterance", norm_vars=False)
    assert settled_steps(given) == FeatureSteps(cmvn="utterance", norm_vars=False, skip_dims=(13, 14))
    assert settled_steps(NO_STEPS) is NO_STEPS


def test_what_files_do_not_settle_is_asked_for(tmp_path: Path) -> None:
    path = folder(tmp_path, final__occs="")
    assert like_dir(path) == NO_STEPS
    with pytest.raises(UsageError, match="has no cmvn_opts") as caught:
        settled_steps(FeatureSteps(like_dir=str(path)))
    assert caught.value.fields == ("cmvn",)
    with pytest.raises(UsageError, match=r"delta_order: .* is of Gaussian mixtures without final\.mat"):
        settled_steps(FeatureSteps(like_dir=str(path), cmvn="none"))
    settled = settled_steps(FeatureSteps(like_dir=str(path), cmvn="none", delta_order=0))
    assert settled == FeatureSteps(cmvn="none", delta_order=0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "cmvn_opts",
            "--norm-means=true\n--norm-var=true",
            r"cmvn_opts: line 2: expected an option of apply-cmvn, found 'norm-var'",
        ),
        ("cmvn_opts", "norm-means", "cmvn_opts: line 1: expected an option of apply-cmvn, found 'norm-means'"),
        ("cmvn_opts", "--cmn-window=100", "cmvn_opts: line 1: expected an option of apply-cmvn"),
        ("cmvn_opts", "--norm-means=maybe", "norm-means: expected true or false, found 'maybe'"),
        ("cmvn_opts", "--config=nowhere.conf", "nowhere.conf: "),
        ("cmvn_opts", "\0\1", "cmvn_opts: expected a line of options, found something else"),
        ("delta_opts", "--delta-order=x", "delta_opts: line 1: delta-order: expected an integer, found 'x'"),
    ],
)
def test_options_that_their_program_does_not_have(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises((ConfigFormatError, FileAccessError), match=message):
        like_dir(folder(tmp_path, **{"cmvn_opts": "", name: content}))


def test_columns_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cmvn_opts: skip-dims: '1,2': expected numbers of columns"):
        like_dir(folder(tmp_path, cmvn_opts="--skip-dims=1,2"))


def test_what_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="nowhere: expected an experiment directory, found none"):
        like_dir(tmp_path / "nowhere")

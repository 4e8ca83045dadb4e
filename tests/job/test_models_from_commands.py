"""Kaldi models that a command writes, as Kaldi's own programs take them, in every command that takes a model."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import read_table
from ov_asr_score.library import convert_model, score
from tests.command_line import names_in, run, run_process
from tests.kaldi_texts import PRIORS, WIDTH, acoustic_nnet3, nnet1, spliced_nnet3, spliced_scores, write_model
from tests.runtimes import require_nncf
from tests.tiny_model import write_table

FEATURES = {f"utt{n}": np.random.default_rng(n).standard_normal((7 + n, WIDTH)).astype(np.float32) for n in range(3)}
ALLOWED = ("--allow-commands", "--quiet")


@pytest.fixture
def mdl(folder: Path) -> str:
    write_table("feats.ark", FEATURES)
    return write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))


def scores(path: str = "scores.ark") -> dict[str, NDArray[np.float32]]:
    return dict(read_table(path))


def check_scores(path: str = "scores.ark") -> None:
    found = scores(path)
    assert list(found) == list(FEATURES)
    for key, features in FEATURES.items():
        np.testing.assert_allclose(found[key], spliced_scores(features), rtol=0, atol=1e-5)


def test_a_command_is_run_once_and_scored_as_the_file(mdl: str, folder: Path) -> None:
    command = "echo run >> runs; cat final.mdl |"
    outcome = run("score", "-m", command, "-i", "feats.ark", "-o", "scores.ark", *ALLOWED)
    assert (outcome.code, outcome.stderr) == (0, "")
    check_scores()
    assert (folder / "runs").read_text() == "run\n"
    assert names_in(folder) == ["feats.ark", "final.mdl", "runs", "scores.ark"]
    run("score", "-m", mdl, "-i", "feats.ark", "-o", "of_file.ark", "--quiet")
    assert (folder / "of_file.ark").read_bytes() == (folder / "scores.ark").read_bytes()


@pytest.mark.parametrize("form", ["gzip -c final.mdl |", "cat ./final.mdl//. 2>/dev/null || cat final.mdl |"])
def test_other_commands(form: str, mdl: str) -> None:
    assert run("score", "-m", form, "-i", "feats.ark", "-o", "scores.ark", *ALLOWED).code == 0
    check_scores()


def test_standard_input(mdl: str, folder: Path) -> None:
    content = Path(mdl).read_bytes()
    paths: list[str | Path] = ["-i", folder / "feats.ark", "-o", folder / "scores.ark"]
    assert run_process("score", "-m", "-", *paths, stdin=content).code == 0
    check_scores()
    assert run_process("score", "-m", "-", *paths, stdin=gzip.compress(content)).code == 0
    check_scores()
    outcome = run_process("inspect", "-", "--json", stdin=content)
    assert json.loads(outcome.stdout)["sections"]["Model"]["kind"] == "Kaldi nnet3 acoustic model, text"


def test_a_model_within_a_file(mdl: str) -> None:
    Path("all.mdl").write_bytes(b"12345" + Path(mdl).read_bytes())
    assert run("score", "-m", "all.mdl:5", "-i", "feats.ark", "-o", "scores.ark", "--quiet").code == 0
    check_scores()


def test_a_fifo(mdl: str, folder: Path) -> None:
    os.mkfifo("fifo")
    threading.Thread(target=(folder / "fifo").write_bytes, args=(Path(mdl).read_bytes(),), daemon=True).start()
    assert run("score", "-m", "fifo", "-i", "feats.ark", "-o", "scores.ark", "--quiet").code == 0
    check_scores()


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "-m", "{}", "-i", "feats.ark", "-o", "x.ark"),
        ("inspect", "{}"),
        ("convert", "{}", "-o", "x.xml"),
        ("quantize", "{}", "-i", "feats.ark", "-o", "x.xml"),
        ("bench", "{}", "-i", "feats.ark", "--seconds", "0.1"),
        ("compare-layers", "{}", "-i", "feats.ark", "--against", "precision=bf16"),
        ("compare-layers", "final.mdl", "--against-model", "{}", "-i", "feats.ark", "--against", "device=CPU"),
    ],
    ids=lambda arguments: f"{arguments[0]}-{arguments.index('{}')}",
)
def test_every_command_that_takes_a_model(arguments: tuple[str, ...], mdl: str, folder: Path) -> None:
    if arguments[0] == "quantize":
        require_nncf()

    def outcome_of(command: str, *more: str) -> tuple[int, str]:
        words = [command if word == "{}" else word for word in arguments]
        outcome = run(*words, *more)
        return outcome.code, outcome.stderr

    before = names_in(folder)
    assert outcome_of("touch marker; cat final.mdl |") == (
        2,
        "error: touch marker; cat final.mdl: commands are not run unless allowed; set --allow-commands if you trust "
        "it\n",
    )
    assert outcome_of("cat final.mdl; exit 7 |", "--allow-commands") == (
        3,
        "error: command 'cat final.mdl; exit 7': ended with exit status 7\n",
    )
    code, error = outcome_of("echo '<DiagGMM> ' |", "--allow-commands")
    assert (code, error.count("\n")) == (3, 1)
    assert error.startswith("error: echo '<DiagGMM> ' |: is a Gaussian mixture (UBM), ")
    assert names_in(folder) == before
    code, error = outcome_of("cat final.mdl |", "--allow-commands")
    assert code == 0, error


def test_what_goes_with_a_model_may_come_from_commands(folder: Path) -> None:
    write_table("feats.ark", FEATURES)
    write_model(folder / "final.nnet", nnet1())
    Path("counts").write_text(f" [ {' '.join(map(str, PRIORS))} ]\n")
    given = ("score", "-m", "final.nnet", "-i", "feats.ark", "--quiet")
    assert run(*given, "-o", "a.ark", "--class-frame-counts", "counts").code == 0
    assert run(*given, "-o", "b.ark", "--class-frame-counts", "cat counts |", "--allow-commands").code == 0
    np.testing.assert_equal(scores("a.ark"), scores("b.ark"))
    outcome = run(*given, "-o", "b.ark", "--class-frame-counts", "cat counts |")
    assert (outcome.code, outcome.error.partition(";")[0]) == (2, "cat counts: commands are not run unless allowed")


def test_other_models_are_not_read_from_commands(mdl: str) -> None:
    run("convert", mdl, "-o", "model.xml", "--quiet")
    outcome = run("score", "-m", "cat model.xml |", "-i", "feats.ark", "-o", "x.ark", "--allow-commands")
    assert outcome.error == "cat model.xml |: is an OpenVINO IR, which is read from a file only; write it to one"
    assert outcome.code == 3


def test_standard_input_is_read_by_one(mdl: str, folder: Path) -> None:
    outcome = run_process("score", "-m", "-", "-i", "ark:-", "-o", folder / "x.ark", stdin=Path(mdl).read_bytes())
    assert (outcome.code, "standard input is read by" in outcome.error) == (2, True)


def test_conversions_are_kept_by_content(mdl: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ov_asr_score.ov_model.conversion_cache.WORTH_KEEPING_SECONDS", -1.0)
    given = ("-i", "feats.ark", "-o", "scores.ark", "--cache-dir", "cache", "--report", "r.json", *ALLOWED)

    def is_from_cache() -> bool:
        assert run("score", "-m", "cat final.mdl |", *given).code == 0
        return bool(json.loads(Path("r.json").read_text())["model"]["conversion"]["from_cache"])

    assert [is_from_cache(), is_from_cache()] == [False, True]
    Path(mdl).write_text(Path(mdl).read_text() + " ")
    assert [is_from_cache(), is_from_cache()] == [False, True]


def test_an_interrupted_run_goes_on_with_the_same_model_only(mdl: str, folder: Path) -> None:
    given = ("score", "-m", "cat final.mdl |", "-i", "feats.ark", "-o", "scores.ark", "--resume", *ALLOWED)
    Path("long.ark").write_bytes(Path("feats.ark").read_bytes()[:-9])
    broken = (*given[:4], "long.ark", *given[5:])
    assert run(*broken).code == 3
    assert run(*broken).code == 3
    changed = acoustic_nnet3(spliced_nnet3()).replace("0.5", "0.25", 1)
    write_model(folder / "final.mdl", changed)
    outcome = run(*broken)
    assert (outcome.code, "model" in outcome.error) == (3, True), outcome.error


def test_the_factor_beside_the_file_of_a_command_is_told(mdl: str) -> None:
    Path("frame_subsampling_factor").write_text("3\n")
    given = ("-i", "feats.ark", "-o", "scores.ark", "--allow-commands")
    outcome = run("score", "-m", "cat 'final.mdl' |", *given)
    note = "frame_subsampling_factor is 1, as it is for nnet3-compute; frame_subsampling_factor has 3, which is not"
    assert note in " ".join(outcome.stdout.split())
    assert [len(matrix) for matrix in scores().values()] == [len(features) for features in FEATURES.values()]
    outcome = run("score", "-m", "cat final.mdl |", *given, "--frame-subsampling-factor=3")
    assert note not in " ".join(outcome.stdout.split())
    assert len(scores()["utt2"]) == 3
    Path("all.mdl").write_bytes(b"12345" + Path(mdl).read_bytes())
    assert run("score", "-m", "all.mdl:5", "-i", "feats.ark", "-o", "scores.ark", "--quiet").code == 0
    assert len(scores()["utt2"]) == 3


def test_from_python(mdl: str) -> None:
    found = {each.key: each.scores["output"] for each in score("cat final.mdl |", "feats.ark", allow_commands=True)}
    for key, features in FEATURES.items():
        np.testing.assert_allclose(found[key], spliced_scores(features), rtol=0, atol=1e-5)
    assert convert_model("cat final.mdl |", allow_commands=True).get_friendly_name() == "cat final.mdl |"

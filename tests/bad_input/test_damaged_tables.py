"""Archives cut anywhere and with any byte changed: a documented exit code, one line, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.kaldi_io import read_table
from tests.command_line import names_in, run
from tests.tiny_model import Table, tiny_features, tiny_scores, write_table

FEATURES = tiny_features(1, 2)
SCORES: Table = {key: tiny_scores(matrix) for key, matrix in FEATURES.items()}
FORMS = ("ark:", "ark,t:")

Command = Callable[[str], int]


@pytest.fixture(scope="session")
def tiny_blob(tiny_model: str) -> str:
    """The tiny model exported: an import is quicker than compiling, and hundreds of them follow."""
    path = str(Path(tiny_model).with_suffix(".blob"))
    run_job(ScoreJob(model=tiny_model, export_model=path))
    return path


@pytest.fixture(params=["inputs", "references"])
def score_with(request: pytest.FixtureRequest, tiny_blob: str, folder: Path) -> tuple[Command, Table]:
    """A run with the table called ``damaged`` as features or as reference, and the table it should be.

    The run gives its exit code, after a look at what it said and left behind: either all outputs or none.
    """
    write_table("feats.ark", FEATURES)
    given: dict[str, Any] = {"inputs": ["feats.ark"], request.param: ["ark:damaged"]}

    def command(on_error: Any) -> int:
        job = ScoreJob(import_model=tiny_blob, **given, outputs=["scores.ark"], report="report.json", on_error=on_error)
        try:
            code = 0 if run_job(job).verdict == "ok" else 1
        except OvAsrScoreError as error:
            code = error.exit_code
            assert "damaged" in str(error)
            assert "\n" not in str(error)
        outputs = sorted(set(names_in(folder)) - {"feats.ark", "damaged"})
        assert outputs == (["report.json", "scores.ark"] if code < 2 else []), f"exit code {code}"
        for name in outputs:
            (folder / name).unlink()
        return code

    return command, FEATURES if request.param == "inputs" else SCORES


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_cut_anywhere(score_with: tuple[Command, Table], folder: Path, form: str) -> None:
    command, table = score_with
    write_table(form + "damaged", table)
    whole = (folder / "damaged").read_bytes()
    is_features = table is FEATURES
    # an archive that ends behind its first utterance is a whole one, only shorter
    between = whole.index(b"utt2") if form == "ark:" else whole.index(b"]") + 1
    expected = {0: 1, between: 0 if is_features else 1, len(whole): 0}
    if form == "ark,t:":  # the line break behind the last bracket may be missing
        expected |= {between + 1: expected[between], len(whole) - 1: 0}
    codes = {}
    for length in range(len(whole) + 1):
        (folder / "damaged").write_bytes(whole[:length])
        codes[length] = command("stop")
    assert codes == {length: expected.get(length, 3) for length in codes}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_any_byte_changed(score_with: tuple[Command, Table], folder: Path, form: str, on_error: str) -> None:
    command, table = score_with
    write_table(form + "damaged", table)
    whole = np.fromfile(folder / "damaged", np.uint8)
    generator = np.random.default_rng(7)
    codes = []
    for _ in range(60):
        changed = whole.copy()
        places = generator.integers(0, len(whole), generator.integers(1, 4))
        changed[places] = generator.integers(0, 256, len(places))
        changed.tofile(folder / "damaged")
        codes.append(command(on_error))
    assert set(codes) <= {0, 1, 3}
    assert max(codes) > 0


def test_damage_in_the_reference_of_one_utterance_is_skipped_on_demand(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", FEATURES)
    write_table("ark,scp:reference.ark,reference.scp", SCORES)
    script = Path("reference.scp")
    script.write_text(script.read_text().replace("utt1 reference.ark:5", "utt1 gone.ark:5"))
    arguments = ("score", "-m", tiny_model, "-i", "feats.ark", "-r", "scp:reference.scp", "-o", "scores.ark")
    assert run(*arguments).code == 3
    assert "scores.ark" not in names_in(folder)
    outcome = run(*arguments, "--on-error", "skip")
    assert outcome.code == 1
    assert "failed: reference.scp: line 1: utterance 'utt1'" in outcome.stdout
    assert "compared: 6 scores in 2 frames" in outcome.stdout
    np.testing.assert_array_equal(dict(read_table("scores.ark"))["utt1"], SCORES["utt1"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 not an archive", "damaged"),
        (b"utt1 \0BXX \4\1\0\0\0\4\1\0\0\0", "damaged"),
        (b"utt1 \0BFM \4\xff\xff\xff\x7f\4\xff\xff\xff\x7f", "damaged"),
        (b"utt1 \0BFM \4\xff\xff\xff\xff\4\1\0\0\0", "damaged"),
        (b"\x1f\x8b not gzip", "damaged"),
        (b"\x80\x04\x95 a pickle", "damaged"),
    ],
)
def test_what_is_no_table_is_named(tiny_model: str, folder: Path, content: bytes, message: str) -> None:
    (folder / "damaged").write_bytes(content)
    outcome = run("score", "-m", tiny_model, "-i", "ark:damaged", "-o", "scores.ark")
    assert outcome.code == 3
    assert message in outcome.error
    assert names_in(folder) == ["damaged"]

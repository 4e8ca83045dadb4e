from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.command_line import DATA, MODELS, names_in, run, run_process
from tests.tiny_model import tiny_features, tiny_scores, write_table

DNN = ("-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark")
DNN_REFERENCE = DATA / "dnn_digits/kaldi_loglik.ark"
TDNN = ("-m", MODELS / "tdnn_al.xml", "-i", DATA / "tdnn_al/features.ark")
LSTM = ("-m", MODELS / "lstm_mem.xml", "-i", DATA / "lstm_mem/features.ark")
FEATURES = tiny_features(3, 0, 5, 1)


@pytest.fixture
def tiny(tiny_model: str, folder: Path) -> tuple[str, ...]:
    """Model and features of a command line."""
    return ("-m", tiny_model, "-i", write_table(folder / "feats.ark", FEATURES))


def assert_scores(specifier: str | Path, keys: tuple[str, ...] = tuple(FEATURES)) -> None:
    found = dict(read_table(str(specifier)))
    assert tuple(found) == keys
    for key in keys:
        np.testing.assert_array_equal(found[key], tiny_scores(FEATURES[key]) if len(FEATURES[key]) else found[key][:0])


# Outputs


@pytest.mark.parametrize(
    "wspecifier", ["scores.ark", "ark:scores.ark", "ark,t:scores.ark", "scores.npz", "scores.ark.gz"]
)
def test_scores_in_any_form(tiny: tuple[str, ...], wspecifier: str) -> None:
    assert run("score", *tiny, "-o", wspecifier, "--quiet").code == 0
    assert_scores(wspecifier.rpartition(":")[2])


def test_archive_and_script(tiny: tuple[str, ...]) -> None:
    assert run("score", *tiny, "-o", "ark,scp:scores.ark,scores.scp", "--quiet").code == 0
    assert_scores("scp:scores.scp")


def test_several_outputs_at_once(tiny: tuple[str, ...]) -> None:
    outcome = run("score", *tiny, "-o", "scores=scores.ark,hidden=ark,scp:h.ark,h.scp", "-o", "scores_layer:0=x.npz")
    assert outcome.code == 2  # scores under two names
    outcome = run("score", *tiny, "-o", "scores=scores.ark,hidden=ark,scp:h.ark,h.scp", "--quiet")
    assert outcome.code == 0, outcome.stderr
    assert_scores("scores.ark")
    hidden = dict(read_table("scp:h.scp"))
    np.testing.assert_array_equal(2 * hidden["utt3"] + tiny_scores(0 * FEATURES["utt3"]), tiny_scores(FEATURES["utt3"]))


@pytest.mark.parametrize(("arguments", "dtype"), [((), np.float32), (("--output-precision", "f64"), np.float64)])
def test_element_type(tiny: tuple[str, ...], arguments: tuple[str, ...], dtype: type) -> None:
    assert run("score", *tiny, "-o", "scores.ark", *arguments, "--quiet").code == 0
    assert {array.dtype for _, array in read_table("scores.ark")} == {np.dtype(dtype)}
    assert_scores("scores.ark")


def test_compressed_scores(tiny: tuple[str, ...], folder: Path) -> None:
    assert run("score", *tiny, "-o", "scores.ark", "--compression-method", "2", "--quiet").code == 0
    assert b"\0BCM " in (folder / "scores.ark").read_bytes()
    found = dict(read_table("scores.ark"))
    np.testing.assert_allclose(found["utt3"], tiny_scores(FEATURES["utt3"]), atol=1e-2)
    assert run("score", *tiny, "-o", "scores.ark", "--compression-method", "8").code == 2
    assert run("score", *tiny, "-o", "ark,t:x", "--compression-method", "2").code == 2


@pytest.mark.parametrize("wspecifier", ["-", "ark:-", "ark,t:-", "scores=ark:-", "scores=-"])
def test_scores_on_standard_output_send_the_report_to_standard_error(
    tiny: tuple[str, ...], folder: Path, wspecifier: str
) -> None:
    outcome = run("score", *tiny, "-o", wspecifier)
    assert outcome.code == 0
    assert "verdict: ok" in outcome.stderr
    (folder / "from_stdout").write_bytes(outcome.stdout_bytes)
    assert_scores("from_stdout")


def test_a_pipe_line_of_processes_carries_bytes(tiny: tuple[str, ...], folder: Path) -> None:
    features = (folder / "feats.ark").read_bytes()
    outcome = run_process("score", "-m", tiny[1], "-i", "ark:-", "-o", "ark:-", "--quiet", stdin=features)
    assert (outcome.code, outcome.stderr) == (0, "")
    (folder / "from_stdout").write_bytes(outcome.stdout_bytes)
    assert_scores("from_stdout")


def test_the_report_may_go_to_standard_output_instead(tiny: tuple[str, ...]) -> None:
    outcome = run("score", *tiny, "-o", "scores.ark", "--report", "-")
    assert json.loads(outcome.stdout)["verdict"] == "ok"
    assert "verdict: ok" in outcome.stderr
    assert run("score", *tiny, "-o", "-", "--report", "-").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "feats.ark"),
        ("-o", "./feats.ark"),
        ("-o", "link.ark"),
        ("-o", "scores=same.ark,hidden=same.ark"),
        ("-o", "scores=-,hidden=ark:-"),
        ("-o", "ark,scp:same,same"),
        ("-r", "reference.ark", "-o", "reference.ark"),
        ("-r", "scp:feats.scp", "-o", "ark,scp:feats.ark,scores.scp"),
        ("-o", "scores.ark", "--report", "scores.ark"),
        ("--report", "feats.ark"),
    ],
)
def test_nothing_is_written_over_what_is_read(tiny: tuple[str, ...], folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "link.ark").symlink_to("feats.ark")
    write_table("ark,scp:feats.ark,feats.scp", FEATURES)
    before = names_in(folder), (folder / "feats.ark").read_bytes()
    outcome = run("score", *tiny, *arguments)
    assert outcome.code == 2
    assert "is the same file as" in outcome.error
    assert (names_in(folder), (folder / "feats.ark").read_bytes()) == before


def test_the_model_is_not_written_over(tiny: tuple[str, ...]) -> None:
    for path in (tiny[1], str(Path(tiny[1]).with_suffix(".bin"))):
        assert "is the same file as that of -m" in run("score", *tiny, "-o", path).error


def test_devices_are_not_files_that_could_be_written_over(tiny: tuple[str, ...]) -> None:
    assert run("score", *tiny, "-o", "scores=/dev/null,hidden=/dev/null", "--quiet").code == 0


# What is said


def test_quiet_says_nothing(tiny: tuple[str, ...]) -> None:
    outcome = run("score", *tiny, "-o", "scores.ark", "--quiet")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_quiet_still_says_why_it_failed(tiny: tuple[str, ...], folder: Path) -> None:
    write_table("reference.ark", {"utt1": tiny_scores(FEATURES["utt1"]) + 1, "other": FEATURES["utt1"]})
    outcome = run("score", *tiny, "-r", "reference.ark", "--max-error", "0.5", "--quiet")
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("failed: max error 1 exceeds --max-error 0.5; 3 utterances missing in")
    assert "only in reference.ark, first other" in outcome.stderr


def test_verbose_lists_utterances(tiny: tuple[str, ...]) -> None:
    lines = run("score", *tiny, "-v").stdout.splitlines()
    listed = [line.split()[-1] for line in lines if " frames " in line and " ms" in line]
    assert listed == list(FEATURES)
    assert "Versions" in lines


def test_a_log_file_gets_no_escape_codes(tiny: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    outcome = run_process("score", *tiny, "-r", "missing.ark")
    assert b"\x1b" not in outcome.stdout_bytes + outcome.stderr.encode()
    outcome = run_process("score", *tiny, "-v")
    assert outcome.code == 0
    assert outcome.stderr == ""
    assert b"\x1b" not in outcome.stdout_bytes


KEYS = (
    "[0:9]",
    "[bold]x[/bold]",
    "ключ",
    "back\\slash",
    b"\xff\xfe".decode("utf-8", "surrogateescape"),
)


@pytest.mark.parametrize("key", KEYS)
def test_no_key_breaks_the_console(tiny_model: str, folder: Path, key: str) -> None:
    features = FEATURES["utt1"]
    write_table("feats.ark", {key: features})
    write_table("wrong.ark", {key: tiny_scores(features)[:1], "other" + key: features})
    for quiet in ((), ("--quiet",), ("-v",)):
        outcome = run("score", "-m", tiny_model, "-i", "feats.ark", "-r", "wrong.ark", "--report", "r.json", *quiet)
        assert outcome.code == 1
        assert "\x1b" not in outcome.stdout + outcome.stderr
        assert json.loads((folder / "r.json").read_text())["failures"][0]["key"] == key
    write_table("narrow.ark", {key: features[:, :2]})
    assert run("score", "-m", tiny_model, "-i", "narrow.ark").error.startswith("narrow.ark: utterance ")


def test_no_damaged_key_reaches_the_terminal(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", {"aESC[31m": FEATURES["utt1"]})
    (folder / "feats.ark").write_bytes((folder / "feats.ark").read_bytes().replace(b"ESC", b"\x1b"))
    assert "\x1b" not in run("score", "-m", tiny_model, "-i", "feats.ark").error


# Utterances that cannot be scored


@pytest.fixture
def damaged_script(tiny_model: str, folder: Path) -> tuple[str, ...]:
    """A script whose first and third utterances are too narrow and damaged."""
    write_table("ark,scp:feats.ark,feats.scp", {"narrow": FEATURES["utt1"][:, :2], "utt1": FEATURES["utt1"]})
    write_table("ark,scp:more.ark,more.scp", {"damaged": FEATURES["utt3"], "utt4": FEATURES["utt4"]})
    lines = [*Path("feats.scp").read_text().splitlines(), *Path("more.scp").read_text().splitlines()]
    Path("all.scp").write_text("\n".join(lines).replace("damaged more.ark:8", "damaged more.ark:9") + "\n")
    return ("-m", tiny_model, "-i", "scp:all.scp", "-o", "scores.ark")


def test_on_error_stop_stops(damaged_script: tuple[str, ...], folder: Path) -> None:
    message = run("score", *damaged_script).error
    assert message.startswith("scp:all.scp: utterance 'narrow': input 'feats'")
    assert "expected 4 values per frame, features have 2" in message
    assert "scores.ark" not in names_in(folder)


def test_on_error_skip_goes_on_and_lists_them(damaged_script: tuple[str, ...]) -> None:
    outcome = run("score", *damaged_script, "--on-error", "skip", "--report", "report.json")
    assert outcome.code == 1
    assert_scores("scores.ark", ("utt1", "utt4"))
    report = json.loads(Path("report.json").read_text())
    assert [failure["key"] for failure in report["failures"]] == ["narrow", "damaged"]
    assert report["verdict"] == "failed"
    assert "utterance 'narrow'" in outcome.stdout
    assert "utterance 'damaged'" in outcome.stdout


def test_a_later_utterance_of_another_width_is_named(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", {"utt1": FEATURES["utt1"], "narrow": FEATURES["utt3"][:, :2], "utt4": FEATURES["utt4"]})
    arguments = ("score", "-m", tiny_model, "-i", "feats.ark", "-o", "scores.ark")
    message = run(*arguments).error
    assert "feats.ark: utterance 'narrow': input 'feats': expected 4 values per frame, features have 2" in message
    assert names_in(folder) == ["feats.ark"]
    assert run(*arguments, "--on-error", "skip").code == 1
    assert_scores("scores.ark", ("utt1", "utt4"))


@pytest.mark.parametrize(
    ("arguments", "code", "written"),
    [
        ((), 3, None),
        (("--allow-missing",), 0, 3),
        (("--on-error", "skip"), 1, 3),
    ],
)
def test_a_missing_second_input(folder: Path, arguments: tuple[str, ...], code: int, written: int | None) -> None:
    data = DATA / "two_inputs"
    vectors = dict(read_table(str(data / "ivectors_utterance.ark")))
    write_table("ivectors.ark", {key: vector for key, vector in vectors.items() if key != "spk1-utt2"})
    outcome = run(
        *("score", "-m", MODELS / "two_inputs.xml", "-i", f"features={data}/features.ark,ivector=ivectors.ark"),
        *("-o", "score=scores.ark", "-r", f"score={data}/score_utterance.ark", "--max-error", "1e-4", *arguments),
    )
    assert outcome.code == code
    assert "spk1-utt2" in outcome.stdout + outcome.stderr
    assert (len(list(read_table("scores.ark"))) if "scores.ark" in names_in(folder) else None) == written


def test_utterances_without_frames_keep_their_place(tiny_model: str, folder: Path) -> None:
    empty: dict[str, Any] = {"none": np.zeros((0, 0), np.float32)}
    write_table("feats.ark", {**empty, "utt1": FEATURES["utt1"]})
    assert run("score", "-m", tiny_model, "-i", "feats.ark", "-o", "scores.ark", "--quiet").code == 0
    assert [(key, len(scores)) for key, scores in read_table("scores.ark")] == [("none", 0), ("utt1", 3)]
    write_table("feats.ark", empty)
    assert run("score", "-m", tiny_model, "-i", "feats.ark", "-o", "scores.ark", "--quiet").code == 0
    assert [(key, len(scores)) for key, scores in read_table("scores.ark")] == [("none", 0)]


def test_an_empty_archive_fails_as_in_kaldi_and_writes_an_empty_one(tiny_model: str, folder: Path) -> None:
    (folder / "feats.ark").touch()
    outcome = run("score", "-m", tiny_model, "-i", "feats.ark", "-o", "scores.ark", "--report", "report.json")
    assert outcome.code == 1
    assert "there were no utterances" in outcome.stdout
    assert (folder / "scores.ark").read_bytes() == b""
    assert json.loads((folder / "report.json").read_text())["verdict"] == "failed"


# Comparison


def test_limits_make_the_exit_code(tiny: tuple[str, ...]) -> None:
    reference = {key: tiny_scores(matrix) + 0.25 for key, matrix in FEATURES.items() if len(matrix)}
    write_table("reference.ark", {**reference, "utt2": np.zeros((0, 0), np.float32)})
    arguments = ("score", *tiny, "-r", "reference.ark")
    for option in ("--max-error", "--max-rms-error"):
        assert run(*arguments, option, "0.25").code == 0
        outcome = run(*arguments, option, "0.2")
        assert outcome.code == 1
        assert "0.25 exceeds " + option in outcome.stdout
    assert run(*arguments, "--max-relative-error", "1e-9").code == 1
    assert run(*arguments, "--max-relative-error", "1e9").code == 0
    assert run(*arguments, "--min-agreement", "1", "--max-kl", "1e-6").code == 0  # a constant changes no posterior
    assert run(*arguments, "--no-measures", "--max-kl", "1").code == 2
    assert "correlation" not in run(*arguments, "--no-measures").stdout
    assert "errors over 0.3: 0 of" in run(*arguments, "--threshold", "0.3").stdout
    assert "errors over 0.2: 27 of 27" in run(*arguments, "--threshold", "0.2").stdout


def test_scores_of_a_failed_comparison_are_written_all_the_same(tiny: tuple[str, ...]) -> None:
    write_table("reference.ark", {key: tiny_scores(matrix) + 1 for key, matrix in FEATURES.items() if len(matrix)})
    outcome = run("score", *tiny, "-r", "reference.ark", "-o", "scores.ark", "--max-error", "0.5", "--report", "r.json")
    assert outcome.code == 1
    assert_scores("scores.ark")
    assert json.loads(Path("r.json").read_text())["limit_messages"] == ["max error 1 exceeds --max-error 0.5"]


def test_a_delay_is_found_and_its_windows_are_told(folder: Path) -> None:
    late = {}
    for key, scores in read_table(str(DATA / "tdnn_al/scores_f32.ark")):
        late[key] = np.concatenate([scores[3:], scores[-3:]])
    write_table("reference.ark", late)
    outcome = run("score", *TDNN, "-r", "reference.ark")
    assert "are those of the reference 3 frames late: give -cw_l 3 -cw_r 3" in outcome.stdout
    assert "of the reference" not in run("score", *TDNN, "-r", DATA / "tdnn_al/scores_f32.ark").stdout
    assert run("score", *TDNN, "-cw_l", "3", "-cw_r", "3", "-o", "scores.ark", "--quiet").code == 0
    for key, scores in read_table("scores.ark"):
        inside = slice(6, -3)  # the first frames remember the repeated one, and the last reference is made up
        np.testing.assert_allclose(scores[inside], late[key][inside], atol=1e-4)


# Reports


def test_the_report_says_what_was_run(tiny: tuple[str, ...], folder: Path) -> None:
    arguments = ("score", *tiny, "-o", "scores.ark", "-bs", "2", "-qb", "8", "--report", "report.json")
    assert run(*arguments).code == 0
    report = json.loads((folder / "report.json").read_text())
    assert [utterance["key"] for utterance in report["utterances"]] == list(FEATURES)
    assert report["totals"]["frames"] == sum(map(len, FEATURES.values()))
    assert report["totals"]["requests"] == sum(utterance["requests"] for utterance in report["utterances"]) == 5
    assert report["totals"]["total_seconds"] > report["totals"]["load_seconds"] > 0
    assert report["model"] == {"path": tiny[1], "kind": "OpenVINO IR"}
    assert (report["device"]["device"], report["device"]["precision"]) == ("CPU", "f32")
    assert (report["plan"]["mode"], report["plan"]["frames_per_request"]) == ("rows", 2)
    assert report["plan"]["reason"] is None
    assert report["notes"] == ["without effect on CPU, because they are for GNA: -qb"]
    assert report["inputs"][0]["name"] == "feats"
    assert set(report["versions"]) == {"openvino", "numpy", "python", "platform"}


def test_a_report_of_an_export_is_written_too(tiny: tuple[str, ...], folder: Path) -> None:
    assert run("score", *tiny[:2], "-wg", "tiny.blob", "--report", "report.json", "--quiet").code == 0
    report = json.loads((folder / "report.json").read_text())
    assert (report["verdict"], report["utterances"]) == ("ok", [])
    assert report["totals"]["total_seconds"] > 0


@pytest.mark.parametrize("device", ["CPU", "AUTO:CPU", "HETERO:CPU"])
def test_time_of_layers_is_summed_over_requests(folder: Path, device: str) -> None:
    outcome = run("score", *DNN, "-d", device, "-bs", "100", "-pc", "--report", "report.json", "-r", DNN_REFERENCE)
    assert outcome.code == 0, outcome.stderr
    assert "Layers, slowest first" in outcome.stdout
    report = json.loads((folder / "report.json").read_text())
    assert report["totals"]["requests"] == 14
    executed = [layer for layer in report["layers"] if layer["status"] == "EXECUTED"]
    assert len(executed) >= 4
    assert {layer["calls"] for layer in executed} == {14}
    assert all(layer["real_microseconds"] > 0 for layer in executed)
    assert report["comparison"]["score"]["max_abs"] < 1e-4


# Export and import


@pytest.mark.parametrize(
    ("model", "reference", "arguments"),
    [
        (DNN, DNN_REFERENCE, ()),
        (DNN, DNN_REFERENCE, ("-bs", "8")),
        (TDNN, DATA / "tdnn_al/scores_f32.ark", ()),
        (LSTM, DATA / "lstm_mem/scores_f32.ark", ()),
    ],
)
def test_an_exported_model_gives_the_same_scores(
    folder: Path, model: tuple[str | Path, ...], reference: Path, arguments: tuple[str, ...]
) -> None:
    exported = run("score", *model[:2], "-wg", "model.blob", *arguments)
    assert exported.code == 0, exported.stderr
    assert "exported to model.blob; nothing was scored" in exported.stdout
    assert names_in(folder) == ["model.blob", "model.blob.json"]
    note = json.loads((folder / "model.blob.json").read_text())
    assert (note["device"], note["precision"]) == ("CPU", "f32")
    imported = run(
        *("score", "-rg", "model.blob", *model[2:], *arguments, "-r", reference, "--max-error", "1e-4"),
        *("--report", "report.json"),
    )
    assert imported.code == 0, imported.stdout + imported.stderr
    report = json.loads((folder / "report.json").read_text())
    assert report["model"]["kind"] == "exported blob for CPU"
    assert report["plan"]["frames_per_request"] == (8 if arguments else 512 if model == DNN else 1)


def test_model_and_blob_exclude_each_other(tiny: tuple[str, ...]) -> None:
    assert "found both" in run("score", *tiny, "-rg", "x.blob").error
    assert "found neither" in run("score", *tiny[2:]).error
    assert run("score", *tiny[:2]).error == "-i/--input: expected a table of features, found none"

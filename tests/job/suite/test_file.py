from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, SuiteFormatError, UnknownNameError
from ov_asr_score.job import read_suite
from ov_asr_score.job.suite.suite import select_runs
from tests.job.suites import case, write_suite


def read(folder: Path, text: str) -> list[str]:
    return [run.name for run in read_suite(write_suite(folder, text, model="m.xml")).runs]


def refused(folder: Path, text: str) -> str:
    path = write_suite(folder, text, model="m.xml")
    with pytest.raises(SuiteFormatError) as raised:
        read_suite(path)
    message = str(raised.value)
    assert message.startswith(f"{path}")
    assert "\n" not in message
    return message.removeprefix(str(path))


def test_a_case_runs_on_each_device_in_each_of_its_precisions(folder: Path) -> None:
    text = case(devices='["CPU", "GNA_SW_EXACT", "GNA_SW_FP32"]', precisions='["f32", "bf16", "i8"]')
    assert read(folder, text) == [
        "tiny [CPU f32]",
        "tiny [CPU bf16]",
        "tiny [GNA_SW_EXACT i8]",
        "tiny [GNA_SW_FP32 f32]",
    ]
    assert read(folder, case()) == ["tiny [CPU f32]"]
    assert read(folder, case(devices='"GNA_SW_EXACT"')) == ["tiny [GNA_SW_EXACT i16]"]
    assert read(folder, case(devices='["GNA_SW_EXACT"]', options="{ qb = 8 }")) == ["tiny [GNA_SW_EXACT i8]"]


def test_options_have_the_names_of_the_command_line(folder: Path) -> None:
    options = """{ context-left = 3, cw_r = 4, use-priors = true, frames_per_chunk = 50, batch-size = 8, streams = 2,
    scale-factor = 12.5, pwl_me = 0.5, config = { NUM_STREAMS = "1" }, ivector-period = 10, allow_missing = true,
    acoustic-scale = 0.1, extra-left-context-initial = -1, scale_factor_utterances = "all", time = "frame" }""".replace(
        "\n", ""
    )
    job = read_suite(write_suite(folder, case(options=options, precisions='"bf16"'), model="m.xml")).runs[0].job
    assert (job.left_context, job.right_context, job.batch_size, job.ivector_period) == (3, 4, 8, ("10",))
    assert (job.kaldi.use_priors, job.kaldi.frames_per_chunk, job.kaldi.acoustic_scale) == (True, 50, 0.1)
    assert (job.kaldi.time, job.allow_missing, job.allow_commands) == ("frame", True, False)
    assert (job.device.streams, job.device.precision, job.device.config) == (2, "bf16", {"NUM_STREAMS": "1"})
    assert (job.device.gna.scale_factors, job.device.gna.pwl_max_error_percent) == ({"": 12.5}, 0.5)
    assert job.device.gna.scale_factor_utterances is None


def test_limits_of_a_precision_come_before_those_of_a_device_before_those_for_all(folder: Path) -> None:
    text = """
[defaults]
devices = ["CPU", "GPU"]
precisions = ["f32", "bf16"]
[defaults.limits]
max_error = 1
max-rms-error = 2
bf16.max_error = 3
[[case]]
name = "a"
model = "m"
inputs = "f"
references = "r"
limits.max_error = 4
limits.GPU.max_error = 5
limits.GPU.max_rms_error = 6
"""
    runs = read_suite(write_suite(folder, text, model="")).runs
    limits = {(run.device, run.precision): (run.limits.max_error, run.limits.max_rms_error) for run in runs}
    assert limits == {
        ("CPU", "f32"): (4, 2),
        ("CPU", "bf16"): (3, 2),
        ("GPU", "f32"): (5, 6),
        ("GPU", "bf16"): (3, 6),
    }


def test_nothing_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "value")
    run = read_suite(write_suite(folder, case(model='"${SECRET}/$SECRET/~/m.xml"'), model="")).runs[0]
    assert run.job.model == "${SECRET}/$SECRET/~/m.xml"


WRONG = {
    "key of a case": (case(modle='"x"'), ":6: unknown key 'modle'; did you mean 'model'"),
    "key of options": (case(options="{ use_prior = true }"), ":6: unknown key 'use_prior'; did you mean 'use_priors'"),
    "key of limits": (case(limits="max_eror = 1"), ":6: unknown key 'max_eror'; did you mean 'max_error'"),
    "key on top": ("x = 1\n" + case(), ":1: unknown key 'x'"),
    "cases": ("[[cases]]\n", ":1: unknown key 'cases'; it belongs into 'case'"),
    "option in the case": (case(use_priors="true"), ":6: unknown key 'use_priors'; it belongs into options"),
    "limit in the case": (case(max_error="1"), ":6: unknown key 'max_error'; it belongs into limits"),
    "both spellings": (
        case(options="{ no-softmax = true, no_softmax = true }"),
        ":6: 'no_softmax' and 'no-softmax' are the same key; keep one",
    ),
    "two names": (case(options="{ cw_l = 1, context_left = 1 }"), ":6: 'context_left' is given twice"),
    "type of a flag": (case(options='{ use_priors = "yes" }'), ":6: use_priors: expected true or false, found 'yes'"),
    "type of a number": (case(limits='max_error = "1e-4"'), ":6: max_error: expected a number of at least 0, found '1"),
    "flag as a number": (case(limits="max_error = true"), ":6: max_error: expected a number of at least 0, found true"),
    "negative limit": (case(limits="max_error = -1"), ":6: max_error: expected a number of at least 0, found -1"),
    "infinite limit": (case(limits="max_error = inf"), ":6: max_error: expected a number of at least 0, found inf"),
    "limit that is no number": (
        case(limits="max_error = nan"),
        ":6: max_error: expected a number of at least 0, found",
    ),
    "agreement": (case(limits="min_class_agreement = 99"), ":6: min_class_agreement: expected a number from 0 to 1"),
    "agreement of nothing": (case(limits="min_class_agreement = 0"), ":6: min_class_agreement: 0 holds always"),
    "no limits": (case(limits=""), ":1: case 'tiny' on CPU f32: expected a limit such as max_error, found none"),
    "no references": (case(references=""), ":1: case 'tiny': expected references, found none; a case that has none"),
    "references to nothing": (
        case(references="[]"),
        ":5: references: expected a text or a list of texts, found a list",
    ),
    "only runs": (case(runs_only="true"), ":6: case 'tiny': runs_only is for cases without references"),
    "only runs, limits": (
        case(runs_only="true", references=""),
        ":6: max_error: a case that only runs has no references to compare with",
    ),
    "no inputs": (case(inputs=""), ":1: case 'tiny': expected inputs, found none"),
    "no model": (case(model=""), ":1: case 'tiny': expected a model or a blob, found none"),
    "model and blob": (case(blob='"x"'), ":1: case 'tiny': expected a model or a blob, found both"),
    "no name": ("[[case]]\n", ":1: a case without a name"),
    "name twice": (case() + case(), ":8: name: there is a case 'tiny' already"),
    "no case": ("[defaults]\n", ":1: expected a [[case]] for each case, found none"),
    "empty": ("", ":1: expected a [[case]]"),
    "precision": (case(precisions='"fp32"'), ":6: precisions: 'fp32'; did you mean 'f32'"),
    "precision of another device": (case(precisions='"i8"'), ":6: precisions: expected f32 or bf16 or f16 for CPU"),
    "device twice": (case(devices='["CPU", "CPU"]'), ":6: devices: 'CPU' is there twice"),
    "command": (case(inputs='"ark:cat f.ark |"'), ":4: inputs: 'ark:cat f.ark |': a suite takes files only"),
    "standard input": (case(inputs='"ark:-"'), ":4: inputs: 'ark:-': a suite takes files only"),
    "specifier": (case(inputs='"ark,scp:x"'), ":4: inputs: 'ark,scp:x': expected exactly one of"),
    "bits": (case(options="{ quantization_bits = 4 }"), ":6: quantization_bits 4: expected 8 or 16"),
    "scale factor": (case(options='{ scale_factor = "a=x" }'), ":6: scale_factor 'a=x': expected a number above 0"),
    "output": (case(options='{ output = "x" }'), ":6: unknown key 'output'"),
    "commands": (case(options="{ allow_commands = true }"), ":6: unknown key 'allow_commands'"),
    "time": (case(options='{ time = "later" }'), ":6: time: expected auto or utterance or frame, found 'later'"),
    "speed of nothing": (case(limits="max_error = 1, min_speed_ratio = 0.5"), ":6: limits: min_speed_ratio and"),
    "speed of another": (
        case(limits='max_error = 1, min_speed_ratio = 0.5, speed_reference = "tinny"'),
        ":6: speed_reference 'tinny': expected a case, or one of its runs; did you mean 'tiny'",
    ),
    "speed of itself": (
        case(limits='max_error = 1, min_speed_ratio = 0.5, speed_reference = "tiny"'),
        ":6: speed_reference: 'tiny' is this very run",
    ),
    "limits for nobody": (case(limits="fp16 = { max_error = 1 }"), ":6: limits: expected a table for a precision or a"),
    "version": ("format_version = 2\n" + case(), ":1: format_version: expected 1, found 2"),
    "syntax": ("[[case]]\nname = tiny\n", ": expected a TOML file, found none: Invalid value (at line 2, column 8)"),
    "table for a text": (case(model="{ x = 1 }"), ":3: model: expected a text of one line, found a table"),
    "text for a table": (case(options='"--use-priors"'), ":6: options: expected a table, found '--use-priors'"),
    "line break": (case(inputs='"a\\nb"'), r":4: inputs: expected a text or a list of texts, found 'a\nb'"),
    "repeats": (case(repeats="0"), ":6: repeats: expected a whole number of at least 1, found 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line(name: str, folder: Path) -> None:
    text, expected = WRONG[name]
    assert refused(folder, text).startswith(expected), refused(folder, text)


def test_no_text_file(folder: Path) -> None:
    (folder / "suite.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SuiteFormatError, match="expected a TOML file in UTF-8, found byte 0xff"):
        read_suite("suite.toml")
    with pytest.raises(FileAccessError, match=r"none\.toml"):
        read_suite("none.toml")


def test_what_is_nested_without_end(folder: Path) -> None:
    (folder / "suite.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(SuiteFormatError, match="expected a TOML file"):
        read_suite("suite.toml")


def test_lines_are_those_of_windows_files_too(folder: Path) -> None:
    path = write_suite(folder, "", model="")
    path.write_bytes(b"\xef\xbb\xbf" + case(modle='"x"').replace("\n", "\r\n").encode())
    with pytest.raises(SuiteFormatError, match=r"suite\.toml:6: unknown key 'modle'"):
        read_suite(path)


SEVERAL = (
    case("a b", tags='["fast", "x"]', devices='["CPU", "GPU"]')
    + case("c", tags='"slow"')
    + case("d", limits='max_error = 1, min_speed_ratio = 0.5, speed_reference = "c"')
)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ([], ["a b [CPU f32]", "a b [GPU f32]", "c [CPU f32]", "d [CPU f32]"]),
        (["a b"], ["a b [CPU f32]", "a b [GPU f32]"]),
        (["a b [GPU f32]"], ["a b [GPU f32]"]),
        (["?low"], ["c [CPU f32]"]),
        (["c", "fast"], ["a b [CPU f32]", "a b [GPU f32]", "c [CPU f32]"]),
        (["d"], ["c [CPU f32]", "d [CPU f32]"]),
        (["*"], ["a b [CPU f32]", "a b [GPU f32]", "c [CPU f32]", "d [CPU f32]"]),
    ],
)
def test_cases_are_chosen_by_name_or_tag(folder: Path, only: list[str], expected: list[str]) -> None:
    suite = read_suite(write_suite(folder, SEVERAL, model="m"))
    assert [run.name for run in select_runs(suite, only)] == expected


def test_a_pattern_that_chooses_nothing_is_an_error(folder: Path) -> None:
    suite = read_suite(write_suite(folder, SEVERAL, model="m"))
    with pytest.raises(UnknownNameError, match=r"only 'slwo': .* no such case or tag; did you mean 'slow'"):
        select_runs(suite, ["fast", "slwo"])

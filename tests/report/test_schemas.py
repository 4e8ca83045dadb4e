"""The JSON Schemas in docs/schemas are current, and real reports keep to them, with no field that a schema lacks."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import jsonschema
import numpy as np
import pytest

from ov_asr_score.report.data.run import DeviceFacts, ModelFacts, PlanFacts, UtteranceReport
from ov_asr_score.report.files.run_json import JsonReportWriter
from ov_asr_score.report.schemas import SCHEMAS, _Definitions, schema_text, write_schemas
from tests.command_line import DATA, MODELS, ROOT, run
from tests.tiny_model import tiny_features, tiny_scores, write_table

FOLDER = ROOT / "docs" / "schemas"


def closed(schema: Any) -> Any:
    """The schema with no property allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        inner["additionalProperties"] = False
    return inner


@cache
def validator(name: str, *, is_closed: bool = True) -> Any:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(closed(schema) if is_closed else schema)


def faults(name: str, report: object, *, is_closed: bool = True) -> list[str]:
    found = validator(name, is_closed=is_closed).iter_errors(report)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def scored(folder: Path, *options: str, code: int = 0) -> Any:
    outcome = run("score", "--report", folder / "report.json", "--quiet", *options)
    assert outcome.code == code, outcome.stderr
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_files_are_current(name: str) -> None:
    text = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(name), "run `make schemas`"


def test_no_other_schema_files(tmp_path: Path) -> None:
    write_schemas(tmp_path / "new")
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(path.name for path in (tmp_path / "new").iterdir())


def test_run_report_of_ir_with_profile_and_references(folder: Path) -> None:
    report = scored(
        folder,
        *("-m", f"{MODELS}/dnn_digits.xml", "-i", f"ark:{DATA}/dnn_digits/features.ark", "-pc"),
        *("-r", f"ark:{DATA}/dnn_digits/kaldi_loglik.ark", "--max-error", "1e-9"),
        code=1,
    )
    assert report["layers"]
    assert report["worst"]
    assert report["limit_messages"]
    assert faults("run-report", report) == []


def test_run_report_of_kaldi_model(folder: Path) -> None:
    report = scored(
        folder, "-m", f"{MODELS}/nnet3_tdnn/final.mdl", "-i", f"ark:{DATA}/kaldi/hires.ark", "-o", "scores.npz"
    )
    assert report["model"]["conversion"]
    assert faults("run-report", report) == []


def test_run_report_of_gna(folder: Path) -> None:
    table = f"ark:{DATA}/dnn_digits/features.ark"
    options = ("-m", f"{MODELS}/dnn_digits.xml", "-i", table, "-d", "GNA_SW_EXACT", "--gna-report")
    report = scored(folder, *options)
    assert report["gna"]["layers"]
    assert faults("run-report", report) == []


def test_nonfinite_numbers(folder: Path, tiny_model: str) -> None:
    features = tiny_features(3, 5)
    references = {key: tiny_scores(matrix) for key, matrix in features.items()}
    references["utt2"][1, 2] = np.nan
    write_table("feats.ark", features)
    write_table("reference.ark", references)
    report = scored(folder, "-m", tiny_model, "-i", "feats.ark", "-r", "reference.ark", code=1)
    assert report["comparison"]["scores"]["max_abs"] == "inf"
    assert faults("run-report", report) == []


def test_run_report_with_failures(folder: Path, tiny_model: str) -> None:
    features = tiny_features(3, 5, 2)
    references = {key: tiny_scores(matrix) for key, matrix in features.items() if key != "utt1"}
    write_table("feats.ark", features | {"utt3": np.zeros((2, 9), np.float32)})
    write_table("reference.ark", references | {"utt4": references["utt2"]})
    options = ("-m", tiny_model, "-i", "feats.ark", "-r", "reference.ark", "--on-error", "skip")
    report = scored(folder, *options, code=1)
    assert report["failures"]
    assert report["missing_keys"]
    assert report["extra_keys"]
    assert faults("run-report", report) == []


def test_run_report_of_compare(folder: Path) -> None:
    write_table("a.ark", {"utt1": np.array([[1.0, 2.0]], np.float32)})
    write_table("b.ark", {"utt1": np.array([[1.0, 2.5]], np.float32)})
    assert run("compare", "a.ark", "b.ark", "--report", "report.json").code == 0
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["model"] == report["device"] == report["plan"] == {}
    assert faults("run-report", report) == []


def test_incomplete_run_report() -> None:
    file = io.StringIO()
    with JsonReportWriter(file) as writer:
        writer.utterance(UtteranceReport("utt1", 2, 0, 1, 0.25, {"output": 3}))
    report = json.loads(file.getvalue())
    assert report["verdict"] == "incomplete"
    assert faults("run-report", report) == []
    assert len(faults("run-report", report | {"verdict": "ok"})) > 10


def test_suite_report(folder: Path) -> None:
    suite = f"""
[[case]]
name = "digits"
model = "{MODELS}/dnn_digits.xml"
inputs = "{DATA}/dnn_digits/features.ark"
references = "{DATA}/dnn_digits/kaldi_loglik.ark"
devices = ["CPU", "GPU"]
limits = {{ max_error = 1e-9 }}
tags = ["short"]

[[case]]
name = "broken"
model = "nowhere.xml"
inputs = "{DATA}/dnn_digits/features.ark"
runs_only = true
"""
    (folder / "suite.toml").write_text(suite, encoding="utf-8")
    assert run("check", "suite.toml", "--json", "check.json").code == 1
    report = json.loads((folder / "check.json").read_text(encoding="utf-8"))
    assert {result["status"] for result in report["runs"]} >= {"failed", "error"}
    assert any(result["place"] for result in report["runs"])
    assert faults("suite-report", report) == []


def test_bench_report(tiny_model: str) -> None:
    outcome = run("bench", tiny_model, "--seconds", "1", "--json")
    assert outcome.code == 0, outcome.stderr
    assert faults("bench-report", json.loads(outcome.stdout)) == []


def test_layer_comparison_report(folder: Path, tiny_model: str) -> None:
    write_table("feats.ark", tiny_features(3, 5))
    options = ("--against", "precision=bf16", "--json", "layers.json")
    assert run("compare-layers", tiny_model, "-i", "feats.ark", *options).code in (0, 1)
    report = json.loads((folder / "layers.json").read_text(encoding="utf-8"))
    assert report["layers"]
    assert faults("layer-comparison", report) == []


@pytest.mark.parametrize("name", ["call", "lights"])
def test_transcripts(name: str) -> None:
    document = json.loads((ROOT / "tests" / "transcript" / "data" / f"{name}.json").read_text(encoding="utf-8"))
    assert faults("transcript", document) == []
    assert faults("transcript", document | {"segments": [{}]}) != []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"verdict": "fine"}, "$.verdict"),
        ({"format": "ov-asr-score-check"}, "$.format"),
        ({"num_failures": 1.5}, "$.num_failures"),
        ({"totals": {}}, "$.totals"),
        ({"utterances": [{"key": 1}]}, "$.utterances[0]"),
        ({"comparison": {"output": None}}, "$.comparison.output"),
        ({"gna": {"frames": 2}}, "$.gna"),
    ],
)
def test_invalid_reports_are_refused(folder: Path, change: dict[str, object], place: str) -> None:
    write_table("a.ark", {"utt1": np.array([[1.0, 2.0]], np.float32)})
    run("compare", "a.ark", "a.ark", "--report", "report.json")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert faults("run-report", report) == []
    assert any(fault.startswith(place) for fault in faults("run-report", report | change, is_closed=False))
    less = {name: value for name, value in report.items() if name != "totals"}
    assert faults("run-report", less, is_closed=False) == ["$: 'totals' is a required property"]


def test_new_fields_are_allowed(folder: Path) -> None:
    write_table("a.ark", {"utt1": np.array([[1.0, 2.0]], np.float32)})
    run("compare", "a.ark", "a.ark", "--report", "report.json")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert faults("run-report", report | {"new": 1}, is_closed=False) == []
    assert faults("run-report", report | {"new": 1}) != []


@dataclass
class Example:
    """An example with ``code``,
    in two lines.
    """

    plain: int
    commented: float  # seconds
    wrapped: tuple[int, ...]  # of several lines
    # a heading of what follows
    documented: dict[str, str | None] = field(default_factory=dict)
    """From the docstring."""

    @property
    def double(self) -> int:
        """Twice ``plain``."""
        return 2 * self.plain


def test_descriptions_match_source() -> None:
    found = _Definitions().object_of(Example)
    assert found["description"] == "An example with `code`, in two lines."
    assert found["required"] == ["plain", "commented", "wrapped", "documented", "double"]
    assert found["properties"] == {
        "plain": {"type": "integer"},
        "commented": {"$ref": "#/$defs/number", "description": "seconds"},
        "wrapped": {"type": "array", "items": {"type": "integer"}, "description": "of several lines"},
        "documented": {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "description": "From the docstring.",
        },
        "double": {"type": "integer", "description": "Twice `plain`."},
    }


class ExampleFacts(TypedDict, total=False):
    """Facts of an example."""

    name: str  # as given
    length: int | None


def test_keys_of_typed_dictionaries_may_be_missing() -> None:
    definitions = _Definitions()
    assert definitions.of(ExampleFacts) == {"$ref": "#/$defs/ExampleFacts"}
    assert definitions.schemas["ExampleFacts"] == {
        "type": "object",
        "description": "Facts of an example.",
        "properties": {
            "name": {"type": "string", "description": "as given"},
            "length": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": [],
    }


@pytest.mark.parametrize("facts", [ModelFacts, DeviceFacts, PlanFacts])
def test_typed_dictionaries_are_complete(folder: Path, facts: type) -> None:
    report = scored(folder, "-m", f"{MODELS}/nnet3_tdnn/final.mdl", "-i", f"ark:{DATA}/kaldi/hires.ark")
    section = facts.__name__.removesuffix("Facts").lower()
    assert list(report[section]) == list(facts.__annotations__)


def test_unsupported_types_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a type that JSON has, found <class 'complex'>"):
        _Definitions().of(complex)

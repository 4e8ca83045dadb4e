"""JSON Schemas (2020-12) of JSON reports and transcripts, from the dataclasses and typed dictionaries that are written.

``python -m ov_asr_score.report.schemas FOLDER`` writes them all. An object has a property for each field and each
property of its dataclass, as :func:`~ov_asr_score.report.data.run.as_dict` writes them. Descriptions are
taken from the source: the comment behind a field, the docstring below it, the docstring of a property or of the class.
Unlisted properties are allowed, because new ones may be added within a version of a format.
"""

from __future__ import annotations

import ast
import inspect
import io
import json
import sys
import textwrap
import tokenize
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, Union

from ov_asr_score.comparison import ScoreMeasures
from ov_asr_score.comparison.measure_summary import MeasureSummary
from ov_asr_score.report.console import bench as bench_report
from ov_asr_score.report.console import layers as layer_report
from ov_asr_score.report.data import egs_prob as egs_prob_report
from ov_asr_score.report.data import run as run_report
from ov_asr_score.report.data import suite as suite_report
from ov_asr_score.report.data import table as table_report
from ov_asr_score.report.data import word_errors as word_errors_report
from ov_asr_score.report.data import words as words_report
from ov_asr_score.report.files import run_json as json_report
from ov_asr_score.transcript import transcript

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NONFINITE = ("nan", "inf", "-inf")
"""Strings that represent the numbers JSON does not have."""

_WRITTEN_AS: Mapping[type, type] = {ScoreMeasures: MeasureSummary}
_SIMPLE: Mapping[type, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    object: {},
}


class _Definitions:
    """The ``$defs`` of one schema: an object for each dataclass encountered, and ``number``."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def of(self, annotation: Any) -> Schema:
        """The schema of a value of this type. Raises TypeError for types that reports do not use."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if annotation is type(None):
            return {"type": "null"}
        if annotation is float:
            self.schemas.setdefault("number", {"anyOf": [{"type": "number"}, {"enum": list(NONFINITE)}]})
            return {"$ref": "#/$defs/number"}
        if annotation in _SIMPLE:
            return dict(_SIMPLE[annotation])
        if inspect.isclass(annotation) and (is_dataclass(annotation) or typing.is_typeddict(annotation)):
            return self._reference(_WRITTEN_AS.get(annotation, annotation))
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(argument) for argument in arguments]}
        if origin is tuple and Ellipsis not in arguments:
            return {
                "type": "array",
                "prefixItems": [self.of(argument) for argument in arguments],
                "minItems": len(arguments),
                "maxItems": len(arguments),
            }
        if origin in (list, tuple, Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin in (dict, Mapping):
            return self._mapping(*arguments)
        raise TypeError(f"a field of a report: expected a type that JSON has, found {annotation}")

    def _mapping(self, key: Any, value: Any) -> Schema:
        names = typing.get_args(key)  # of a Literal: one property each
        if names:
            return {"type": "object", "properties": {name: self.of(value) for name in names}, "required": list(names)}
        return {"type": "object", "additionalProperties": self.of(value)}

    def _reference(self, kind: type) -> Schema:
        name = kind.__name__
        if name not in self.schemas:
            self.schemas[name] = {}  # placeholder for recursive classes
            self.schemas[name] = self.object_of(kind)
        return {"$ref": f"#/$defs/{name}"}

    def object_of(self, kind: type, *, without: Collection[str] = ()) -> Schema:
        """An object with the fields and properties of a dataclass or typed dictionary but those in ``without``.

        All are required, but for keys that a typed dictionary may lack.
        """
        properties = {
            name: self.of(annotation) | _described(text)
            for name, annotation, text in _members(kind)
            if name not in without
        }
        schema = _object(properties, inspect.cleandoc(kind.__doc__ or ""))
        optional: Collection[str] = getattr(kind, "__optional_keys__", ())
        schema["required"] = [name for name in properties if name not in optional]
        return schema


def run_report_schema() -> Schema:
    """Schema of ``--report FILE.json`` of ``score`` and ``compare``."""
    definitions = _Definitions()
    rest = definitions.object_of(run_report.RunReport, without=["format_version"])
    head = _head(json_report.FORMAT, run_report.FORMAT_VERSION) | {
        "utterances": definitions.of(list[run_report.UtteranceReport])
        | _described("The scored utterances, in the order in which they were finished.")
    }
    verdicts = [*typing.get_args(run_report.Verdict), "incomplete"]
    properties = head | rest["properties"] | {"verdict": {"enum": verdicts}}
    schema = _object(properties, rest["description"])
    schema["required"] = [*head, "verdict"]
    # an incomplete report on standard output has only these fields
    schema["if"] = {"properties": {"verdict": {"const": "incomplete"}}}
    schema["else"] = {"required": rest["required"]}
    return _document("Report of a run of ov-asr-score", schema, definitions)


def suite_report_schema() -> Schema:
    """Schema of ``check --json``."""
    definitions = _Definitions()
    report = definitions.object_of(suite_report.SuiteReport, without=["results", "summary"])
    run = definitions.object_of(suite_report.RunResult, without=["reason"])
    run["properties"]["reasons"] |= _described("One text for each thing that does not hold.")
    definitions.schemas["RunResult"] = run
    runs = {"type": "array", "items": {"$ref": "#/$defs/RunResult"}, "description": "In the order of the suite."}
    properties = _head(suite_report.FORMAT, suite_report.FORMAT_VERSION) | report["properties"] | {"runs": runs}
    return _document("Report of ov-asr-score check", _object(properties, report["description"]), definitions)


def bench_report_schema() -> Schema:
    """Schema of ``bench --json``."""
    definitions = _Definitions()
    measured = definitions.object_of(bench_report.Measured, without=["median"])
    measured["properties"] |= {
        "frames_per_second": definitions.of(float) | _described("Median of the repeats."),
        "repeats": definitions.of(list[float]) | _described("Frames per second of each repeat."),
        "real_time_factor": definitions.of(float) | _described("Seconds of work per second of speech."),
    }
    definitions.schemas["Measured"] = _object(measured["properties"], measured["description"])
    report = definitions.object_of(bench_report.BenchReport, without=["fastest"])
    properties = _head(bench_report.FORMAT, bench_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score bench", _object(properties, report["description"]), definitions)


def layer_comparison_schema() -> Schema:
    """Schema of ``compare-layers --json``."""
    definitions = _Definitions()
    report = definitions.object_of(layer_report.LayerComparison)
    properties = _head(layer_report.FORMAT, layer_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score compare-layers", _object(properties, report["description"]), definitions)


def egs_prob_schema() -> Schema:
    """Schema of ``egs-prob --json``."""
    definitions = _Definitions()
    report = definitions.object_of(egs_prob_report.EgsProbReport)
    properties = _head(egs_prob_report.FORMAT, egs_prob_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score egs-prob", _object(properties, report["description"]), definitions)


def table_info_schema() -> Schema:
    """Schema of ``table-info --report``."""
    definitions = _Definitions()
    report = definitions.object_of(table_report.TableInfoReport)
    properties = _head(table_report.FORMAT, table_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score table-info", _object(properties, report["description"]), definitions)


def transcript_schema() -> Schema:
    """Schema of transcripts in JSON."""
    definitions = _Definitions()
    document = definitions.object_of(transcript.Transcript)
    properties = _head(transcript.FORMAT, transcript.FORMAT_VERSION) | document["properties"]
    return _document("Transcript of ov-asr-score", _object(properties, document["description"]), definitions)


def word_errors_schema() -> Schema:
    """Schema of ``wer --report``."""
    definitions = _Definitions()
    report = definitions.object_of(word_errors_report.WordErrorsReport)
    properties = _head(word_errors_report.FORMAT, word_errors_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score wer", _object(properties, report["description"]), definitions)


def decode_schema() -> Schema:
    """Schema of ``decode --report``."""
    definitions = _Definitions()
    report = definitions.object_of(words_report.DecodeReport)
    properties = _head(words_report.FORMAT, words_report.FORMAT_VERSION) | report["properties"]
    return _document("Report of ov-asr-score decode", _object(properties, report["description"]), definitions)


SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "run-report": run_report_schema,
    "suite-report": suite_report_schema,
    "bench-report": bench_report_schema,
    "layer-comparison": layer_comparison_schema,
    "egs-prob-report": egs_prob_schema,
    "table-info": table_info_schema,
    "decode-report": decode_schema,
    "word-errors": word_errors_schema,
    "transcript": transcript_schema,
}
"""Functions that return the schemas, by name of the file without ``.schema.json``."""


def schema_text(name: str) -> str:
    """The text of the file of the schema called ``name`` in SCHEMAS."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write ``NAME.schema.json`` for each of SCHEMAS into ``folder``, which is created if necessary."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (folder / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8")


def _head(form: str, version: int) -> dict[str, Schema]:
    return {
        "format": {"const": form, "description": "What the file is."},
        "format_version": {
            "const": version,
            "description": "Grows when a field is removed or changes its meaning, not when one is added.",
        },
    }


def _object(properties: Mapping[str, Schema], text: str) -> Schema:
    schema: Schema = {"type": "object"} | _described(text)
    return schema | {"properties": dict(properties), "required": list(properties)}


def _document(title: str, schema: Schema, definitions: _Definitions) -> Schema:
    return {"$schema": DIALECT, "title": title, **schema, "$defs": dict(sorted(definitions.schemas.items()))}


def _described(text: str) -> Schema:
    """The text of a comment or docstring as a description: no markup of reStructuredText, a line per paragraph."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.replace("``", "`").split("\n\n")]
    return {"description": "\n".join(paragraphs)} if text else {}


def _members(kind: type) -> Iterable[tuple[str, Any, str]]:
    """Name, type and description of each field or key, then of each property, in the order of the source."""
    hints, texts = typing.get_type_hints(kind), field_texts(kind)
    for name in [field.name for field in fields(kind)] if is_dataclass(kind) else hints:
        yield name, hints[name], texts.get(name, "")
    for name, member in vars(kind).items():
        if isinstance(member, property):
            yield name, typing.get_type_hints(member.fget)["return"], inspect.cleandoc(member.__doc__ or "")


def field_texts(kind: type) -> dict[str, str]:
    """Description of each field in the source: the comment at the end of its last line, or the docstring below it."""
    source = textwrap.dedent(inspect.getsource(kind))
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and not token.line.lstrip().startswith("#")
    }
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    texts = {}
    for node, following in zip(definition.body, [*definition.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            match following:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    texts[node.target.id] = inspect.cleandoc(text)
                case _ if node.end_lineno in comments:
                    texts[node.target.id] = comments[node.end_lineno]
    return texts


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))

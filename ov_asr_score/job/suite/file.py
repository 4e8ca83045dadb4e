"""Read a suite from its TOML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

from ov_asr_score.errors import SpecifierError, SuiteFormatError, UsageError
from ov_asr_score.job.suite.case_options import ALIASES, OPTION_NAMES, job_of, read_options
from ov_asr_score.job.suite.case_words import (
    SHARED_WORD_KEYS,
    WORD_KEYS,
    unusable_limits,
    with_other_words,
    with_words,
)
from ov_asr_score.job.suite.suite import ERROR_LIMITS, Suite, SuiteLimits, SuiteRun, run_name
from ov_asr_score.kaldi_io.files.input import describe_input, open_path
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs, is_file
from ov_asr_score.settings.device import Precision
from ov_asr_score.settings.gna_texts import parse_gna_mode
from ov_asr_score.text import suggestion
from ov_asr_score.toml.toml_table import TomlTable, make_table, parse_tables

FORMAT_VERSION = 1
PRECISIONS = (*get_args(Precision), "i16", "i8")
_LIMIT_NAMES = tuple(field.name for field in fields(SuiteLimits))
_CASE_KEYS = (
    *("name", "model", "blob", "inputs", "references", "devices", "precisions", "options", "limits", "tags"),
    *("runs_only", "repeats", *WORD_KEYS),
)
_DEFAULT_KEYS = ("devices", "precisions", "options", "limits", "tags", "repeats", *SHARED_WORD_KEYS)
_NO_REFERENCES = "a case that only runs has no references to compare with"
_SINGULAR = {"input": "inputs", "reference": "references", "device": "devices", "precision": "precisions"}
_ELSEWHERE = {
    "reference_text": "the key 'text'",
    **dict.fromkeys((*OPTION_NAMES, *ALIASES), "options"),
    **dict.fromkeys(_LIMIT_NAMES, "limits"),
    **{wrong: f"the list '{right}'" for wrong, right in _SINGULAR.items()},
}


def read_suite(path: Path | str) -> Suite:
    """The suite in the file at ``path``; paths in it stay as they are, nothing in them is expanded.

    Raises FileAccessError, and SuiteFormatError with the line of what is wrong.
    """
    with open_path(str(path)) as file:
        content = file.read()
    try:
        top = parse_tables(content, str(path), SuiteFormatError)
    except SuiteFormatError:
        _refuse_foreign(path)
        raise
    top.expect_keys(("format_version", "defaults", "case"), {"cases": "'case' ([[case]] for each)"})
    version = top.integer("format_version", FORMAT_VERSION, least=1)
    if version != FORMAT_VERSION:
        top.fail("format_version", f"format_version: expected {FORMAT_VERSION}, found {version}")
    defaults = top.table("defaults")
    defaults.expect_keys(_DEFAULT_KEYS, _ELSEWHERE | {"name": "a [[case]]", "model": "a [[case]]"})
    runs = [run for case in _cases(top) for run in _read_case(case, defaults)]
    _check_names(top)
    tables = {case.values["name"]: case for case in _cases(top)}
    return Suite(Path(path), tuple(with_other_words(tables, _with_speed_references(tables, runs))))


def _refuse_foreign(path: Path | str) -> None:
    what = describe_input(path, "a suite (TOML)")
    if what and not what.startswith("is a text file"):  # of which the reader of TOML says more
        raise SuiteFormatError(f"{path}: {what}")


def _cases(top: TomlTable) -> list[TomlTable]:
    values = top.values.get("case", [])
    if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
        top.fail("case", "expected a [[case]] for each case, found none")
    return [make_table(top.source, value, ("case", index), top.lines) for index, value in enumerate(values)]


def _read_case(case: TomlTable, defaults: TomlTable) -> list[SuiteRun]:
    case.expect_keys(_CASE_KEYS, _ELSEWHERE)
    name = case.text("name")
    if not name:
        case.fail("", 'a case without a name; expected name = "…"')
    if ("model" in case) == ("blob" in case):
        case.fail("", f"case '{name}': expected a model or a blob, found {'both' if 'model' in case else 'none'}")
    runs_only = case.flag("runs_only")
    if "inputs" not in case:
        case.fail("", f"case '{name}': expected inputs, found none")
    if runs_only and "references" in case:
        case.fail("runs_only", f"case '{name}': runs_only is for cases without references")
    options = read_options(defaults.table("options")) | read_options(case.table("options"))
    has_references = "references" in case
    has_words = "graph" in case or "graph" in defaults or "tokens" in options
    if not (runs_only or has_references or has_words):
        for key in (key for key in WORD_KEYS if key in case):
            case.fail(key, f"{key}: expected a graph, or the option tokens of a CTC model, found neither")
        case.fail("", f"case '{name}': expected references, found none; a case that has none says runs_only = true")
    inputs, references = _tables(case, "inputs"), _tables(case, "references")
    tags = tuple(dict.fromkeys((*defaults.texts("tags"), *case.texts("tags"))))
    repeats = case.integer("repeats", defaults.integer("repeats", 1, least=1), least=1)
    runs: list[SuiteRun] = []
    combinations = _combinations(case, defaults, options)
    for device, precision in combinations:
        try:
            job = job_of(options, device, precision)
        except UsageError as error:
            case.fail("options", f"case '{name}': {error}")
        job = replace(
            job, model=case.text("model"), import_model=case.text("blob"), inputs=inputs, references=references
        )
        job = with_words(job, case, defaults)
        against = case.text("against")
        has_other = bool(job.decoding.files.hypothesis or against) or len(combinations) > 1
        unusable = dict(unusable_limits(job.decoding, has_other))
        if not has_references:
            unusable |= dict.fromkeys(ERROR_LIMITS, _NO_REFERENCES)
        limits = _limits(case, defaults, device, precision, unusable)
        if has_references and not limits.holds_errors:
            case.fail("", f"case '{name}' on {device} {precision}: expected a limit such as max_error, found none")
        if not has_references and not runs_only and not limits.holds_words:
            case.fail("", f"case '{name}' on {device} {precision}: expected a limit such as max_wer, found none")
        runs.append(
            SuiteRun(
                name,
                device,
                precision,
                job,
                limits,
                tags,
                runs_only=not has_references,
                repeats=repeats,
                is_first=not runs,
                against=against,
            )
        )
    return runs


def _combinations(case: TomlTable, defaults: TomlTable, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Devices and precisions; whole numbers of bits are for GNA, floats for all others and GNA_SW_FP32."""
    devices = case.texts("devices", defaults.texts("devices", ("CPU",)))
    holder = case if "precisions" in case else defaults
    precisions = holder.texts("precisions")
    for precision in precisions:
        if precision not in PRECISIONS:
            holder.fail("precisions", f"precisions: '{precision}'{suggestion(precision, PRECISIONS)}")
    found = []
    for device in devices:
        mode = parse_gna_mode(device)
        possible = ("f32",) if mode == "GNA_SW_FP32" else ("i16", "i8") if mode is not None else ("f32", "bf16", "f16")
        default = f"i{options.get('weight_bits', 16)}" if possible[0] == "i16" else "f32"
        chosen = [precision for precision in precisions or (default,) if precision in possible]
        if not chosen:
            holder.fail(
                "precisions",
                f"precisions: expected {' or '.join(possible)} for {device}, found {', '.join(precisions)}",
            )
        found += [(device, precision) for precision in chosen]
    return found


def _limits(
    case: TomlTable, defaults: TomlTable, device: str, precision: str, unusable: Mapping[str, str]
) -> SuiteLimits:
    """Limits of a run: those for its precision before those for its device before those for all; the case's first.

    Those that are ``unusable``, for the reason there, are refused in a case and left out of the defaults.
    """
    found: dict[str, Any] = {}
    for part in ("", device, precision):
        for holder in (defaults, case):
            limits = holder.table("limits", kept=False)
            _check_parts(limits)
            table = limits.table(part.replace("-", "_")) if part else limits
            given = _read_limits(table)
            wrong = [name for name in given if name in unusable]
            if wrong and holder is case:
                table.fail(wrong[0], f"{wrong[0]}: {unusable[wrong[0]]}")
            found |= {name: value for name, value in given.items() if name not in unusable}
    if ("min_speed_ratio" in found) != ("speed_reference" in found):
        case.fail("limits", "limits: min_speed_ratio and speed_reference go together, and only one of them is there")
    return SuiteLimits(**found)


def _check_parts(limits: TomlTable) -> None:
    """Tables among limits are for a precision or a device."""
    limits.expect_keys([*_LIMIT_NAMES, *(key for key, value in limits.values.items() if isinstance(value, dict))])
    for key, value in limits.values.items():
        if isinstance(value, dict):
            known = key in PRECISIONS or limits.spellings[key].split(":")[0].split(".")[0].isupper()
            if not known:
                limits.fail(key, f"limits: expected a table for a precision or a device{suggestion(key, PRECISIONS)}")
            limits.table(key).expect_keys(_LIMIT_NAMES)


def _read_limits(table: TomlTable) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.values.items():
        if isinstance(value, dict):
            continue
        if key == "speed_reference":
            found[key] = table.text(key)
        elif key == "max_changed_words":
            found[key] = table.integer(key)
        elif key == "min_class_agreement":
            found[key] = table.number(key, most=1.0)
        else:
            found[key] = table.number(key)
        if key.startswith("min_") and not found[key]:
            table.fail(key, f"{key}: 0 holds always; expected a number above it")
    return found


def _tables(case: TomlTable, key: str) -> tuple[str, ...] | dict[str, str]:
    """Specifiers in order or by layer; files only, because a suite must run nothing and wait for nothing."""
    value = case.values.get(key)
    if isinstance(value, dict):
        by_layer = case.table(key, kept=True)
        found: tuple[str, ...] | dict[str, str] = {layer: by_layer.text(layer) for layer in by_layer.values}
        if not found:
            case.fail(key, f"{key}: expected a table specifier for a layer, found none")
    else:
        found = case.texts(key)
    try:
        refused = next((text for _, text in apparent_pairs(found) if not is_file(text)), None)
    except (SpecifierError, UsageError) as error:
        case.fail(key, f"{key}: {error}")
    if refused is not None:
        case.fail(key, f"{key}: '{refused}': a suite takes files only, neither commands nor standard input")
    return found


def _check_names(top: TomlTable) -> None:
    seen = set()
    for case in _cases(top):
        name = case.values["name"]
        if name in seen:
            case.fail("name", f"name: there is a case '{name}' already")
        seen.add(name)


def _with_speed_references(tables: Mapping[str, TomlTable], runs: Sequence[SuiteRun]) -> list[SuiteRun]:
    """The runs, each knowing the whole name of the run that its speed is held against; ``tables`` are the cases."""
    known = {run.name for run in runs}
    by_case: dict[str, list[SuiteRun]] = {}
    for run in runs:
        by_case.setdefault(run.case, []).append(run)
    resolved = []
    for run in runs:
        wanted = run.limits.speed_reference
        if not wanted:
            resolved.append(run)
            continue
        others = by_case.get(wanted, [])
        alike = run_name(wanted, run.device, run.precision)
        same_device = [other for other in others if other.device == run.device]
        only = next((found[0].name for found in (same_device, others) if len(found) == 1), "")
        name = next((each for each in (wanted, alike) if each in known), only)
        if not name:
            which = [other.name for other in others] or list(by_case)
            tables[run.case].fail(
                "limits", f"speed_reference '{wanted}': expected a case, or one of its runs{suggestion(wanted, which)}"
            )
        if name == run.name:
            tables[run.case].fail("limits", f"speed_reference: '{wanted}' is this very run")
        resolved.append(replace(run, limits=replace(run.limits, speed_reference=name)))
    return resolved

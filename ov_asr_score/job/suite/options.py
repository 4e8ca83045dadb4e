"""Options of a case in a suite, by the names that ``score`` has on the command line, as a job."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ov_asr_score.errors import UsageError
from ov_asr_score.job.suite.table import SuiteTable
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings, hardware_target, parse_scale_factors
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, UNSET, KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob

# Other names of options on the command line.
ALIASES = {
    "context_window_left": "context_left",
    "cw_l": "context_left",
    "context_window_right": "context_right",
    "cw_r": "context_right",
    "bs": "batch_size",
    "nireq": "requests",
    "nstreams": "streams",
    "nthreads": "threads",
    "iname": "input_layers",
    "oname": "output_layers",
    "qb": "quantization_bits",
    "sf": "scale_factor",
}
_KALDI = {field.name: getattr(DEFAULT_OPTIONS, field.name) for field in fields(KaldiOptions)}
_JOB = (
    *("batch_size", "requests", "layout", "keep_graph", "context_left", "context_right", "input_layers"),
    *("output_layers", "utt2spk", "ivector_period", "ivectors", "online_ivectors", "online_ivector_period", "pair"),
    *("allow_missing", "on_error", "threshold", "frame_shift"),
)
_DEVICE = ("threads", "streams", "config")
_GNA = ("scale_factor", "scale_factor_utterances", "pwl_me", "exec_target", "compile_target", "memory_reuse_off")
OPTION_NAMES = (*_JOB, *_DEVICE, "quantization_bits", *_GNA, *_KALDI)


def read_options(table: SuiteTable) -> dict[str, Any]:
    """Options with their values checked, by the names above; only those that are there. Raises SuiteFormatError."""
    table.expect_keys((*OPTION_NAMES, *ALIASES), _ELSEWHERE)
    found: dict[str, Any] = {}
    for key in table.values:
        name = ALIASES.get(key, key)
        if name in found:
            table.fail(key, f"'{name}' is given twice")
        try:
            found[name] = _value(table, key, name)
        except UsageError as error:
            table.fail(key, str(error))
    return found


# What looks like an option and is none, with where it belongs.
_ELSEWHERE = {
    **dict.fromkeys(("input", "inputs", "reference", "references", "model", "blob"), "the case itself"),
    **dict.fromkeys(("device", "devices", "precision", "precisions", "tags"), "the case itself"),
    **dict.fromkeys(("max_error", "max_rms_error", "max_relative_error"), "limits"),
}


def job_of(options: dict[str, Any], device: str, precision: str) -> ScoreJob:
    """A job with these options, without model and tables. Raises UsageError where options contradict each other."""
    bits = int(precision[1:]) if precision in ("i8", "i16") else options.get("quantization_bits", 16)
    gna = GnaSettings(
        weight_bits=bits,
        scale_factors=options.get("scale_factor", {}),
        scale_factor_utterances=options.get("scale_factor_utterances", 1),
        pwl_max_error_percent=options.get("pwl_me"),
        execution_target=options.get("exec_target", ""),
        compile_target=options.get("compile_target", ""),
        memory_reuse=not options.get("memory_reuse_off", False),
    )
    settings = DeviceSettings(
        device=device,
        precision="bf16" if precision == "bf16" else "f16" if precision == "f16" else "f32",
        threads=options.get("threads", 0),
        streams=options.get("streams", 0),
        config=options.get("config", {}),
        gna=gna,
    )
    renamed = {"context_left": "left_context", "context_right": "right_context", "frame_shift": "frame_shift_seconds"}
    plain = {renamed.get(name, name): options[name] for name in _JOB if name in options}
    kaldi = KaldiOptions(**{name: options[name] for name in _KALDI if name in options})
    return ScoreJob(device=settings, kaldi=kaldi, **plain)


def _value(table: SuiteTable, key: str, name: str) -> Any:
    if name == "time":
        return table.choice(key, ("auto", "utterance", "frame"), "auto")
    if name in _KALDI:
        return _like(table, key, _KALDI[name])
    if name in ("keep_graph", "allow_missing", "memory_reuse_off"):
        return table.flag(key)
    if name == "pair":
        return table.choice(key, ("key", "position"), "key")
    if name == "on_error":
        return table.choice(key, ("stop", "skip"), "stop")
    if name in ("layout", "input_layers", "output_layers", "ivectors", "online_ivectors"):
        return table.text(key)
    if name == "utt2spk":
        return table.texts(key)
    if name == "ivector_period":
        value = table.values[key]
        return (str(table.integer(key, least=1)),) if isinstance(value, int) else table.texts(key)
    if name in ("threshold", "frame_shift"):
        return table.number(key, least=0.0 if name == "threshold" else 0.0001)
    if name == "config":
        properties = table.table(key, kept=True)
        return {property_: properties.text(property_) for property_ in properties.values}
    if name in _GNA or name == "quantization_bits":
        return _gna_value(table, key, name)
    return table.integer(key)


def _gna_value(table: SuiteTable, key: str, name: str) -> Any:
    value = table.values[key]
    if name == "quantization_bits":
        if value not in (8, 16) or isinstance(value, bool):
            table.fail(key, "quantization_bits: expected 8 or 16")
        return value
    if name == "pwl_me":
        return table.number(key, most=100.0)
    if name == "scale_factor":
        return parse_scale_factors(str(table.number(key)) if isinstance(value, int | float) else table.text(key))
    if name == "scale_factor_utterances":
        return None if value == "all" else table.integer(key, least=1)
    return hardware_target(table.text(key), f"-{name}")


def _like(table: SuiteTable, key: str, default: object) -> object:
    """A value of the type of ``default``, an option of a Kaldi program."""
    match default:
        case bool():
            return table.flag(key)
        case int():
            return table.integer(key, least=UNSET)
        case float():
            return table.number(key, least=None)
        case _:
            return table.text(key)

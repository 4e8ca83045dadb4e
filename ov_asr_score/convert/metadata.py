"""Facts of a converted model in its ``rt_info``, where they go with the IR."""

from __future__ import annotations

from dataclasses import asdict, fields

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov

SECTION = "ov_asr_score"


def write_facts(model: ov.Model, facts: ConversionFacts) -> None:
    """Nothing; puts ``facts`` into the model's rt_info, where they are saved with the IR."""
    for name, value in asdict(facts).items():
        model.set_rt_info(str(value), [SECTION, name])


def read_facts(model: ov.Model, source: str = "the model") -> ConversionFacts | None:
    """The facts of a converted model; None for any other model. Raises ModelFormatError when they are damaged."""
    if not model.has_rt_info([SECTION, "time"]):
        return None
    values: dict[str, str | int | bool] = {}
    for field in fields(ConversionFacts):
        if not model.has_rt_info([SECTION, field.name]):
            continue
        try:
            text = str(model.get_rt_info([SECTION, field.name]).astype(str))
            values[field.name] = _as_value(str(field.type), text)
        except (*RUNTIME_ERRORS, AttributeError) as error:
            raise ModelFormatError(
                f"{source}: rt_info {SECTION}/{field.name}: expected {field.type}; the metadata are damaged"
            ) from error
    try:
        return ConversionFacts(**values)  # type: ignore[arg-type]
    except TypeError as error:
        raise ModelFormatError(f"{source}: rt_info {SECTION}: {error}; convert the Kaldi model again") from error


def _as_value(kind: str, text: str) -> str | int | bool:
    if kind == "bool":
        return text in {"True", "true", "YES"}
    return int(text) if kind == "int" else text

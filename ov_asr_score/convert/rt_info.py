"""Facts of a converted model in its ``rt_info``, where they go with the IR.

Reason of all refusals: without its facts a converted model would be scored in another way, with other scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.text import clipped

SECTION = "ov_asr_score"


def write_facts(model: ov.Model, facts: ConversionFacts) -> None:
    """Write ``facts`` into the model's rt_info, where they are saved with the IR."""
    for name, value in asdict(facts).items():
        model.set_rt_info(str(value), [SECTION, name])


def read_facts(model: ov.Model, source: str = "the model") -> ConversionFacts | None:
    """The facts of a converted model; None for any other model. Raises ModelFormatError when they are damaged."""
    if not model.has_rt_info([SECTION, "time"]):
        return None
    texts = {}
    for field in fields(ConversionFacts):
        if model.has_rt_info([SECTION, field.name]):
            try:
                texts[field.name] = str(model.get_rt_info([SECTION, field.name]).astype(str))
            except (*RUNTIME_ERRORS, AttributeError) as error:
                raise ModelFormatError(f"{source}: rt_info {SECTION}/{field.name}: {first_cause(error)}") from error
    return parse_facts(texts, f"{source}: rt_info {SECTION}")


def parse_facts(values: Mapping[str, object], source: str) -> ConversionFacts:
    """The facts from values or their texts, by name; names that are not known are left out.

    Raises ModelFormatError when they are damaged, or were written by a version that knew less.
    """
    facts: dict[str, str | int | bool] = {}
    for field in fields(ConversionFacts):
        if field.name in values:
            try:
                facts[field.name] = _as_value(str(field.type), str(values[field.name]))
            except ValueError as error:
                raise ModelFormatError(
                    f"{source}: {field.name}: expected {field.type}, found {clipped(str(values[field.name]))}; the "
                    "metadata are damaged, convert the Kaldi model again"
                ) from error
    try:
        return ConversionFacts(**facts)  # type: ignore[arg-type]
    except TypeError as error:
        raise ModelFormatError(f"{source}: {error}; convert the Kaldi model again") from error


def _as_value(kind: str, text: str) -> str | int | bool:
    if kind == "bool":
        if text not in {"True", "False"}:
            raise ValueError(text)
        return text == "True"
    return int(text) if kind == "int" else text

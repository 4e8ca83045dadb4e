"""Which table belongs to which port of the model: the texts of a job, resolved by the model's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.frontend.sources import is_sound, table_of
from ov_asr_score.ov_model.outputs import find_port, port_names, split_entry
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances.ivector_tables import ivector_table, missing_tables, per_speaker
from ov_asr_score.scoring.utterances.joining import InputTable
from ov_asr_score.scoring.utterances.table_specs import (
    IsName,
    apparent_name,
    pair_layers,
    split_name,
    split_specifiers,
)
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.tables import Tables
from ov_asr_score.text import suggestion


@dataclass(frozen=True, slots=True)
class JobTables:
    """The tables of a job: inputs by port name, outputs and references by the layer name that the user gave.

    ``fillings`` are texts that say what inputs without tables hold, by port name.
    """

    inputs: tuple[InputTable, ...]
    outputs: dict[str, str]
    references: dict[str, str]
    fillings: Mapping[str, str] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers whose scores are asked for, outputs first; empty when no table names any."""
        return tuple(dict.fromkeys([*self.outputs, *self.references]))


def resolve_tables(
    job: ScoreJob,
    inputs: Sequence[PortInfo],
    outputs: Sequence[PortInfo],
    layers: frozenset[str],
    advice: str = "",
    filling_advice: Callable[[Sequence[str]], str] = lambda names: "",
    computed: InputTable | None = None,
) -> JobTables:
    """The tables of ``job`` for a model with these ports and ``layers`` (names of all its layers and tensors).

    ``inputs`` are those that need a table; ``advice`` is said when an output or layer is not there, and what
    ``filling_advice`` says of inputs when they have no table. ``computed`` are i-vectors of the front end.
    Raises UsageError (a table too many or too few, an ambiguous one), UnknownNameError with near names.
    """
    return JobTables(
        inputs=_input_tables(job, inputs, filling_advice, computed),
        outputs=_output_tables(job, "outputs", job.outputs, job.references, outputs, layers, advice),
        references=_output_tables(job, "references", job.references, job.outputs, outputs, layers, advice),
    )


def check_layers_differ(tables: JobTables, outputs: Sequence[object]) -> None:
    """Raise UsageError where two tables of one option are for one output under two of its names.

    ``outputs`` are what the layers of ``tables`` stand for: outputs of the model, or entries of them.
    """
    output_of = dict(zip(tables.layers, outputs, strict=False))
    for option, names in (("outputs", tables.outputs), ("references", tables.references)):
        first: dict[object, str] = {}
        for name in names:
            other = first.setdefault(output_of[name], name)
            if other != name:
                raise UsageError(
                    f"{option}: layer '{name}' is given twice; '{other}' is another name of it", fields=(option,)
                )


def _input_tables(
    job: ScoreJob,
    ports: Sequence[PortInfo],
    filling_advice: Callable[[Sequence[str]], str],
    computed: InputTable | None,
) -> tuple[InputTable, ...]:
    in_order = [port.name for port in ports]
    tables = _by_input("inputs", job.inputs, ports, in_order, job.input_layers)
    ivectors = ivector_table(ports, job.ivectors, job.online_ivectors, job.online_ivector_period, computed)
    if not tables:
        return ()
    if ivectors is not None and ivectors.input in tables:
        raise UsageError(f"inputs, ivectors: input '{ivectors.input}' is given twice", fields=("inputs", "ivectors"))
    secondary = list(tables)[1:]
    further = [ivectors.input] if ivectors is not None else []
    without = [name for name in in_order if name not in (*tables, *further)]
    if without:
        raise missing_tables(without, ports, filling_advice(without))
    speakers = _by_input("utt2spk", job.utt2spk, ports, [*secondary, *further])
    periods = _by_input("ivector_period", _as_texts(job.ivector_period), ports, secondary)
    inputs = [
        InputTable(name, table_of(specifier), speakers.get(name, ""), _period(periods.get(name, "0")))
        for name, specifier in tables.items()
    ]
    of_sound = next((table for table in inputs[1:] if is_sound(table.specifier)), None)
    if of_sound is not None:
        raise UsageError(
            f"inputs: only the first table can be sound, found {of_sound.specifier} for input '{of_sound.input}'",
            fields=("inputs",),
        )
    if ivectors is not None:
        inputs.append(per_speaker(ivectors, speakers.get(ivectors.input, "")))
    return tuple(inputs)


def _by_input(
    option: str, values: Tables, ports: Sequence[PortInfo], in_order: Sequence[str], listed: str = ""
) -> dict[str, str]:
    """Values of an option by port name; one bare value of an i-vector option stands for all inputs but the first."""
    known = port_names(ports)

    def is_input(name: str) -> bool:
        return find_port(ports, name) is not None

    if not values:
        return {}
    if not in_order:
        raise UsageError(f"{option}: the model has no other input that it could be for", fields=(option,))
    if not listed and not isinstance(values, Mapping) and len(values) == 1 and len(in_order) < len(ports):
        is_named = split_name(values[0], is_input)[0] is not None or apparent_name(values[0]) is not None
        values = values if is_named else dict.fromkeys(in_order, values[0])
    by_port: dict[str, str] = {}
    for name, value in pair_layers(option, values, listed, is_input, in_order, lambda n: suggestion(n, known)).items():
        index = find_port(ports, name)
        if index is None:
            raise UnknownNameError(
                f"{option}: the model has no input '{name}'{suggestion(name, known)}", fields=(option,)
            )
        if ports[index].name in by_port:
            raise UsageError(
                f"{option}: input '{name}' is given twice; '{ports[index].name}' is another name of it",
                fields=(option,),
            )
        by_port[ports[index].name] = value
    return by_port


def _as_texts(periods: Sequence[str] | Mapping[str, int]) -> Tables:
    if isinstance(periods, Mapping):
        return {name: str(period) for name, period in periods.items()}
    return periods


def _period(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"ivector_period '{text[:20]}': expected a number of frames", fields=("ivector_period",))
    return int(text)


def _output_tables(
    job: ScoreJob,
    option: str,
    values: Tables,
    other_values: Tables,
    outputs: Sequence[PortInfo],
    layers: frozenset[str],
    advice: str,
) -> dict[str, str]:
    known = [*port_names(outputs), *sorted(layers)]
    in_order = [port.name for port in outputs]

    def is_name(name: str) -> bool:
        return name in layers or find_port(outputs, name) is not None

    def is_layer(name: str) -> bool:
        return is_name(split_entry(name, is_name)[0])

    def hint(name: str) -> str:
        return suggestion(name, known) + advice

    def paired(values: Tables) -> dict[str, str]:
        return pair_layers(option, values, job.output_layers, is_layer, in_order, hint)

    if not values:
        return {}
    tables = paired(values)
    unknown = next((name for name in tables if not is_layer(name)), None)
    if unknown is not None:
        raise UnknownNameError(
            f"{option}: the model has no layer '{unknown}'{hint(unknown)}", fields=(option, "output_name")
        )
    if job.output_layers or len(tables) >= len(in_order) or _are_named(values, is_layer):
        return tables
    # unnamed tables take the names of the other option if it has any, as in the old sample
    if _are_named(other_values, is_layer) and len(others := paired(other_values)) == len(tables):
        return dict(zip(others, tables.values(), strict=True))
    raise UsageError(
        f"{option}: the model has {len(in_order)} outputs ({', '.join(in_order)}), and it is not clear which one is "
        "meant; write layer=SPEC",
        fields=(option,),
    )


def _are_named(values: Tables, is_layer: IsName) -> bool:
    """Whether tables have their layers with them (``layer=SPEC``); all have if one has."""
    if isinstance(values, Mapping):
        return True
    items = (item for value in values for item in split_specifiers(value, is_layer))
    return any(split_name(item, is_layer)[0] is not None for item in items)

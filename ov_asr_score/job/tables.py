"""Which table belongs to which port of the model: the texts of a job, resolved by the model's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ov_asr_score.errors import UsageError
from ov_asr_score.job.score_job import ScoreJob, Tables
from ov_asr_score.ov_model.outputs import find_port, port_names, suggestion
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.layer_specs import pair_layers
from ov_asr_score.scoring.utterances import InputTable


@dataclass(frozen=True, slots=True)
class JobTables:
    """The tables of a job: inputs by port name, outputs and references by the layer name that the user gave."""

    inputs: tuple[InputTable, ...]
    outputs: dict[str, str]
    references: dict[str, str]

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers whose scores are asked for, outputs first; empty when no table names any."""
        return tuple(dict.fromkeys([*self.outputs, *self.references]))


def resolve_tables(
    job: ScoreJob, inputs: Sequence[PortInfo], outputs: Sequence[PortInfo], layers: frozenset[str]
) -> JobTables:
    """The tables of ``job`` for a model with these ports and ``layers`` (names of all its layers and tensors).

    Raises UsageError (a table too many or too few, an ambiguous one), UnknownNameError with near names.
    """
    return JobTables(
        inputs=_input_tables(job, inputs),
        outputs=_output_tables(job, "-o/--output", job.outputs, job.references, outputs, layers),
        references=_output_tables(job, "-r/--reference", job.references, job.outputs, outputs, layers),
    )


def _input_tables(job: ScoreJob, ports: Sequence[PortInfo]) -> tuple[InputTable, ...]:
    names = port_names(ports)

    def is_input(name: str) -> bool:
        return find_port(ports, name) is not None

    def port_name(name: str) -> str:
        index = find_port(ports, name)
        if index is None:
            raise UsageError(f"the model has no input '{name}'{suggestion(name, names)}")
        return ports[index].name

    def by_port(option: str, values: Tables, default: Sequence[str], layer_list: str = "") -> dict[str, str]:
        found = pair_layers(option, values, layer_list, is_input, default, lambda name: suggestion(name, names))
        return {port_name(name): value for name, value in found.items()}

    tables = by_port("-i/--input", job.inputs, [port.name for port in ports], job.input_layers)
    if not tables:
        return ()
    without = [port.name for port in ports if port.name not in tables]
    if without:
        raise UsageError(f"-i/--input: no table for input {', '.join(without)}; the model has {len(ports)} inputs")
    secondary = list(tables)[1:]
    spread_values: Mapping[str, str] = (
        {name: str(period) for name, period in job.ivector_period.items()}
        if isinstance(job.ivector_period, Mapping)
        else by_port("--ivector-period", _for_each(job.ivector_period, secondary), secondary)
    )
    speakers = by_port("--utt2spk", _for_each(job.utt2spk, secondary), secondary)
    return tuple(
        InputTable(name, specifier, speakers.get(name, ""), _period(spread_values.get(name, "0")))
        for name, specifier in tables.items()
    )


def _for_each(values: Tables, names: Sequence[str]) -> Tables:
    """One bare value stands for every input but the first."""
    if not isinstance(values, Mapping) and len(values) == 1 and "=" not in values[0] and names:
        return dict.fromkeys(names, values[0])
    return values


def _period(text: str) -> int:
    if not text.isdigit():
        raise UsageError(f"--ivector-period '{text}': expected a number of frames")
    return int(text)


def _output_tables(
    job: ScoreJob,
    option: str,
    values: Tables,
    other_values: Tables,
    outputs: Sequence[PortInfo],
    layers: frozenset[str],
) -> dict[str, str]:
    def is_layer(name: str) -> bool:
        return name in layers or find_port(outputs, name) is not None

    known = [*port_names(outputs), *sorted(layers)]
    in_order = [port.name for port in outputs]
    tables = pair_layers(option, values, job.output_layers, is_layer, in_order, lambda name: suggestion(name, known))
    bare = tables and not isinstance(values, Mapping) and not job.output_layers and set(tables) <= set(in_order)
    if bare and len(tables) < len(in_order) and not any(f"{name}=" in value for name in tables for value in values):
        # unnamed tables take the names of the other option, as the old sample did, if it has any
        others = pair_layers("", other_values, "", is_layer, in_order, lambda name: "") if other_values else {}
        named = not isinstance(other_values, Mapping) and any("=" in value for value in other_values)
        if named and len(others) == len(tables):
            return dict(zip(others, tables.values(), strict=True))
        raise UsageError(
            f"{option}: the model has {len(in_order)} outputs ({', '.join(in_order)}), and it is not clear which "
            f"one is meant; write layer=SPEC"
        )
    return tables

"""Nodes of a Kaldi model whose values are asked for: the model is converted with them as outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ov_asr_score.convert.source_file import load_whole_network
from ov_asr_score.convert.wanted_outputs import no_scores_of, usual_output
from ov_asr_score.errors import UnknownNameError
from ov_asr_score.kaldi_model.network import InputNode, KaldiNetwork
from ov_asr_score.ov_model.file_kind import ModelKind, read_model_kind
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.table_specs import (
    IsName,
    apparent_pairs,
    split_name,
    split_names,
    split_specifiers,
)
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.tables import Tables
from ov_asr_score.text import suggestion


def with_asked_nodes(
    job: ScoreJob, options: ScorerOptions, kind: ModelKind | None = None
) -> tuple[ScorerOptions, frozenset[str]]:
    """The options that make the nodes that ``job`` or ``options`` name outputs of a Kaldi model, and its nodes.

    The scores are those of the setting ``output_name`` with the same nodes. Without a name of an inner node nothing
    changes, and no nodes are told, because the model is not read then. ``kind`` is that of the model's file, if it is
    known. Raises UnknownNameError for names that have no scores to take (inputs, components), and what reading raises.
    """
    given = options.kaldi.output_names
    if not options.model or _apparent_names(job, options) <= set(given or ["output"]):
        return options, frozenset()
    if (kind or read_model_kind(Path(options.model))) != "kaldi":
        return options, frozenset()
    network = load_whole_network(options.model, options.kaldi)
    nodes = frozenset(node.name for node in network.nodes if not isinstance(node, InputNode))
    asked: list[str] = []
    for setting, name in _asked_names(job, options, network):
        node = _node_name(name, nodes)
        if node in nodes:
            asked.append(node)
        else:
            _check_has_scores(network, setting, name)
            if name in options.outputs and not name.endswith("/result"):  # which ends the layers of converted outputs
                raise UnknownNameError(f"{options.model}: the model has no node '{name}'{suggestion(name, nodes)}")
    if set(asked) <= set(given or [usual_output(network)]):
        return options, nodes
    wanted = ",".join(dict.fromkeys([*given, *asked]))
    return replace(options, kaldi=replace(options.kaldi, output_name=wanted)), nodes


def _apparent_names(job: ScoreJob, options: ScorerOptions) -> set[str]:
    """What may be names of nodes, as far as that is known without the model."""
    pairs = [*apparent_pairs(job.outputs), *apparent_pairs(job.references)]
    listed = [job.output_layers] if job.output_layers and pairs else []
    return {*(name for name, _ in pairs if name is not None), *listed, *options.outputs}


def _asked_names(job: ScoreJob, options: ScorerOptions, network: KaldiNetwork) -> Iterator[tuple[str, str]]:
    """Pairs of a setting and a name of a layer that it asks for."""
    names = {node.name for node in network.nodes} | set(network.components)

    def is_name(name: str) -> bool:
        return _node_name(name, names) in names

    for setting, tables in (("outputs", job.outputs), ("references", job.references)):
        for name in _names_of(tables, is_name):
            yield setting, name
    if job.outputs or job.references:
        yield from (("output_layers", name) for name in split_names(job.output_layers, is_name))
    yield from (("outputs", name) for name in options.outputs)


def _names_of(tables: Tables, is_name: IsName) -> list[str]:
    if isinstance(tables, Mapping):
        return list(tables)
    texts = [tables] if isinstance(tables, str) else tables
    found = [split_name(item, is_name)[0] for text in texts for item in split_specifiers(text, is_name)]
    return [name for name in found if name is not None]


def _node_name(name: str, known: Collection[str]) -> str:
    """The name of a node without the number of its port, which the old samples write behind it."""
    return name if name in known else name.removesuffix(":0")


def _check_has_scores(network: KaldiNetwork, setting: str, name: str) -> None:
    """Raise UnknownNameError for the name of an input or of a component; those that are none are left to others."""
    known = {*(node.name for node in network.inputs), *network.components}
    plain = _node_name(name, known)
    if plain in known:
        raise UnknownNameError(
            f"{setting}: {network.source} has no node '{plain}' that computes scores{no_scores_of(network, plain)}",
            fields=(setting,),
        )

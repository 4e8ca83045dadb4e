"""Everything known about a Kaldi model, in sections, and whether it can be converted.

Tests: tests/job/test_inspect_model.py
"""

from __future__ import annotations

import shlex
from pathlib import Path

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.nonfinite_weights import first_few, nonfinite_error
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.scores_per import gives_vector
from ov_asr_score.convert.source_file import read_subsampling_factor
from ov_asr_score.errors import NoNetworkError, OvAsrScoreError, UsageError
from ov_asr_score.job.inspection.inspect_decoding import transition_section, transitions_alone
from ov_asr_score.job.inspection.sections import Facts, Section
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.kaldi_model.network_summary import (
    ComponentSummary,
    NetworkSummary,
    OutputSummary,
    rounded_priors,
    summarize_network,
)
from ov_asr_score.kaldi_model.nonfinite_fields import nonfinite_fields
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS


def kaldi_sections(path: str, *, all_parts: bool = False, allow_nonfinite: bool = False) -> list[Section]:
    """Titles with facts of a Kaldi model: what it is, its inputs and outputs, components, and if it can be converted.

    ``all_parts`` adds every node and every component, in the words of Kaldi's info programs. Raises FileAccessError,
    ModelFormatError (damaged; parameters that are not finite, without ``allow_nonfinite``), UnsupportedModelError (no
    neural network and no transition model).
    """
    try:
        network = load_network(path)
    except NoNetworkError as error:
        return transitions_alone(path, str(error))
    broken = first_few(list(nonfinite_fields(network)))
    factor, doubt = _subsampling_factor(path, network)
    conversion = _conversion_facts(path, network, factor, allow_nonfinite=allow_nonfinite)
    summary = summarize_network(network)
    counts: Facts = {}
    for component in summary.components:
        counts[component.type] = int(str(counts.get(component.type, 0))) + 1
    sections: list[Section] = [
        (
            "Model",
            _model_facts(path, summary, factor)
            | {"frame subsampling factor is not known": doubt, "not finite": broken},
        ),
        ("Inputs", {name: {"dim": dim} for name, dim in summary.inputs.items()}),
        ("Outputs", {output.name: _output_facts(output) for output in summary.outputs}),
        ("Components", counts),
        ("Conversion", conversion),
    ]
    if summary.is_acoustic_model:
        width = next((output.dim for output in summary.outputs if output.name == "output"), None)
        priors = None if network.priors is None else len(network.priors)
        sections.insert(-1, transition_section(path, width, priors))
    if all_parts:
        sections.append(("Nodes", dict(summary.node_lines)))
        parts: Facts = {}
        for component in summary.components:
            parts |= _component_facts(component)
        sections.append(("All components", parts))
    return sections


def _subsampling_factor(path: str, network: KaldiNetwork) -> tuple[int, str]:
    """The factor that the file beside the model holds, or what is wrong with that file."""
    if network.generation != 3:
        return 1, ""
    try:
        return read_subsampling_factor(Path(path)), ""
    except OvAsrScoreError as error:
        return 1, str(error)


def _model_facts(path: str, summary: NetworkSummary, factor: int) -> Facts:
    kind = "acoustic model" if summary.is_acoustic_model else "network"
    facts: Facts = {
        "path": path,
        "kind": f"Kaldi nnet{summary.generation} {kind}, {'binary' if summary.binary else 'text'}",
        "parameters": summary.num_parameters,
        "components": summary.num_components,
        "nodes": len(summary.node_lines) or None,
    }
    if summary.is_acoustic_model:
        facts["pdfs"] = summary.num_pdfs
    facts["priors"] = rounded_priors(summary.priors) if summary.priors else "none"
    if summary.generation == 1:
        del facts["priors"]
    if summary.ivector_dim:
        facts["ivector dim"] = summary.ivector_dim
    main = next((output for output in summary.outputs if output.name == "output"), summary.outputs[0])
    facts |= {"left context": main.left_context, "right context": main.right_context, "context": main.problem}
    if summary.stored_contexts not in (None, (main.left_context, main.right_context)):
        facts["contexts in the file"] = f"{summary.stored_contexts}; Kaldi too computes them anew"
    if summary.generation == 3:
        facts["modulus"] = summary.modulus
    if factor != 1:
        facts["frame subsampling factor"] = factor
    return facts


def _output_facts(output: OutputSummary) -> Facts:
    facts: Facts = {"dim": output.dim}
    if output.objective:
        facts["objective"] = output.objective
    if output.left_context is not None:
        facts |= {"left-context": output.left_context, "right-context": output.right_context}
    return facts


def _component_facts(component: ComponentSummary) -> Facts:
    """The component and all those inside of it by name."""
    facts: Facts = {"type": component.type, "input-dim": component.input_dim, "output-dim": component.output_dim}
    facts |= {"parameters": component.num_parameters, "byte": component.offset, **component.settings}
    shown: Facts = {component.name: facts}
    for chain in component.nested:
        for inner in chain:
            shown |= _component_facts(inner)
    return shown


def _conversion_facts(path: str, network: KaldiNetwork, factor: int, *, allow_nonfinite: bool) -> Facts:
    """What is in the way of a conversion, or the commands that make use of it.

    Raises ModelFormatError for parameters of the converted model that are not finite.
    """
    try:
        vector = gives_vector(network, DEFAULT_OPTIONS)
        options = ConvertOptions(frame_subsampling_factor=1 if vector else factor, gives_vector=vector)
        facts = read_facts(convert_network(network, options))
    except UsageError as error:
        return {"possible": "not without scores_per", "reason": str(error).removeprefix(f"{network.source}: ")}
    except OvAsrScoreError as error:
        reason = str(error).removeprefix(f"{network.source}: ").removeprefix("cannot be converted: ")
        return {"possible": "no", "reason": reason}
    if facts is not None and facts.nonfinite_weights and not allow_nonfinite:
        raise nonfinite_error(path, facts.nonfinite_weights)
    model, converted = shlex.quote(path), shlex.quote(str(Path(path).with_suffix(".xml").name))
    tables = "-i ark:feats.ark"
    for node in network.inputs:
        if node.name != "input":
            tables = f"-i input=ark:feats.ark -i {shlex.quote(f'{node.name}=ark:{node.name}s.ark')}"
    return {
        "possible": "yes",
        "scores": "one vector per utterance" if vector else None,
        "to score with it": f"ov-asr-score score -m {model} {tables} -o ark:scores.ark",
        "to keep it as IR": f"ov-asr-score convert {model} -o {converted}",
    }
